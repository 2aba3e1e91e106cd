"""The model is looked at by what it refuses, and each reason names its setting or role."""

import pytest

from signpost.doctor.checks import model
from signpost.doctor.finding import Finding
from tests.doubles import azure_openai_answers as answers
from tests.doubles.identity_double import IdentityDouble
from tests.doubles.openai_double import OpenAIDouble, Scripted
from tests.unit.doctor.installed import CLIENT, IN_AZURE, an_installation, problem, states
from tests.unit.doctor.models_double import KEY, ModelsDouble

NO_MESSAGES = answers.invalid("empty_array", "messages", "Invalid 'messages': empty array.")


async def look(
    double: OpenAIDouble, identity: IdentityDouble, answer: Scripted, **env: str
) -> list[Finding]:
    """Look at a deployment that answers so."""
    double.script.append(answer)
    told = {"AZURE_OPENAI_ENDPOINT": double.endpoint, **IN_AZURE, **env}
    found = await model.check(an_installation(identity, **told))
    assert [each.check for each in found] == ["model"]
    return found


@pytest.mark.parametrize("version", ["", "2024-10-21"])
async def test_a_deployment_that_refuses_nothing_else_is_there(
    openai_double: OpenAIDouble, identity: IdentityDouble, version: str
) -> None:
    """It is asked as the app asks, by its own token, for a text of no messages at all."""
    env = {"AZURE_OPENAI_API_VERSION": version}
    assert states(await look(openai_double, identity, NO_MESSAGES, **env)) == ["ok"]
    assert openai_double.requests == [{"model": "news-drafts", "messages": []}]
    assert openai_double.authorizations == ["Bearer made-up"]
    assert identity.resources == ["https://cognitiveservices.azure.com"]


async def test_a_deployment_that_is_busy_is_there(
    openai_double: OpenAIDouble, identity: IdentityDouble
) -> None:
    """Throttling is no fault of the installation."""
    assert states(await look(openai_double, identity, answers.busy())) == ["ok"]


@pytest.mark.parametrize(
    "answer,told,fix",
    [
        (answers.NO_DEPLOYMENT, "AZURE_OPENAI_DEPLOYMENT", "/deployments?api-version="),
        (answers.NO_ROLE, "Cognitive Services OpenAI User", f"--assignee {CLIENT} --role"),
        (Scripted(404, {"error": {"code": "404"}}), "AZURE_OPENAI_ENDPOINT", "azd provision"),
        (Scripted(503, {}), "failed (503)", "Ask again"),
        (
            Scripted(403, {"error": {"code": "AccessDenied", "message": "Public access is off."}}),
            "network rules",
            "VNET_ENABLED",
        ),
        (
            Scripted(400, {"error": {"code": "400", "message": "API version not supported"}}),
            "AZURE_OPENAI_API_VERSION",
            "azd provision",
        ),
        (
            Scripted(400, {"error": {"code": "OperationNotSupported"}}),
            "does not write by chat completions",
            "azd provision",
        ),
    ],
)
async def test_each_refusal_has_its_sentence(
    openai_double: OpenAIDouble, identity: IdentityDouble, answer: Scripted, told: str, fix: str
) -> None:
    """Deployment, role, endpoint, version and network are told apart."""
    finding = problem(await look(openai_double, identity, answer))
    assert told in finding.detail
    assert fix in str(finding.fix)


async def test_a_wrong_endpoint_is_told(identity: IdentityDouble) -> None:
    """A name that nobody has."""
    env = {"AZURE_OPENAI_ENDPOINT": "https://oai-signpost.invalid"}
    finding = problem(await model.check(an_installation(identity, **env)))
    assert "there is no host of the name oai-signpost.invalid" in finding.detail
    assert "AZURE_OPENAI_ENDPOINT" in str(finding.fix)


async def test_a_wrong_server_is_told() -> None:
    """By the setting that names it."""
    other = {"MODEL_BASE_URL": "https://model.contoso.invalid/v1", "MODEL_NAME": "gpt"}
    around = an_installation(AZURE_OPENAI_ENDPOINT="", **other)
    assert "Set MODEL_BASE_URL" in str(problem(await model.check(around)).fix)


async def test_a_local_model_that_is_off_is_started() -> None:
    """One command starts it on this machine, at the port where it is looked for."""
    other = {"MODEL_BASE_URL": "http://127.0.0.1:9/v1", "MODEL_NAME": "gpt"}
    around = an_installation(AZURE_OPENAI_ENDPOINT="", **other)
    fix = str(problem(await model.check(around)).fix)
    assert fix.startswith(".venv/bin/python -m local.model --port 9 ")


async def test_without_a_token_nothing_is_said_of_the_model() -> None:
    """The finding of the identity says why."""
    assert states(await model.check(an_installation())) == ["unknown"]


async def test_a_wrong_setting_is_told_once() -> None:
    """The look at the settings names it."""
    around = an_installation(AZURE_OPENAI_DEPLOYMENT="")
    assert states(await model.check(around)) == ["unknown"]


@pytest.mark.parametrize(
    "path,name,key,state,told",
    [
        ("/v1", "gpt", KEY, "ok", "is there"),
        ("/v1", "large", KEY, "problem", "has no model large"),
        ("/v1", "gpt", f"{KEY}-2", "problem", "MODEL_API_KEY"),
        ("/v2", "gpt", KEY, "unknown", "MODEL_BASE_URL"),
    ],
)
async def test_another_server_is_asked_for_its_models(  # noqa: PLR0917 - a row of the table each
    models: ModelsDouble, path: str, name: str, key: str, state: str, told: str
) -> None:
    """The key is sent, and never shown."""
    models.key = KEY
    asked = {"MODEL_BASE_URL": models.url + path, "MODEL_NAME": name, "MODEL_API_KEY": key}
    [finding] = await model.check(an_installation(AZURE_OPENAI_ENDPOINT="", **asked))
    assert finding.state == state
    assert told in f"{finding.detail} {finding.fix}"
    assert KEY not in repr(finding)
