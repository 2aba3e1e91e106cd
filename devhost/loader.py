"""Owns indexing: it imports an app and refuses what the Python worker in Azure would refuse."""

import contextlib
import importlib
import importlib.util
import inspect
import json
import logging
import os
import sys
import traceback
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
from azure.functions._thirdparty import typing_inspect

from devhost.determinism import OrchestrationError

_log = logging.getLogger("devhost.loader")
Binding = dict[str, Any]
SERVED_TRIGGERS = (
    "httpTrigger", "orchestrationTrigger", "activityTrigger", "entityTrigger",
    "timerTrigger", "queueTrigger",
)  # fmt: skip
_KINDS = {
    "activity": ("activityTrigger", "an activity", "activity"),
    "orchestrator": ("orchestrationTrigger", "an orchestrator", "orchestrator"),
    "entity": ("entityTrigger", "an entity", "entity"),
}


class LoadError(Exception):
    """The app can't run, in Azure neither; the message names file, function and reason."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the app and what its invocation needs."""

    name: str
    call: Callable[..., Any]
    trigger: Binding
    bindings: tuple[Binding, ...]
    folder: Path
    is_async: bool
    wants_context: bool
    inputs: dict[str, str]  # parameter -> converter
    outputs: dict[str, str]  # `func.Out` parameter -> converter
    returns: str | None  # converter of the return value
    return_type: Any = None

    @property
    def kind(self) -> str:
        """The type of its trigger, such as httpTrigger."""
        return str(self.trigger["type"])

    @property
    def unserved(self) -> list[str]:
        """Its bindings that this host has nothing behind, as "name (type)"."""
        return [f"{b['name']} ({b['type']})" for b in self.bindings if self._is_unserved(b)]

    def _is_unserved(self, binding: Binding) -> bool:
        return binding != self.trigger and binding["type"] not in ("durableClient", "http")


class App:
    """All functions of an app, found by kind and name, whatever the case of the name."""

    def __init__(self, functions: list[Function]) -> None:
        self.functions = functions
        self._index = {(f.kind, _trigger_name(f).lower()): f for f in functions}

    def find(self, kind: str, name: str) -> Function | None:
        """Return the activity, orchestrator or entity of that name, None when there is none."""
        return self._index.get((_KINDS[kind][0], name.lower()))

    def require(self, kind: str, name: str) -> None:
        """Raise OrchestrationError, with Azure's words, unless there is such a function."""
        if self.find(kind, name) is None:
            raise OrchestrationError(self.unknown(kind, name))

    def unknown(self, kind: str, name: str) -> str:
        """Say that there is no such function and which there are."""
        trigger, article, noun = _KINDS[kind]
        known = sorted(_trigger_name(f) for f in self.functions if f.kind == trigger)
        listed = ", ".join(f"'{n}'" for n in known)
        return (
            f"The function '{name}' doesn't exist, is disabled, or is not {article} function. "
            "Additional info: "
            + (
                f"The following are the known {noun} functions: {listed}."
                if known
                else f"No {noun} functions are currently registered!"
            )
        )


def _trigger_name(function: Function) -> str:
    for key in ("orchestration", "activity", "entityName"):
        if function.trigger.get(key):
            return str(function.trigger[key])
    return function.name


def load(folder: Path, disabled: frozenset[str] = frozenset()) -> App:
    """Import the app in `folder` and index its functions; not twice for one module."""
    module = _import(folder)
    apps = [v for v in vars(module).values() if isinstance(v, func.FunctionRegister)]
    apps = list({id(a): a for a in apps}.values())
    file = module.__file__
    if not apps:
        raise LoadError(
            f"{file}: Could not find top level function app instances in {Path(str(file)).name}. "
            "Define one, such as app = func.FunctionApp()."
        )
    if len(apps) > 1:
        raise LoadError(f"{file}: More than one top level function app instances are defined.")
    try:
        found = apps[0].get_functions()
    except ValueError as error:
        raise LoadError(f"{file}: {error}") from error
    functions = [_index(function, folder) for function in found]
    return App([f for f in functions if f.name.lower() not in disabled])


def _import(folder: Path) -> ModuleType:
    file = folder / os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not file.exists():
        raise LoadError(f"{file} is missing: give the folder of a Functions app as APP_DIR.")
    _import_sdk()
    sys.path.insert(0, str(folder))
    name = file.stem
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise LoadError(f"{file} can't be imported: {_told(error, folder)}") from error
    return module


def _told(error: BaseException, folder: Path) -> str:
    """Say what was raised, and below it the way there through the app's own files."""
    what = "".join(traceback.format_exception_only(error)).strip()
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return "\n".join([what, *(line.rstrip() for line in traceback.format_list(own))])


def _import_sdk() -> None:
    # On import the SDK reads host.json of the current folder, and fails when it holds comments.
    with contextlib.chdir(Path(__file__).parent):
        importlib.import_module("azure.durable_functions")


def _index(function: Any, folder: Path) -> Function:  # noqa: ANN401 - the SDK's type has no hints
    name: str = function.get_function_name()
    bindings = tuple(_lower_direction(json.loads(raw)) for raw in function.get_raw_bindings())
    trigger = next(b for b in bindings if b["type"] == function.get_trigger().type)
    call = function.get_user_function()
    return _Signature(name, call, bindings).check(trigger, folder)


def _lower_direction(binding: Binding) -> Binding:
    return {**binding, "direction": str(binding["direction"]).lower()}


