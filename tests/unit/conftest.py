"""Gives unit tests a ledger in a file, and loopback servers in place of the outside systems."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from local.teams import LocalTeams
from signpost.ledger import open_ledger
from signpost.ledger.sqlite import SqliteLedger
from signpost.model import client
from signpost.settings import Settings, settings
from tests.builders import KEY, a_config
from tests.doubles.durable_double import DurableDouble
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble
from tests.routed import DIEGO, TENANT, Site
from tests.unit.desk import Desk
from tests.unit.trials import Trials


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
        await client.close()


@pytest.fixture
async def desk(ledger: SqliteLedger, openai_double: OpenAIDouble) -> Desk:
    """Give where the drafts of the default run are written, which was just asked for."""
    opened = Desk(ledger, openai_double)
    await opened.begin()
    return opened


@pytest.fixture
async def identity(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[IdentityDouble]:
    """Listen where App Service says that its managed identity listens."""
    async with IdentityDouble() as listening:
        monkeypatch.setenv("IDENTITY_ENDPOINT", listening.url)
        monkeypatch.setenv("IDENTITY_HEADER", "made-up")
        yield listening


@pytest.fixture
def config(teams: LocalTeams) -> Settings:
    """Build settings that lead to the loopback Teams."""
    return a_config(
        channel_webhook_url=f"{teams.url}/channel", chat_webhook_url=f"{teams.url}/chat"
    )


@pytest.fixture
async def durable_double() -> AsyncIterator[DurableDouble]:
    """Listen as the Durable extension."""
    async with DurableDouble() as listening:
        yield listening


@pytest.fixture
async def app_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SqliteLedger]:
    """Set up the app's environment, and give the ledger that its handlers open."""
    environment = {
        "SIGNPOST_ENVIRONMENT": "local",
        "SIGNPOST_BASE_URL": "http://localhost:7071",
        "SIGNPOST_SIGNING_KEYS": KEY,
        "SIGNPOST_LEDGER": f"sqlite:{tmp_path}/app.db",
        "MODEL_BASE_URL": "http://127.0.0.1:9/v1",
        "MODEL_NAME": "gpt",
        "TEAMS_CHANNEL_WEBHOOK_URL": "http://127.0.0.1:9/channel",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    opened = open_ledger(environment["SIGNPOST_LEDGER"])
    assert isinstance(opened, SqliteLedger)
    yield opened
    await client.close()
    opened.close()
    settings.cache_clear()
    open_ledger.cache_clear()


@pytest.fixture
def site(
    app_ledger: SqliteLedger, durable_double: DurableDouble, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """Give the app, and what puts it into a mode of sign-in, with Diego as its operator."""

    def enter(sign_in: str, **more: str) -> None:
        environment = {
            "SIGNPOST_SIGN_IN": sign_in,
            "SIGNPOST_OPERATORS": DIEGO,
            "SIGNPOST_TENANT_ID": TENANT,
            "WEBSITE_AUTH_ENABLED": "True",
        }
        for name, value in (environment | more).items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    return Site(app_ledger, durable_double, enter)


@pytest.fixture
def trials(site: Site, openai_double: OpenAIDouble) -> Trials:
    """Give what sends instructions to be tried, with keys in place of sign-in."""
    opened = Trials(site, openai_double)
    opened.enter()
    return opened
