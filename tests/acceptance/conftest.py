"""Starts the real processes that the acceptance tests drive, once a worker."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from local.stack import Plan, running
from tests.acceptance.client import FLOWS, Signpost, app_with, plan
from tests.acceptance.sizes import LEDGERS
from tests.doubles.azurite import Azurite
from tests.doubles.quick_model import QuickModel


@pytest.fixture(scope="session")
def model() -> Iterator[QuickModel]:
    """Serve a model that answers at once."""
    with QuickModel() as quick:
        yield quick


@contextmanager
def started(laid_out: Plan) -> Iterator[Signpost]:
    """Run a Signpost, and hold that the devhost never warned of what Azure would do."""
    with running(laid_out) as children, Signpost(laid_out, children) as signpost:
        yield signpost
    assert "go wrong in Azure" not in (laid_out.state / "devhost.log").read_text("utf-8")


@contextmanager
def serving(
    state: Path, model_url: str, app: Path, ledger: str = LEDGERS[0], **settings: str
) -> Iterator[Signpost]:
    """Run a Signpost on a kind of ledger, with the who-am-I switch unless settings differ."""
    settings = {"SIGNPOST_SIGN_IN": "local"} | settings
    with ExitStack() as stack:
        if ledger == "tables":
            azurite = stack.enter_context(Azurite(service="table"))
            settings["SIGNPOST_LEDGER"] = azurite.ledger
        yield stack.enter_context(started(plan(state, model_url, app, **settings)))


@pytest.fixture(scope="session")
def all_types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the app with one flow for each type of approval, beside its own."""
    return app_with(tmp_path_factory.mktemp("app"), *FLOWS.glob("*.yaml"))


@pytest.fixture(scope="session")
def signpost_with_all_types(
    model: QuickModel, all_types: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run a Signpost with a flow for each type of approval, and the who-am-I switch."""
    with serving(tmp_path_factory.mktemp("state"), model.url, all_types) as signpost:
        yield signpost


@pytest.fixture(scope="session")
def signpost_on_tables(
    model: QuickModel, all_types: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run the same with the ledger in Azure Tables, on the emulator Azurite."""
    with serving(tmp_path_factory.mktemp("state"), model.url, all_types, "tables") as signpost:
        yield signpost


@pytest.fixture(params=LEDGERS)
def signpost(request: pytest.FixtureRequest) -> Signpost:
    """Give a Signpost on each ledger in turn; started once, whoever asks."""
    is_first = request.param == LEDGERS[0]
    name = "signpost_with_all_types" if is_first else "signpost_on_tables"
    found: Signpost = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def signpost_with_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost as `make run` starts it, with the real local model."""
    with started(plan(tmp_path_factory.mktemp("state"))) as signpost:
        yield signpost
