"""Owns looking at the model: by a request that is refused before the model reads a token of it."""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.outside import Reply, Unreached, send
from signpost.doctor.roles import MODEL
from signpost.doctor.surroundings import Surroundings
from signpost.doctor.tokens import NoToken, token_for
from signpost.model.outcomes import Answer, Refusal
from signpost.model.refusals import NETWORK, NO_CHAT, VERSION, refused
from signpost.settings import LOOPBACK_HOSTS, Settings

CHECK = "model"
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    """What an OpenAI-compatible server lists."""

    data: list[_Model]


async def check(around: Surroundings) -> list[Finding]:
    """Ask Azure for a completion of no messages, and any other server for its models."""
    if around.lacks("MODEL_NAME"):
        return [Finding(CHECK, "unknown", "The settings of the model have to be right first.")]
    config = around.config
    try:
        if config.model_api_key is None:
            return [_deployed(await _ask_for_nothing(around), around)]
        return [
            _listed(
                await send("GET", f"{config.model_base_url}/models", config.model_api_key), config
            )
        ]
    except NoToken as error:
        return [Finding(CHECK, "unknown", f"{str(error).capitalize()}.")]
    except Unreached as error:
        return [_no_answer(error, config)]


async def _ask_for_nothing(around: Surroundings) -> Reply:
    from signpost.model.client import scope_of  # noqa: PLC0415 - only a check needs it: cold start

    config, version = around.config, around.config.model_api_version
    token = await token_for(scope_of(config.model_base_url).removesuffix("/.default"), around.env)
    url = f"{config.model_base_url}/chat/completions{f'?api-version={version}' * bool(version)}"
    return await send("POST", url, token, body={"model": config.model_name, "messages": []})


def _deployed(answer: Reply, around: Surroundings) -> Finding:
    """Read the refusal of the empty request; any other one tells what is wrong."""
    name, said = around.config.model_name, answer.body.decode(errors="replace")
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Finding(CHECK, "ok", f"The deployment {name} answers.")
    given = Answer(answer.status, answer.headers, answer.body)
    refusal = refused(given, around.config, size=0, now=datetime.now(UTC), attempt=1)
    if refusal.kind == "throttled":
        return Finding(CHECK, "ok", f"The deployment {name} is there. {refusal.reason}")
    of_the_body = answer.status in REFUSED and refusal.kind in ("rejected", "unsupported_parameter")
    if of_the_body and NO_CHAT not in answer.codes and not re.search(VERSION, said, re.IGNORECASE):
        return Finding(CHECK, "ok", f"The deployment {name} is there, and opens to the app.")
    return Finding(CHECK, "problem", refusal.reason, _fix(refusal, said, around))


def _fix(refusal: Refusal, said: str, around: Surroundings) -> str:
    subdomain = (urlsplit(around.config.model_base_url).hostname or "").partition(".")[0]
    account = fixes.model_scope(subdomain)
    if refusal.kind == "unauthorized" and re.search(NETWORK, said, re.IGNORECASE):
        return fixes.open_network(
            f"az resource update --ids {account} --set properties.networkAcls.defaultAction=Allow"
        )
    if refusal.kind == "unauthorized":
        return fixes.assign(MODEL.name, account, around.env)
    if refusal.kind == "deployment_missing":
        listed = (
            f"az rest --url {account}'/deployments?api-version=2025-06-01' --query 'value[].name'"
        )
        return f"{listed}   # one of these belongs into AZURE_OPENAI_DEPLOYMENT"
    if refusal.kind == "unavailable":
        return "Ask again in a minute."
    return fixes.set_up("AZURE_OPENAI_ENDPOINT", around.env, set_by_deployment=True)


def _listed(answer: Reply, config: Settings) -> Finding:
    """Read the list of models, which not every server has."""
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        what = f"The model service does not accept the key ({answer.status})."
        return Finding(CHECK, "problem", what, "Set MODEL_API_KEY to a key of the service.")
    if answer.status != HTTPStatus.OK:
        what = f"The model service answers, but lists no models ({answer.status})."
        return Finding(CHECK, "unknown", what, "Check MODEL_BASE_URL, which ends with /v1 mostly.")
    try:
        names = [each.id for each in msgspec.json.decode(answer.body, type=_Models).data]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Finding(CHECK, "unknown", "The model service answers, but its list can't be read.")
    if config.model_name in names:
        return Finding(CHECK, "ok", f"The model {config.model_name} is there.")
    what = f"The model service has no model {config.model_name}."
    return Finding(CHECK, "problem", what, f"Set MODEL_NAME to one of: {', '.join(names[:10])}")


def _no_answer(error: Unreached, config: Settings) -> Finding:
    setting = "MODEL_BASE_URL" if config.model_api_key else "AZURE_OPENAI_ENDPOINT"
    what = f"The model service: {error}."
    if error.why == "network":
        what = f"The model service: {error}; is it running, and may the app's network reach it?"
    if urlsplit(config.model_base_url).hostname in LOOPBACK_HOSTS:
        return Finding(CHECK, "problem", what, fixes.start_here("model", config.model_base_url))
    return Finding(CHECK, "problem", what, f"Set {setting} to the address of the service.")
