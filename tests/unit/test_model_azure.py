"""Azure OpenAI is called keyless, with a fresh token where one is refused, by path and version."""

import asyncio

import pytest

from signpost.flows import Parameters
from signpost.model import Completion, Refusal, complete
from signpost.model.client import scope_of
from signpost.settings import read
from tests.builders import NOW, a_config
from tests.doubles.azure_openai_answers import NO_ROLE
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble, Scripted
from tests.unit.asked_model import ASKED, at_azure, refused, texted
from tests.unit.test_settings import LOCAL

DEPLOYMENT = "/openai/deployments/gpt"


async def ask_azure(
    double: OpenAIDouble, path: str = "/openai/v1", version: str | None = None
) -> Completion | Refusal:
    """Ask the model as the app's identity, however often that sends a request."""
    config = a_config(**at_azure(double, path), model_api_version=version)
    return await complete(ASKED, Parameters(), config, now=NOW, attempt=1, timeout_seconds=5)


async def test_the_model_is_called_as_the_managed_identity(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """Without a key the app's own identity gives the token, and one token serves many calls."""
    openai_double.token = "made-up"
    await texted(openai_double, **at_azure(openai_double))
    assert isinstance(await ask_azure(openai_double), Completion)
    assert openai_double.authorizations == ["Bearer made-up"] * 2
    assert identity.resources == ["https://cognitiveservices.azure.com"]


async def test_a_refused_token_is_replaced_once(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """A token that the service does not believe any more costs one more request, and no draft."""
    identity.tokens = ["old", "new"]
    openai_double.token = "new"
    assert isinstance(await ask_azure(openai_double), Completion)
    assert openai_double.turned_away == ["old"]
    assert openai_double.authorizations == ["Bearer new"]


async def test_a_refused_token_is_replaced_once_for_all(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """A storm of drafts with the same old token asks for one new one."""
    identity.tokens = ["old", "new"]
    openai_double.token = "new"
    answers = await asyncio.gather(*(ask_azure(openai_double) for _ in range(20)))
    assert all(isinstance(answer, Completion) for answer in answers)
    assert len(identity.resources) == 2


async def test_a_second_refusal_is_final(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """The identity lacks the role: the sentence names it, after two requests."""
    openai_double.script.extend([NO_ROLE] * 5)
    answer = await ask_azure(openai_double)
    assert isinstance(answer, Refusal)
    assert (answer.kind, answer.retry_after) == ("unauthorized", None)
    assert "role Cognitive Services OpenAI User" in answer.reason
    assert len(openai_double.requests) == 2


async def test_tokens_that_nobody_believes_are_final(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """No token shows up in the sentence."""
    identity.tokens = ["secret-1", "secret-2", "secret-3"]
    openai_double.token = "another"
    answer = await ask_azure(openai_double)
    assert isinstance(answer, Refusal)
    assert "secret" not in answer.reason
    assert openai_double.turned_away == ["secret-1", "secret-2"]


async def test_a_key_is_not_replaced(openai_double: OpenAIDouble) -> None:
    """Where a key is set there is nothing else to try."""
    answer = await refused(openai_double, Scripted(status=401), model_api_key="k")
    assert openai_double.authorizations == ["Bearer k"]
    assert "MODEL_API_KEY" in answer.reason


async def test_no_token_is_asked_for_again(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """An identity that gives no token does not stop the run for good, and nothing is sent."""
    identity.status = 400
    answer = await ask_azure(openai_double)
    assert isinstance(answer, Refusal)
    assert (answer.kind, "AZURE_CLIENT_ID" in answer.reason) == ("no_token", True)
    assert answer.retry_after
    assert openai_double.requests == []


async def test_a_version_calls_the_deployment(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """With an API version the path is the deployment's, and the version is said."""
    assert isinstance(await ask_azure(openai_double, DEPLOYMENT, "2024-10-21"), Completion)


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_the_settings_lead_to_the_service(
    openai_double: OpenAIDouble, identity: IdentityDouble, version: str
) -> None:
    """What an operator sets is enough to be answered, on either path."""
    asked = {
        "AZURE_OPENAI_ENDPOINT": openai_double.endpoint + "/",
        "AZURE_OPENAI_API_VERSION": version,
        "AZURE_OPENAI_DEPLOYMENT": "news_drafts-1.0",
    }
    config = read(LOCAL | asked)
    assert isinstance(await complete(ASKED, Parameters(), config, now=NOW, attempt=1), Completion)
    assert openai_double.requests[0]["model"] == "news_drafts-1.0"


@pytest.mark.parametrize(
    "path,version", [(DEPLOYMENT, "1999-01-01"), (DEPLOYMENT, None), ("/openai/v1", "2024-10-21")]
)
async def test_an_unknown_version_is_named(
    openai_double: OpenAIDouble, identity: IdentityDouble, path: str, version: str | None
) -> None:
    """A version that the service does not know is told apart from a missing deployment."""
    answer = await ask_azure(openai_double, path, version)
    assert isinstance(answer, Refusal)
    assert (answer.kind, answer.retry_after) == ("rejected", None)
    assert "AZURE_OPENAI_API_VERSION" in answer.reason


@pytest.mark.parametrize(
    "host,end",
    [
        ("contoso.openai.azure.com", "com"),
        ("contoso.openai.azure.us", "us"),
        ("contoso.openai.azure.cn", "cn"),
        ("contoso.cognitiveservices.azure.us", "us"),
        ("contoso.openai.azure.us.contoso.com", "com"),
    ],
)
def test_each_cloud_has_its_scope(host: str, end: str) -> None:
    """A token for the public cloud is worth nothing in the others."""
    scope = f"https://cognitiveservices.azure.{end}/.default"
    assert scope_of(f"https://{host}/openai/v1") == scope


async def test_times_of_requests_are_the_tests_own(openai_double: OpenAIDouble) -> None:
    """The double tells when it was asked on the clock it is given."""
    openai_double.clock = iter([3.0, 9.0]).__next__
    await texted(openai_double)
    openai_double.requests.clear()
    await texted(openai_double)
    assert openai_double.arrivals == [3.0, 9.0]
