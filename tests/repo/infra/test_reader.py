"""Reading Bicep: what stands in a file is found as written, and errors are not passed over."""

from __future__ import annotations

import pytest

from tests.repo.infra.expressions import Expression, Unreadable
from tests.repo.infra.reader import File, parse, read


def parsed(text: str) -> File:
    """Read a fragment."""
    return read("some.bicep", text)


def value(written: str) -> Expression:
    """Read one expression."""
    return parsed(f"var it = {written}\n").variables["it"].value


def shown(expression: Expression) -> str:
    """Write an expression with all its brackets, to see what binds to what."""
    parts = [shown(part) for part in expression.parts]
    sign = "" if expression.value is None else str(expression.value)
    return f"{expression.kind}:{sign}({', '.join(parts)})" if parts else sign or expression.kind


def test_param_has_type_decorators_and_default() -> None:
    """A parameter is read with all that stands about it."""
    text = "@description('Optional. Why.')\n@secure()\nparam key string = ''\n"
    param = parsed(text).params["key"]
    assert (param.kind, param.secure, param.description) == ("string", True, "Optional. Why.")
    assert param.default is not None
    assert param.default.value == ""


@pytest.mark.parametrize("text", ["@allowed(['a', 'b'])\nparam x string\n", "param x 'a' | 'b'\n"])
def test_allowed_values_are_read(text: str) -> None:
    """Both ways to list what a parameter may be are known."""
    assert parsed(text).params["x"].allowed == ["a", "b"]


def test_resource_has_all_its_parts() -> None:
    """Loop, condition, parent and body of a resource are told apart."""
    text = "resource a 'M.x/y/z@1' = [for (v, i) in vs: if (v.on) {\n  parent: p\n  name: 'n'\n}]\n"
    resource = parsed(text).resources["a"]
    assert (resource.type, resource.version, resource.existing) == ("M.x/y/z", "1", False)
    assert resource.loop is not None
    assert resource.loop.names == ("v", "i")
    assert resource.condition is not None
    assert resource.condition.text == "v.on"
    assert resource.parent is not None
    assert resource.parent.value == "p"


def test_nested_resource_has_its_full_type() -> None:
    """A resource inside another is of its parent's type and version."""
    inner = "  resource b 'z' = {\n    name: 'm'\n  }\n"
    text = f"resource a 'M.x/y@1' existing = {{\n  name: 'n'\n{inner}}}\n"
    nested = parsed(text).resources["b"]
    assert (nested.type, nested.version, nested.inside) == ("M.x/y/z", "1", "a")


def test_module_has_path_params_scope_and_condition() -> None:
    """The use of a module is read as it is written."""
    text = "module m 'a/b.bicep' = if (on) {\n  scope: g\n  params: {\n    x: 1\n  }\n}\n"
    module = parsed(text).modules["m"]
    assert (module.path, module.params["x"].value) == ("a/b.bicep", 1)
    assert module.condition is not None
    assert module.body.get("scope") is not None


def test_output_has_type_and_value() -> None:
    """An output is read with what it gives."""
    output = parsed("output id string = m.outputs.id\n").outputs["id"]
    assert (output.kind, output.value.text) == ("string", "m.outputs.id")


@pytest.mark.parametrize(
    "written,order",
    [
        ("a ? b.c : d.e", "choice:(a, member:c(b), member:e(d))"),
        ("a ?? b.c", "operation:??(a, member:c(b))"),
        ("!a && b == 'x' || c", "operation:||(operation:&&(unary:!(a), operation:==(b, x)), c)"),
        ("m!.outputs.x", "member:x(member:outputs(m))"),
        ("a[0].?b", "safe:b(index:False(a, 0))"),
        ("map(a, x => x.id)", "call:map(a, lambda:(member:id(x)))"),
        ("[a - 1, b]", "array:(operation:-(a, 1), b)"),
        ("[\n  a\n  'b'\n]", "array:(a, b)"),
        ("'x${a.b}y'", "string:(x, member:b(a), y)"),
    ],
)
def test_operators_bind_as_in_the_language(written: str, order: str) -> None:
    """Precedence is that of Bicep, not that of the grammar."""
    assert shown(value(written)) == order


def test_strings_are_unescaped() -> None:
    """Escapes and raw strings come to the text that they stand for."""
    assert value(r"'it\'s \u{48} \${x}'").value == "it's H ${x}"
    assert value("'''\nraw ${x}\n'''").value == "raw ${x}\n"


def test_extension_is_read() -> None:
    """The line that the grammar does not know is not lost."""
    assert parsed("extension graph\nvar a = 1\n").extensions == ["graph"]


@pytest.mark.parametrize(
    "text",
    ["param\n", "var a = {\n  b 1\n}\n", "resource a 'x@1' = {\n  name: 'n'\n", "var a = [b\n"],
)
def test_errors_are_told_with_their_line(text: str) -> None:
    """A file that the grammar only guesses at is refused."""
    with pytest.raises(Unreadable, match=r"some\.bicep: line \d+: "):
        parsed(text)


def test_parsing_has_a_time_limit() -> None:
    """A file that takes too long is refused rather than waited for."""
    with pytest.raises(Unreadable, match="not parsed within"):
        parse(b"var a = [1]\n" * 20_000, limit=0.001)


def test_duplicates_are_told() -> None:
    """A name that is given twice is noted."""
    assert parsed("var a = 1\nvar a = 2\n").duplicates == ["a"]
