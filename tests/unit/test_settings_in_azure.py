"""Keys that change, secrets that a vault does not give, and all problems of a setup at once."""

import pytest

from signpost.settings import problems, read
from tests.unit.test_settings import GOOD, KEY, refused


def test_former_keys_come_after_the_present_ones() -> None:
    """What was signed before keys changed is still good, and nothing new is signed so."""
    env = GOOD | {"SIGNPOST_FORMER_SIGNING_KEYS": "f" * 32}
    assert read(env).signing_keys == (KEY, "f" * 32)


def test_short_former_keys_are_refused() -> None:
    """A former key that could be guessed would open its links for anybody."""
    error = refused(GOOD | {"SIGNPOST_FORMER_SIGNING_KEYS": "short"})
    assert error.field == "SIGNPOST_FORMER_SIGNING_KEYS"


@pytest.mark.parametrize(
    "name",
    [
        "SIGNPOST_SIGNING_KEYS",
        "SIGNPOST_FORMER_SIGNING_KEYS",
        "TEAMS_CHANNEL_WEBHOOK_URL",
        "TEAMS_CHAT_WEBHOOK_URL",
    ],
)
def test_a_vault_reference_that_did_not_resolve_is_named(name: str) -> None:
    """The platform leaves its text in the setting; it is no key and no address."""
    left = (
        "@Microsoft.KeyVault(SecretUri=https://kv-contoso.vault.azure.net/secrets/longer-than-32)"
    )
    error = refused(GOOD | {name: left})
    assert error.field == name
    assert "Key Vault Secrets User" in error.detail
    assert "kv-contoso" not in error.detail


def test_a_key_of_another_model_may_stand_in_the_vault() -> None:
    """A reference that did not resolve is not sent to the service as its key."""
    env = {name: value for name, value in GOOD.items() if "OPENAI" not in name}
    env |= {"MODEL_BASE_URL": "https://models.contoso.com/v1", "MODEL_NAME": "phi"}
    error = refused(env | {"MODEL_API_KEY": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"})
    assert error.field == "MODEL_API_KEY"


def test_all_problems_are_named_at_once() -> None:
    """Who sets it up mends them in one go."""
    env = GOOD | {"SIGNPOST_SIGNING_KEYS": "short", "SIGNPOST_OPERATORS": "?"}
    env.pop("TEAMS_CHANNEL_WEBHOOK_URL")
    named = {error.field for error in problems(env)}
    assert named == {"SIGNPOST_SIGNING_KEYS", "SIGNPOST_OPERATORS", "TEAMS_CHANNEL_WEBHOOK_URL"}


@pytest.mark.parametrize("misspelt", ["lokal", "Local", "local ", "production"])
def test_a_misspelt_environment_is_one_problem(misspelt: str) -> None:
    """What would be allowed on one machine alone is not named as well."""
    env = GOOD | {"SIGNPOST_BASE_URL": "http://localhost:7071", "SIGNPOST_SIGN_IN": "local"}
    assert [each.field for each in problems(env | {"SIGNPOST_ENVIRONMENT": misspelt})] == [
        "SIGNPOST_ENVIRONMENT"
    ]


def test_good_settings_have_no_problems() -> None:
    """What can be read has nothing to be named."""
    assert problems(GOOD) == []
