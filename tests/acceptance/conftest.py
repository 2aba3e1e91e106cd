"""Starts the real processes that the acceptance tests drive, once a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.stack import Plan, running
from tests.acceptance.client import FLOWS, Signpost, app_with, plan
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


@pytest.fixture(scope="session")
def signpost(model: QuickModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost whose model answers at once."""
    with started(plan(tmp_path_factory.mktemp("state"), model.url)) as signpost:
        yield signpost


@pytest.fixture(scope="session")
def all_types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the app with one flow for each type of approval, beside its own."""
    return app_with(tmp_path_factory.mktemp("app"), *FLOWS.glob("*.yaml"))


@pytest.fixture(scope="session")
def signpost_with_all_types(
    model: QuickModel, all_types: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run a Signpost with a flow for each type of approval, and the who-am-I switch."""
    state = tmp_path_factory.mktemp("state")
    with started(plan(state, model.url, all_types, SIGNPOST_SIGN_IN="local")) as signpost:
        yield signpost


@pytest.fixture(scope="session")
def signpost_with_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost as `make run` starts it, with the real local model."""
    with started(plan(tmp_path_factory.mktemp("state"))) as signpost:
        yield signpost
