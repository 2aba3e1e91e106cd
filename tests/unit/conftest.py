"""Gives unit tests a ledger in a file, and loopback servers in place of the outside systems."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from local.teams import LocalTeams
from signpost import model
from signpost.ledger.sqlite import SqliteLedger
from signpost.settings import Settings
from tests.builders import a_config
from tests.doubles.openai_double import OpenAIDouble


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    """Open an empty ledger."""
    opened = SqliteLedger(str(tmp_path / "ledger.db"))
    yield opened
    opened.close()


@pytest.fixture
async def teams() -> AsyncIterator[LocalTeams]:
    """Listen as Teams."""
    async with LocalTeams() as listening:
        yield listening


@pytest.fixture
async def openai_double() -> AsyncIterator[OpenAIDouble]:
    """Listen as the model service, and close the clients that were made for it."""
    async with OpenAIDouble() as listening:
        yield listening
        await model._client(a_config(model_base_url=listening.url)).close()
        model._client.cache_clear()


@pytest.fixture
def config(teams: LocalTeams) -> Settings:
    """Build settings that lead to the loopback Teams."""
    return a_config(
        channel_webhook_url=f"{teams.url}/channel", chat_webhook_url=f"{teams.url}/chat"
    )
