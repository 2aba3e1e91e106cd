"""All that is wrong with the settings is told at once, and what can be read is looked at anyway."""

from hypothesis import given
from hypothesis import strategies as st

from signpost.doctor.checks import settings
from signpost.doctor.surroundings import PLATFORM, look_around
from signpost.variables import VARIABLES
from tests.unit.doctor.installed import IN_AZURE, SOUND, an_installation, problem, states

NAMES = [*(each.name for each in VARIABLES), *PLATFORM]
VALUES = st.sampled_from(
    ["", " ", "off", "on", "local", "required", "true", "0", "1", "a;b", "https://x", "sqlite:x",
     "@Microsoft.KeyVault(x)", "http://127.0.0.1:1/v1", "2024-10-21", "\x00", "x" * 40, "%"]
)  # fmt: skip


async def test_sound_settings_are_one_calm_line() -> None:
    """Nothing is missing."""
    assert states(await settings.check(an_installation())) == ["ok"]


async def test_all_problems_are_told_at_once() -> None:
    """Who mends the first learns of the others without starting the app again."""
    wrong = {"SIGNPOST_SIGNING_KEYS": "short", "SIGNPOST_LEDGER": "", "MODEL_PRICE_INPUT": "cheap"}
    found = await settings.check(an_installation(**wrong))
    assert all(any(name in each.detail for each in found) for name in wrong)
    assert all(name in str([each.fix for each in found]) for name in wrong)


async def test_a_fix_in_azure_is_a_command() -> None:
    """What Bicep sets is provisioned; what else there is, set and kept."""
    around = an_installation(**IN_AZURE, SIGNPOST_LEDGER="")
    assert (problem(await settings.check(around)).fix or "").startswith("azd provision")
    around = an_installation(**IN_AZURE, SIGNPOST_DAILY_RUNS="many")
    fix = problem(await settings.check(around)).fix or ""
    assert "az functionapp config appsettings set --name app-signpost" in fix
    assert "--settings SIGNPOST_DAILY_RUNS=VALUE" in fix


async def test_a_reference_is_left_to_the_look_at_the_vault() -> None:
    """One thing that is wrong is told once."""
    reference = "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/keys)"
    around = an_installation(SIGNPOST_SIGNING_KEYS=reference)
    assert states(await settings.check(around)) == ["ok"]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_environment_can_be_looked_at(env: dict[str, str]) -> None:
    """Whatever is wrong, what stands in for it makes settings, and each wrong one is known."""
    around = look_around(SOUND | env)
    assert all(around.lacks(str(each.field)) for each in around.wrong)
    assert around.config.signing_keys


def test_what_is_read_together_is_missed_together() -> None:
    """A wrong deployment leaves nothing of the model to be asked, and the ledger as it was."""
    around = an_installation(AZURE_OPENAI_DEPLOYMENT="")
    assert around.lacks("MODEL_NAME")
    assert not around.lacks("SIGNPOST_LEDGER")
