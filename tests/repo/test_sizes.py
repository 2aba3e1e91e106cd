"""Code comes in pieces that fit a screen."""

from __future__ import annotations

from statistics import median

from tests.repo.sources import APP, PRODUCT, modules

LONGEST_MODULE = 400
MEDIAN_MODULE = 120
LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 12
LONGEST_ORCHESTRATOR = 40
LONGEST_FUNCTION_APP = 100


# What replays, keeps and serves orchestrations. Apart from it stand the worker's side (loader,
# invoke), the command line and its files, keys, clock, warnings, crash points, the window, and
# the triggers other than HTTP.
DEVHOST_CORE = {
    "engine", "episode", "replay", "promises", "determinism", "history", "store", "failures",
    "rewind", "entities", "call_http", "versions",
    "server", "routes", "answers", "cookies",
    "management", "status",
}  # fmt: skip
LARGEST_CORE = 2200


def test_no_module_is_long() -> None:
    """A module, a test module too, is read in one go."""
    assert {str(m.path): m.lines for m in modules() if m.lines > LONGEST_MODULE} == {}


def test_the_devhost_core_stays_small() -> None:
    """Its engine, server and client side can be read in an afternoon."""
    core = [module for module in modules("devhost") if module.path.stem in DEVHOST_CORE]
    assert {module.path.stem for module in core} == DEVHOST_CORE
    assert sum(module.code_lines for module in core) < LARGEST_CORE


def test_modules_are_short_as_a_rule() -> None:
    """Half of the product's modules are shorter than the bar."""
    assert median(module.lines for module in modules(*PRODUCT)) <= MEDIAN_MODULE


def test_no_function_is_long() -> None:
    """A function fits a screen, with its docstring."""
    long = {
        f"{module.path}:{function.lineno} {function.name}": length
        for module in modules()
        for function in module.functions()
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_functions_are_short_as_a_rule() -> None:
    """Half of the product's functions are shorter than the bar."""
    functions = [function for module in modules(*PRODUCT) for function in module.functions()]
    lengths = [(function.end_lineno or 0) - function.lineno + 1 for function in functions]
    assert median(lengths) <= MEDIAN_FUNCTION


def test_orchestrators_fit_one_screen() -> None:
    """Each step of the chain can be seen at once."""
    for module in modules("orchestrators"):
        for function in module.functions():
            length = (function.end_lineno or 0) - function.lineno + 1
            assert length <= LONGEST_ORCHESTRATOR, f"{module.path} {function.name}: {length} lines"


def test_function_app_only_registers() -> None:
    """`function_app.py` defines nothing: it registers what the packages define."""
    [module] = modules(APP[0])
    assert module.lines <= LONGEST_FUNCTION_APP
    assert module.functions() == []
