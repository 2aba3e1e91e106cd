"""Imports point one way: the app to its domain, and never to what runs it on one machine."""

from __future__ import annotations

import pytest

from tests.repo.sources import PRODUCT, Module, modules

# Which of our own packages each one may import besides itself.
ALLOWED = {
    "function_app": {"triggers", "orchestrators", "activities"},
    "triggers": {"signpost"},
    "orchestrators": {"signpost.contracts"},
    "activities": {"signpost"},
    "signpost": set(),
    "devhost": set(),
    "local": {"devhost", "signpost"},
}


def forbidden(module: Module) -> set[str]:
    """Return the imports of our own packages that the module's layer may not have."""
    allowed = ALLOWED[module.owner] | {module.owner}
    own = {name for name in module.imports() if name.split(".")[0] in PRODUCT}
    own -= {"signpost"} if "signpost.contracts" in allowed else set()
    return {name for name in own if not any(f"{name}.".startswith(f"{a}.") for a in allowed)}


@pytest.mark.parametrize("owner", PRODUCT)
def test_imports_point_one_way(owner: str) -> None:
    """No module imports a layer above its own."""
    faults = {str(module.path): forbidden(module) for module in modules(owner)}
    assert faults, f"{owner} holds no module"
    assert {path: names for path, names in faults.items() if names} == {}


def test_domain_knows_no_functions_host() -> None:
    """`signpost` works without the Functions SDK."""
    for module in modules("signpost"):
        host = {name for name in module.imports() if name.startswith("azure.")}
        host = {name for name in host if name.split(".")[1] in {"functions", "durable_functions"}}
        assert not host, f"{module.path} imports {host}"


def test_no_relative_imports() -> None:
    """Imports are absolute, so that their direction can be read off."""
    for module in modules(*PRODUCT):
        assert "from ." not in module.text, f"{module.path} has a relative import"


def test_layers_see_a_wrong_import() -> None:
    """The check itself finds an import against the direction."""
    [module] = [m for m in modules("signpost") if m.path.name == "__init__.py"][:1]
    wrong = Module(module.path, "import signpost.text\nfrom triggers.api import run\n")
    assert forbidden(wrong) == {"triggers.api", "triggers.api.run"}
