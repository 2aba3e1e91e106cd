"""Deploying on paper: parameters come to resources with values, and mistakes to findings."""

from __future__ import annotations

import pytest

from tests.repo.infra.deployment import SECRET, Deployment
from tests.repo.infra.reader import read
from tests.repo.infra.values import Later, Value

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30"
FOUND = f"resource a '{IDENTITY}' existing = {{\n  name: 'id-1'\n}}\n"
LOCK = "Microsoft.Authorization/locks@2020-05-01"


def deployed(text: str, given: dict[str, Value] | None = None, **others: str) -> Deployment:
    """Deploy `main.bicep`, with other files beside it by name."""
    texts = {"main.bicep": text, **{f"{name}.bicep": other for name, other in others.items()}}
    files = {path: read(path, written) for path, written in texts.items()}
    return Deployment(files, texts, "main.bicep", given or {})


def value(written: str) -> Value:
    """Work one expression out."""
    held = deployed(f"output it object = {written}\n")
    assert held.findings == []
    return held.outputs["it"]


@pytest.mark.parametrize(
    "written,comes_to",
    [
        ("empty('') ? 'a' : 'b'", "a"),
        ("union({ a: 1 }, { b: [2] })", {"a": 1, "b": [2]}),
        ("[for (n, i) in ['x', 'y']: '${n}${i}']", ["x0", "y1"]),
        ("map(range(1, 2), n => n * 10)", [10, 20]),
        ("split('a/b', '/')[1]", "b"),
        ("take('signpost', 4) == 'sign' && !(1 > 2)", True),
        ("null ?? { a: { b: 'c' } }.a.b", "c"),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
        ("contains({ Key: 1 }, 'key')", True),
        ("cidrSubnet('10.0.0.0/23', 24, 1)", "10.0.1.0/24"),
    ],
)
def test_expressions_come_to_values(written: str, comes_to: Value) -> None:
    """Functions, loops and operators are those of the language."""
    assert value(written) == comes_to


def test_condition_and_loop_decide_what_is_deployed() -> None:
    """A resource is there once for each round of its loop whose condition is met."""
    text = (
        f"resource a '{IDENTITY}' = [for n in ['x', 'y']: if (n != 'x') {{\n"
        "  name: n\n  location: 'here'\n}]\n"
    )
    assert [held.name for held in deployed(text).resources] == ["y"]


def test_modules_hand_values_on() -> None:
    """What a module is given reaches its resources, and its outputs come back."""
    inner = (
        f"param name string\nresource a '{IDENTITY}' = {{\n  name: name\n  location: 'x'\n}}\n"
        "output id string = a.id\noutput client string = a.properties.clientId\n"
    )
    text = (
        "module m 'm.bicep' = {\n  params: { name: 'id-1' }\n}\n"
        "output id string = m.outputs.id\noutput client string = m.outputs.client\n"
    )
    held = deployed(text, m=inner)
    assert held.findings == []
    assert held.outputs["id"] == held.resources[0].id
    assert held.outputs["client"] == f"{{{held.resources[0].id}.properties.clientId}}"
    assert isinstance(held.outputs["client"], Later)


def test_scope_is_the_resource_that_is_extended() -> None:
    """A lock lies on the resource that its scope names."""
    text = (
        f"{FOUND}resource l '{LOCK}' = {{\n  name: 'l'\n  scope: a\n"
        "  properties: { level: 'CanNotDelete' }\n}\n"
    )
    [lock] = deployed(text).resources
    assert lock.scope.endswith("/userAssignedIdentities/id-1")


@pytest.mark.parametrize(
    "text,told",
    [
        ("output x string = nothing\n", "nothing is declared nowhere"),
        ("param n int\nparam s string = '${n}'\n@allowed(['a'])\nparam p string = 'b'\n", "'b'"),
        ("@maxValue(3)\nparam n int = 4\n", "against its @maxValue"),
        ("param b bool = 'true'\n", "no bool"),
        ("var a = b\nvar b = a\noutput x string = a\n", "a is made of itself"),
        ("output x string = { a: 1 }.b\n", "there is no b"),
        ("output x string = made('up')\n", "made is not known"),
        (f"resource a '{IDENTITY}' = {{\n  name: 'a'\n}}\n", "lacks the required location"),
        (f"{FOUND}output x string = a.properties.clientID\n", "Azure knows no such member"),
        ("module m 'n.bicep' = {\n  params: {}\n}\n", "does not exist"),
        ("module m 'm.bicep' = {\n  params: { b: 1 }\n}\n", "has no param b"),
        ("module m 'm.bicep' = {\n  params: {}\n}\n", "is not given a"),
        ("module m 'm.bicep' = if (false) {\n}\noutput x string = m.outputs.o\n", "not deployed"),
    ],
)
def test_mistakes_are_told(text: str, told: str) -> None:
    """What the compiler or Azure would refuse is a finding."""
    found = [str(one) for one in deployed(text, m="param a string\noutput o string = a\n").findings]
    assert any(told in one for one in found), found


def test_secret_is_followed_into_modules() -> None:
    """A secret that is handed to a plain parameter is told."""
    text = "@secure()\nparam k string\nmodule m 'm.bicep' = {\n  params: { a: 'x${k}' }\n}\n"
    held = deployed(text, {"k": f"{SECRET}k"}, m="param a string\noutput o string = a\n")
    assert [str(one) for one in held.findings] == ["main.bicep:3: a of m.bicep is given a secret"]
