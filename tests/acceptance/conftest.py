"""Starts the real processes that the acceptance tests drive, once a worker."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.stack import Plan, running
from tests.acceptance.client import Signpost, plan
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
def signpost_with_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost as `make run` starts it, with the real local model."""
    with started(plan(tmp_path_factory.mktemp("state"))) as signpost:
        yield signpost
