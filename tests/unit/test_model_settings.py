"""How the model is reached is settled by settings that can't contradict each other."""

import pytest

from signpost.settings import read
from tests.unit.test_settings import GOOD, LOCAL, refused

OTHER = {name: value for name, value in LOCAL.items() if "OPENAI" not in name}
OTHER |= {"MODEL_BASE_URL": "https://models.contoso.com/v1", "MODEL_NAME": "small"}


def test_without_a_version_the_v1_api_is_called() -> None:
    """It needs none, and knows every model."""
    config = read(GOOD)
    assert config.model_base_url == "https://contoso.openai.azure.com/openai/v1"
    assert (config.model_api_version, config.model_behind) == (None, None)


def test_a_version_calls_the_deployment() -> None:
    """The deployment stands in the path, as its letters need it."""
    asked = {"AZURE_OPENAI_API_VERSION": " 2024-10-21 ", "AZURE_OPENAI_DEPLOYMENT": "a/b c"}
    config = read(GOOD | asked)
    assert config.model_base_url == "https://contoso.openai.azure.com/openai/deployments/a%2Fb%20c"
    assert (config.model_name, config.model_api_version) == ("a/b c", "2024-10-21")


@pytest.mark.parametrize("version", ["latest", "2024", "2024-10-21&x=1", "2024-10-21-beta", "v1"])
def test_a_version_is_a_date(version: str) -> None:
    """What is no version is refused at the start, not by the service."""
    error = refused(GOOD | {"AZURE_OPENAI_API_VERSION": version})
    assert error.field == "AZURE_OPENAI_API_VERSION"


def test_the_model_behind_a_deployment_is_read() -> None:
    """Its name tells which parameters it takes; of another service MODEL_NAME does."""
    asked = {"AZURE_OPENAI_MODEL": "gpt-5-mini"}
    assert read(GOOD | asked).model_behind == "gpt-5-mini"
    assert read(OTHER | asked).model_behind is None


def test_azure_openai_takes_no_key() -> None:
    """A key that would not be used is refused, so that nobody keeps one there."""
    error = refused(GOOD | {"MODEL_API_KEY": "hunter2"})
    assert error.field == "MODEL_API_KEY"
    assert "hunter2" not in str(error.document())


@pytest.mark.parametrize(
    "host", ["contoso.com", "x.openai.azure.com.contoso.com", "xopenai.azure.com", "x.azure.com"]
)
def test_a_token_of_the_identity_goes_to_azure_alone(host: str) -> None:
    """Whoever listened elsewhere could ask the model as the app."""
    error = refused(GOOD | {"AZURE_OPENAI_ENDPOINT": f"https://{host}"})
    assert error.field == "AZURE_OPENAI_ENDPOINT"


@pytest.mark.parametrize("domain", ["cognitiveservices.azure.cn", "services.ai.azure.com"])
def test_every_address_of_the_service_is_one(domain: str) -> None:
    """Accounts of other kinds, and other clouds, have other domains."""
    endpoint = f"https://contoso-2.{domain}"
    assert read(GOOD | {"AZURE_OPENAI_ENDPOINT": endpoint}).model_base_url.startswith(endpoint)


@pytest.mark.parametrize("host", ["openai.azure.com", "cognitiveservices.azure.us"])
def test_a_key_of_azure_openai_is_refused(host: str) -> None:
    """Azure OpenAI is not called with a key by the other door either."""
    asked = {"MODEL_BASE_URL": f"https://contoso.{host}/openai/v1", "MODEL_API_KEY": "k"}
    assert refused(OTHER | asked).field == "MODEL_BASE_URL"


@pytest.mark.parametrize("key", ["k\r\nX-Other: 1", "k\0", "k\u2028k", "kéy"])
def test_a_key_begins_no_header_of_its_own(key: str) -> None:
    """It is refused by its setting's name, before it is sent, and not repeated."""
    error = refused(OTHER | {"MODEL_API_KEY": key})
    assert (error.field, key in error.detail) == ("MODEL_API_KEY", False)


def test_another_service_takes_a_key() -> None:
    """Where it asks for none, a word stands in for it."""
    assert read(OTHER).model_api_key == "none"
    assert read(OTHER | {"MODEL_API_KEY": "k"}).model_api_key == "k"


def test_unfiltered_texts_are_refused_unless_said() -> None:
    """Without the setting nothing is let through that the filter did not look at."""
    assert read(GOOD).unfiltered == "refuse"
    assert read(GOOD | {"SIGNPOST_UNFILTERED": "flag"}).unfiltered == "flag"


def test_another_way_with_unfiltered_texts_is_refused() -> None:
    """A misspelt setting does not open anything."""
    assert refused(GOOD | {"SIGNPOST_UNFILTERED": "allow"}).field == "SIGNPOST_UNFILTERED"