class _Signature:
    """Compares a Python function with its bindings, as the worker does."""

    def __init__(self, name: str, call: Callable[..., Any], bindings: tuple[Binding, ...]) -> None:
        self._name, self._call, self._bindings = name, call, bindings
        self._bound = {b["name"]: b for b in bindings if b["name"] != "$return"}
        self._parameters = dict(inspect.signature(call).parameters)
        try:
            self._hints = typing.get_type_hints(call)
        except Exception as error:
            raise self._refuse(f"its annotations can't be resolved: {error}") from error

    def _refuse(self, reason: str) -> LoadError:
        file = inspect.getsourcefile(_written(self._call)) or "?"
        return LoadError(f"{file}: cannot load the {self._name} function: {reason}")

    def check(self, trigger: Binding, folder: Path) -> Function:
        wants_context = self._wants_context()
        self._compare_names()
        converters = {name: self._converter(name) for name in self._parameters}
        returns = self._returns()
        is_async = inspect.iscoroutinefunction(self._call)
        has_client = any(b["type"] == "durableClient" for b in self._bindings)
        if has_client and not inspect.iscoroutinefunction(_written(self._call)):
            _log.warning(
                "Function '%s' has a durable client but is no async def: each call of it fails, "
                "here and in Azure.", self._name,
            )  # fmt: skip
        if trigger["type"] == "orchestrationTrigger" and inspect.iscoroutinefunction(
            _written(self._call)
        ):
            _log.warning(
                "Orchestrator '%s' is an async def and will fail: write def, and yield what you "
                "wait for.", self._name,
            )  # fmt: skip
        out = {n for n, b in self._bound.items() if b["direction"] == "out"}
        return Function(
            name=self._name,
            call=self._call,
            trigger=trigger,
            bindings=self._bindings,
            folder=folder,
            is_async=is_async,
            wants_context=wants_context,
            inputs={n: c for n, c in converters.items() if n not in out},
            outputs={n: c for n, c in converters.items() if n in out},
            returns=returns,
            return_type=self._hints.get("return"),
        )

    def _wants_context(self) -> bool:
        if "context" not in self._parameters or "context" in self._bound:
            return False
        hint = self._hints.get("context", func.Context)
        if not isinstance(hint, type) or hint.__name__ != "Context":
            raise self._refuse(
                'the "context" parameter is expected to be of type azure.functions.Context, '
                f"got {hint!r}"
            )
        del self._parameters["context"]
        return True

    def _compare_names(self) -> None:
        declared, bound = set(self._parameters), set(self._bound)
        if declared - bound:
            raise self._refuse(
                "the following parameters are declared in Python but not in the function "
                f"definition (function.json or function decorators): {declared - bound!r}"
            )
        if bound - declared:
            raise self._refuse(
                "the following parameters are declared in the function definition (function.json "
                f"or function decorators) but not in Python: {bound - declared!r}"
            )

    def _converter(self, name: str) -> str:
        binding = self._bound[name]
        if name not in self._hints:
            return str(binding["type"])
        hint = self._hints[name]
        is_out = getattr(_origin(hint), "__name__", "") == "Out"
        wanted = typing.get_args(hint)[0] if is_out and typing.get_args(hint) else hint
        if not isinstance(wanted, type) and not _is_generic(wanted):
            raise self._refuse(f"binding {name} has invalid non-type annotation {hint!r}")
        if is_out != (binding["direction"] == "out"):
            raise self._refuse(
                f'binding {name} is declared to have the "{binding["direction"]}" direction, which '
                "its annotation contradicts: only an output is annotated with azure.functions.Out"
            )
        kind = str(binding["type"])
        if wanted in (str, bytes) and not _implicit_output(kind):
            kind = "generic"
        check = "check_output_type_annotation" if is_out else "check_input_type_annotation"
        if not _fits(kind, check, wanted):
            raise self._refuse(
                f'type of {name} binding in function definition "{binding["type"]}" does not '
                f'match its Python annotation "{getattr(wanted, "__name__", wanted)}"'
            )
        return kind

    def _returns(self) -> str | None:
        explicit = next((b["type"] for b in self._bindings if b["name"] == "$return"), None)
        if explicit is None:
            return next((b["type"] for b in self._bindings if _implicit_output(b["type"])), None)
        hint = self._hints.get("return")
        if "return" in self._hints and not isinstance(hint, type):
            raise self._refuse(f"has invalid non-type return annotation {hint!r}")
        if isinstance(hint, type) and not _fits(explicit, "check_output_type_annotation", hint):
            raise self._refuse(
                f'Python return annotation "{hint.__name__}" does not match binding type '
                f'"{explicit}"'
            )
        return str(explicit)


def _written(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as its author wrote it, without what the SDK wraps around it."""
    for name in ("orchestrator_function", "entity_function"):
        call = getattr(call, name, call)
    written: Callable[..., Any] = inspect.unwrap(call)
    return written


def converter(kind: str) -> Any:  # noqa: ANN401 - the SDK's converters share no typed base
    """Return the SDK's converter for a binding type, None for one that it has none for."""
    return func.get_binding_registry().get(kind)  # type: ignore[no-untyped-call] # the SDK has no hints here


def _origin(hint: Any) -> Any:  # noqa: ANN401 - any annotation
    return typing_inspect.get_origin(hint) or hint  # type: ignore[no-untyped-call] # the SDK has no hints here


def _is_generic(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    return bool(typing_inspect.is_generic_type(hint))  # type: ignore[no-untyped-call] # the SDK has no hints here


def _implicit_output(kind: str) -> bool:
    found = converter(kind)
    if found is None:  # the worker's generic binding answers so for all but the durable client
        return kind != "durableClient"
    return bool(getattr(found, "has_implicit_output", lambda: False)())


def _fits(kind: str, check: str, hint: Any) -> bool:  # noqa: ANN401 - any annotation
    found = converter(kind)
    try:
        if found is None:
            return issubclass(hint, (str, bytes, bytearray))
        return bool(getattr(found, check)(hint))
    except TypeError:  # a typing construct such as List[str] is no class
        return True
