"""Apps and settings that can't run: each is refused with a message that says where and why."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.config import ConfigError, apply_local_settings, read_host, read_json
from devhost.loader import LoadError, load
from devhost.routes import compile_route

HEAD = (
    "import typing\nimport azure.functions as func\nimport azure.durable_functions as df\n"
    "app = df.DFApp()\n"
)
HTTP = "@app.route(route='x')\n"
CLIENT = HTTP + "@app.durable_client_input(client_name='client')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an app without code."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    return tmp_path


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Leave the environment as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize(
    "code,reason",
    [
        ("x = 1", "Could not find top level function app instances in function_app.py"),
        (HEAD + "other = df.DFApp()", "More than one top level function app instances"),
        ("raise ValueError('at import')", "imported: ValueError: at import\n.*function_app.py"),
        ("def broken(:", "can't be imported: .*SyntaxError"),
        ("import sys; sys.exit(3)", "can't be imported: SystemExit: 3"),
        (HEAD + HTTP + "def f(req: 'Nothing'): ...", "can't be resolved: name 'Nothing'"),
        (HEAD + HTTP + "def f(req: int): ...", 'does not match its Python annotation "int"'),
        (HEAD + HTTP + "def f(): ...", "not in Python: {'req'}"),
        (HEAD + HTTP + "def f(req, more): ...", "not in the function definition .*: {'more'}"),
        (HEAD + HTTP + "def f(req, context: int): ...", "of type azure.functions.Context"),
        (HEAD + HTTP + "def f(req) -> int: ...", 'return annotation "int" does not match'),
        (
            HEAD + "@app.activity_trigger(input_name='x')\ndef f(x: dict[str, int]): ...",
            "binding x has invalid non-type annotation",
        ),
        (
            HEAD + "@app.orchestration_trigger(context_name='ctx')\ndef f(ctx): ...",
            "cannot load the f function",
        ),
        (HEAD + (HTTP + "def f(req): ...\n") * 2, "does not have a unique function name"),
        (
            HEAD + "bp = df.Blueprint()\n@bp.route(route='y')\ndef innocent(req): ...\n"
            "@bp.durable_client_input(client_name='client')\n" + HTTP + "def f(req, client): ...",
            "not in the function definition .*: {'client'}",  # the blueprint gave it to `innocent`
        ),
        (HEAD + "@app.function_name('f')\ndef f(req): ...", "does not have a trigger"),
    ],
)  # fmt: skip
def test_an_app_that_azure_refuses_is_refused(folder: Path, code: str, reason: str):
    """The message names the file and gives the worker's reason."""
    (folder / "function_app.py").write_text(code)
    with pytest.raises(LoadError) as refused:
        load(folder)
    assert re.search(reason, str(refused.value), re.DOTALL)
    assert "function_app.py" in str(refused.value)


def test_a_client_function_that_is_not_async_is_warned_of(folder: Path, caplog):
    """It loads, as in Azure, where each of its calls fails."""
    (folder / "function_app.py").write_text(HEAD + CLIENT + "def f(req, client): ...\n")
    load(folder)
    assert "Function 'f' has a durable client but is no async def" in caplog.text


def test_a_route_with_an_unknown_constraint_is_refused(folder: Path):
    """The message names function and constraint."""
    code = HEAD + "@app.route(route='{x:odd}')\ndef f(req): ...\n"
    (folder / "function_app.py").write_text(code)
    with pytest.raises(
        LoadError, match=r"function 'f': its route has the unknown constraint 'odd'"
    ):
        compile_route(load(folder).functions[0], "api")


def test_an_app_without_code_is_refused(folder: Path):
    """The message names the missing file."""
    with pytest.raises(LoadError, match=r"function_app.py is missing"):
        load(folder)


@pytest.mark.parametrize(
    "text,reason",
    [
        ("{", "Expecting"),
        ('{"version": "2.0"} {}', "Extra data"),
        ("[]", "must hold one JSON object"),
        ('{"version": "1.0"}', '"version" must be "2.0"'),
        ('{"version": "2.0", "functionTimeout": "soon"}', "functionTimeout 'soon' must look like"),
        ('{"version": "2.0", "extensions": []}', "extensions. must be an object, not []"),
        (
            '{"version": "2.0", "extensions": {"http": {"routePrefix": 1}}}',
            "extensions.http.routePrefix must be text, not 1",
        ),
        (
            '{"version": "2.0", "extensions": {"durableTask": {"maxOrchestrationActions": true}}}',
            "extensions.durableTask.maxOrchestrationActions must be a number above 0",
        ),
        (
            '{"version": "2.0", "extensions": {"durableTask": {"versionMatchStrategy": "x"}}}',
            "choose one of CurrentOrOlder, Strict, None",
        ),
    ],
)
def test_a_wrong_host_json_is_refused(folder: Path, text: str, reason: str):
    """The message names the file and the mistake."""
    (folder / "host.json").write_text(text)
    with pytest.raises(ConfigError, match=r"host\.json") as refused:
        read_host(folder)
    assert reason in str(refused.value)


def test_a_missing_host_json_is_named(tmp_path: Path):
    """The message shows what to put in."""
    with pytest.raises(ConfigError, match=r'host\.json is missing: create it with \{"version"'):
        read_host(tmp_path)


def test_host_json_may_hold_comments_and_a_byte_order_mark(tmp_path: Path):
    """As the Functions host reads it; text that looks like a comment stays."""
    path = tmp_path / "x.json"
    path.write_text('\ufeff{/* a */ "url": "http://x" // b\n}', encoding="utf-8")
    assert read_json(path) == {"url": "http://x"}


def test_local_settings_fill_the_environment(folder: Path):
    """What is set already wins; booleans are written as JSON writes them."""
    (folder / "local.settings.json").write_text('{"Values": {"A_A": "1", "B_B": true, "C_C": 2}}')
    os.environ["A_A"] = "mine"
    apply_local_settings(folder)
    assert (os.environ["A_A"], os.environ["B_B"], os.environ["C_C"]) == ("mine", "true", "2")


def test_functions_are_switched_off_by_settings(folder: Path):
    """AzureWebJobs.NAME.Disabled takes a function out."""
    code = HEAD + HTTP + "def f(req): ...\n"
    (folder / "function_app.py").write_text(code)
    os.environ["AzureWebJobs.f.Disabled"] = "true"  # noqa: SIM112 - Azure's spelling
    assert load(folder, read_host(folder).disabled).functions == []
