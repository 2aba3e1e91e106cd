"""Starts the real processes that the acceptance tests drive, once a worker."""

from collections.abc import Iterator

import pytest

from local.stack import running
from tests.acceptance.client import Signpost, plan
from tests.doubles.quick_model import QuickModel


@pytest.fixture(scope="session")
def model() -> Iterator[QuickModel]:
    """Serve a model that answers at once."""
    with QuickModel() as quick:
        yield quick


@pytest.fixture(scope="session")
def signpost(model: QuickModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost whose model answers at once."""
    laid_out = plan(tmp_path_factory.mktemp("state"), model.url)
    with running(laid_out) as children, Signpost(laid_out, children) as started:
        yield started


@pytest.fixture(scope="session")
def signpost_with_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signpost]:
    """Run a Signpost as `make run` starts it, with the real local model."""
    laid_out = plan(tmp_path_factory.mktemp("state"))
    with running(laid_out) as children, Signpost(laid_out, children) as started:
        yield started
