"""Health is told to anybody in a word, and in full to operators, also where settings are broken."""

import asyncio
from typing import Any

import azure.functions as func
import pytest
from jsonschema import validate

from tests.builders import MEGAN, json_of
from tests.doubles.openai_double import OpenAIDouble
from tests.routed import BY_NAME, DIEGO, Site, route_of, schema_of, signed_in
from tests.unit.doctor.models_double import ModelsDouble
from triggers.answers import SECURITY_HEADERS

BROKEN = {"SIGNPOST_SIGNING_KEYS": "short", "SIGNPOST_LEDGER": "paper"}


def told(answer: func.HttpResponse, status: int) -> Any:
    """Read an answer, which has this status, our headers and the described shape."""
    assert answer.status_code == status, answer.get_body()
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
    if status in (200, 503):
        validate(json_of(answer), schema_of("Health"))
    return json_of(answer)


@pytest.mark.parametrize("sign_in", ["off", "on", "required", "local"])
async def test_the_platform_needs_no_sign_in(site: Site, sign_in: str) -> None:
    """Whoever asks learns one word."""
    site.mode(sign_in)
    assert told(await site.send("health", {}), 200) == {"status": "ready"}


@pytest.mark.parametrize("sign_in", ["off", "on"])
@pytest.mark.parametrize("name", BROKEN)
async def test_broken_settings_are_told_in_one_word(site: Site, sign_in: str, name: str) -> None:
    """Which they are is for operators."""
    site.mode(sign_in, **{name: BROKEN[name]})
    assert told(await site.send("health", {}), 503) == {"status": "misconfigured"}


async def test_nothing_outside_is_touched(site: Site, openai_double: OpenAIDouble) -> None:
    """A probe each second costs nothing and fails for nobody else's fault."""
    site.mode("off", MODEL_BASE_URL=openai_double.url, SIGNPOST_LEDGER="sqlite:/missing/l.db")
    told(await site.send("health", {}), 200)
    assert openai_double.requests == []
    assert site.durable.told == []


async def test_a_key_holder_sees_all_that_is_wrong(site: Site) -> None:
    """With sign-in off the host has checked the key of this route."""
    site.mode("off", **BROKEN)
    findings = told(await site.send("examine", {}), 503)["findings"]
    details = [each["detail"] for each in findings if each["check"] == "settings"]
    assert [name for name in BROKEN if name in str(details)] == list(BROKEN)


async def test_the_scheduler_is_asked_by_the_hosts_own_client(site: Site) -> None:
    """The binding of the route is what asks."""
    site.mode("off")
    findings = told(await site.send("examine", {}), 503)["findings"]
    [found] = [each for each in findings if each["check"] == "scheduler"]
    assert found["state"] == "ok"


async def test_deep_without_sign_in_says_where_keys_count(site: Site) -> None:
    """The host checks no key on the open route, so nothing is told there."""
    site.mode("off")
    problem = told(await site.send("health", {}, params={"deep": "1"}), 401)
    assert "GET /api/health/deep" in problem["detail"]


async def ask_by_address(site: Site, url: str, headers: dict[str, str]) -> func.HttpResponse:
    """Ask as the host does, which leaves parameters without a value out."""
    request = func.HttpRequest(method="GET", url=url, headers=headers, body=b"")
    handler = route_of(BY_NAME["health"]).handler
    answer = await handler(request, client=site.durable.client())
    assert isinstance(answer, func.HttpResponse)
    return answer


@pytest.mark.parametrize("query", ["?deep", "?deep=", "?a=b&deep", "?deep=1"])
async def test_deep_needs_no_value(site: Site, query: str) -> None:
    """`?deep` as the issue writes it is enough."""
    site.mode("on")
    answer = await ask_by_address(site, f"https://x/api/health{query}", signed_in(DIEGO))
    assert told(answer, 503)["findings"]


@pytest.mark.parametrize("host", ["x]y", "[", "a b:c"])
async def test_no_host_that_a_caller_sends_is_our_failure(site: Site, host: str) -> None:
    """A stranger neither fills the log nor sets off the alert on failing functions."""
    site.mode("off")
    told(await ask_by_address(site, f"http://{host}/api/health", {}), 200)
    told(await ask_by_address(site, f"http://{host}/api/health?deep", {}), 401)


async def test_operators_get_in_while_other_settings_are_broken(site: Site) -> None:
    """Who that is, is known; strangers and others stay out."""
    site.mode("on", **BROKEN)
    assert told(await site.send("examine", signed_in(DIEGO)), 503)["findings"]
    told(await site.send("examine", signed_in(MEGAN)), 403)
    told(await site.send("examine", {}), 401)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SIGNPOST_TENANT_ID": ""},
        {"WEBSITE_AUTH_ENABLED": ""},
        {"SIGNPOST_OPERATORS": "everybody"},
        {"SIGNPOST_SIGN_IN": "of"},
    ],
)
async def test_nobody_gets_in_while_nobody_can_be_known(site: Site, wrong: Any) -> None:
    """A forged header opens nothing, whichever setting of the sign-in is broken."""
    site.mode("on", **wrong)
    for name in ("health", "examine"):
        headers = signed_in(DIEGO) | {"X-Signpost-Me": DIEGO}
        problem = told(await site.send(name, headers, params={"deep": "1"}), 401)
        assert "settings of the sign-in" in problem["detail"]


async def test_nobody_hammers_what_is_examined(site: Site, models: ModelsDouble) -> None:
    """Many who ask at once, and again, cost one examination."""
    site.mode("off", MODEL_BASE_URL=f"{models.url}/v1")
    await asyncio.gather(*(site.send("examine", {}) for _ in range(20)))
    await site.send("examine", {})
    assert models.asked == 1
