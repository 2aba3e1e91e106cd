"""All is looked at side by side: nothing keeps the rest waiting, and no secret is told."""

import asyncio

import pytest

from signpost.doctor import inside
from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import Surroundings, look_around
from tests.doubles.identity_double import IdentityDouble
from tests.unit.doctor.installed import SOUND, an_installation, states

CANARY = "canary"
# Each value that is or may hold a secret, in a form that its reader refuses, or takes to a wall.
SECRETS = {
    "SIGNPOST_SIGNING_KEYS": f"{CANARY}-keys",
    "SIGNPOST_FORMER_SIGNING_KEYS": f"{CANARY}-former-keys",
    "SIGNPOST_LEDGER": f"tables:AccountName=a;AccountKey={CANARY};TableEndpoint=http://127.0.0.1:9",
    "MODEL_API_KEY": f"{CANARY}-model",
    "MODEL_BASE_URL": "http://127.0.0.1:9/v1",
    "MODEL_NAME": "small",
    "TEAMS_CHANNEL_WEBHOOK_URL": f"http://127.0.0.1:9/{CANARY}?sig={CANARY}",
    "TEAMS_CHAT_WEBHOOK_URL": f"https://contoso.com/{CANARY}?sig={CANARY}",
    "AzureWebJobsStorage": f"AccountName=a;AccountKey={CANARY}",
    "DURABLE_TASK_SCHEDULER_CONNECTION_STRING": f"Endpoint=https://x.invalid;Key={CANARY}",
    "IDENTITY_HEADER": f"{CANARY}-header",
}


async def stuck(_: Surroundings) -> list[Finding]:
    """Wait for what never comes."""
    await asyncio.Event().wait()
    return []


async def broken(_: Surroundings) -> list[Finding]:
    """Fail as no check should."""
    raise RuntimeError(CANARY)


async def sound(_: Surroundings) -> list[Finding]:
    """Find nothing."""
    return [Finding("sound", "ok", "Fine.")]


async def test_a_check_that_hangs_is_ended() -> None:
    """The others are told, and it is told by its name."""
    checks = {"stuck": stuck, "sound": sound}
    found = await inside.examine(an_installation(), checks=checks, seconds=0.02)
    assert [(each.check, each.state) for each in found] == [("stuck", "problem"), ("sound", "ok")]


async def test_a_check_that_fails_takes_nothing_down() -> None:
    """It says what it is, and not what the error says."""
    found = await inside.examine(an_installation(), checks={"broken": broken, "sound": sound})
    assert states(found) == ["unknown", "ok"]
    assert "RuntimeError" in found[0].detail
    assert CANARY not in repr(found)


async def test_checks_run_side_by_side() -> None:
    """Two that wait for each other come to an end."""
    met = asyncio.Barrier(2)

    async def meet(around: Surroundings) -> list[Finding]:
        await met.wait()
        return await sound(around)

    found = await inside.examine(an_installation(), checks={"one": meet, "other": meet})
    assert states(found) == ["ok", "ok"]


@pytest.mark.parametrize("sick", [{}, {"AZURE_OPENAI_ENDPOINT": "https://x.invalid"}])
async def test_no_secret_is_in_any_finding(identity: IdentityDouble, sick: dict[str, str]) -> None:
    """Whatever is wrong, what is told can be pasted into a ticket."""

    async def durable() -> object:
        raise RuntimeError(CANARY)

    identity.status, found = 400, []
    for env in (SOUND | SECRETS, SOUND | SECRETS | {"SIGNPOST_ENVIRONMENT": ""}):
        told = env | {"AZURE_OPENAI_ENDPOINT": ""} | sick | {"IDENTITY_ENDPOINT": identity.url}
        found += await inside.examine(look_around(told, durable))
    assert len(found) > 2 * len(inside.CHECKS)
    assert CANARY not in repr(found)


async def test_each_system_is_looked_at() -> None:
    """A sound environment on a laptop has a finding from each check."""
    around = an_installation(AZURE_OPENAI_ENDPOINT="", SIGNPOST_LEDGER="paper")
    found = await inside.examine(around)
    names = {"settings", "vault", "flows", "people", "instructions", "identity", "ledger"}
    assert {each.check for each in found} == names | {
        "host storage", "scheduler", "model", "webhook",
    }  # fmt: skip
    assert all(each.fix for each in found if each.state == "problem")
