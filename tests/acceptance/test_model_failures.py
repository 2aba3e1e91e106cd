"""Whatever Azure OpenAI answers, a run ends as it should and says why: the real app, own clock."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from signpost.contracts import MAX_ATTEMPTS, REQUEST_CHANGES
from tests.acceptance.azure_stand import DEPLOYMENT, AzureStand, azure_stand
from tests.builders import ADELE, a_flow
from tests.doubles import azure_openai_answers as azure
from tests.doubles.azure_openai_answers import busy, failure
from tests.doubles.openai_double import Scripted, completion

# What the SDK says once in a process is no fault of the app.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

DAY = timedelta(days=1)
REWORD = "Word the input differently."
GIVEN_UP = "Signpost tried 5 times; start the run again later."


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[AzureStand]:
    """Run an app beside a loopback Azure OpenAI."""
    async with azure_stand(tmp_path) as running:
        yield running


OFF = "The model service's content filter did not work, so its text was not accepted."
CAPACITY = "The model is at its capacity."
FAILED = "The model service failed ({})."
NO_COMPLETION = (
    "The model service answered with something that is no completion: check its address."
)
OTHER_MODEL = (
    "The model does not take {} as it is sent: set AZURE_OPENAI_MODEL to the model behind the "
    "deployment, such as gpt-5-mini."
)
TOO_LONG = azure.too_long("This model's maximum context length is 128000 tokens. However, your "
                          "messages resulted in 204308 tokens.")  # fmt: skip
NO_ROOM = Scripted(body=completion("", finish_reason="length"))
QUOTA = failure(429, {"code": "insufficient_quota"})

# What the service answers to each request, how often it is asked then, and what the run says.
FINAL: dict[str, tuple[Scripted, int, str]] = {
    "400, prompt filtered": (
        azure.blocked(violence=True),
        1,
        f"The input was blocked by the content policy (violence). {REWORD}",
    ),
    "400, jailbreak": (
        azure.blocked(jailbreak=True),
        1,
        f"The input was blocked by the content policy (jailbreak). {REWORD}",
    ),
    "200, answer filtered": (
        azure.FILTERED_TEXT,
        1,
        f"The model's answer was blocked by the content policy (violence). {REWORD}",
    ),
    "200, filter error, plural": (Scripted(body=azure.UNFILTERED["plural"]), 5, OFF),
    "200, filter error, singular": (Scripted(body=azure.UNFILTERED["singular"]), 5, OFF),
    "200, filter error, own name": (Scripted(body=azure.UNFILTERED["by its own name"]), 5, OFF),
    "200, prompt's, plural": (Scripted(body=azure.UNFILTERED["prompt, plural"]), 5, OFF),
    "200, prompt's, singular": (Scripted(body=azure.UNFILTERED["prompt, singular"]), 5, OFF),
    "200, empty": (Scripted(body=completion("")), 1, "The model answered with an empty text."),
    "200, refusal": (azure.DECLINED, 1, f"The model refused to write this. {REWORD}"),
    "200, no text": (Scripted(body=completion(["Hello."])), 1, NO_COMPLETION),
    "200, a page": (azure.SIGN_IN_PAGE, 1, NO_COMPLETION),
    "200, no room": (
        NO_ROOM,
        2,
        "The model used up its tokens before the text began: raise max_tokens in the flow.",
    ),
    "400, too long": (
        TOO_LONG,
        1,
        "The input is too long for the model: it has 204,308 tokens, and the model takes 128,000.",
    ),
    "400, max_tokens": (azure.NO_MAX_TOKENS, 1, OTHER_MODEL.format("max_tokens")),
    "400, temperature": (azure.NO_TEMPERATURE, 1, OTHER_MODEL.format("temperature")),
    "400, too much room": (
        azure.TOO_MANY_TOKENS,
        1,
        "The model takes max_tokens up to 4,096: lower it in the flow.",
    ),
    "401, no role": (
        azure.NO_ROLE,
        2,
        (
            "Signpost may not use the model (401): give its managed identity the role Cognitive "
            "Services OpenAI User on the Azure OpenAI resource."
        ),
    ),
    "403, network": (
        azure.FIREWALL,
        1,
        "The model service's network rules keep Signpost out (403): let the app in.",
    ),
    "404, deployment": (
        azure.NO_DEPLOYMENT,
        1,
        "The model deployment does not exist: check AZURE_OPENAI_DEPLOYMENT.",
    ),
    "404, address": (
        azure.NOT_FOUND,
        1,
        (
            "The model service does not know the address or its version (404): check "
            "AZURE_OPENAI_ENDPOINT, or set AZURE_OPENAI_API_VERSION, such as 2024-10-21, where the "
            "service has no v1 API."
        ),
    ),
    "307": (
        azure.MOVED,
        1,
        (
            "The model service sends callers elsewhere (307), where Signpost does not go: check "
            "AZURE_OPENAI_ENDPOINT."
        ),
    ),
    "429, no quota": (QUOTA, 1, "The quota of the model service is used up: see its billing."),
    "429, 6 days": (
        busy(retry_after="518400"),
        1,
        "The model is at its capacity. It asks to be left alone for 5 days or more.",
    ),
    "429, always": (busy(retry_after="7"), 5, CAPACITY),
    "408, always": (failure(408, {}), 5, FAILED.format(408)),
    "409, always": (failure(409, {}), 5, FAILED.format(409)),
    "500, always": (failure(500, {}), 5, FAILED.format(500)),
    "502, always": (azure.PROXY_PAGE, 5, FAILED.format(502)),
    "503, always": (failure(503, {}, retry_after="40"), 5, FAILED.format(503)),
    "reset, always": (Scripted(close=True), 5, "The model can't be reached."),
}


@pytest.mark.parametrize("name", FINAL)
async def test_a_run_without_a_draft_says_why(stand: AzureStand, name: str) -> None:
    """It ends as Failed with the sentence, after no more than five calls, and nobody is asked."""
    answer, calls, sentence = FINAL[name]
    stand.model.script.extend([answer] * 9)
    shown = await stand.drafted(await stand.begin())
    assert (shown["state"], shown["outcome"]) == ("closed", "Failed")
    told = f"{sentence} {GIVEN_UP}" if calls == MAX_ATTEMPTS else sentence
    assert shown["detail"] == f"{told} Nothing was posted."
    assert len(stand.model.requests) == calls <= MAX_ATTEMPTS
    assert (stand.app.teams.chats, stand.app.teams.channel) == ({}, [])


PASSING: dict[str, tuple[Scripted, str]] = {
    "429": (busy(), CAPACITY),
    "408": (failure(408, {}), FAILED.format(408)),
    "409": (failure(409, {}), FAILED.format(409)),
    "500": (failure(500, {}), FAILED.format(500)),
    "502": (azure.PROXY_PAGE, FAILED.format(502)),
    "504": (Scripted(504, b""), FAILED.format(504)),
    "reset": (Scripted(close=True), "The model can't be reached."),
    "filter error": (Scripted(body=azure.UNFILTERED["plural"]), OFF),
}


@pytest.mark.parametrize("name", PASSING)
async def test_what_passes_ends_in_a_draft(stand: AzureStand, name: str) -> None:
    """Meanwhile the run says why it waits, and until when; five seconds are the least."""
    answer, sentence = PASSING[name]
    stand.model.script.append(answer)
    run = await stand.begin()
    assert (await stand.view(run))[
        "detail"
    ] == f"{sentence} Next try at {next_try(stand):%H:%M} UTC."
    shown = await stand.drafted(run)
    assert (shown["state"], shown["round"]["text"]) == ("waiting", "Hello.")
    assert 5 <= stand.gaps[0] <= 6.5
    assert len(stand.model.requests) == 2


def next_try(stand: AzureStand) -> datetime:
    """Say when the only run there is wakes up."""
    due = stand.app.clock.next_alarm()
    assert due is not None
    return due


WAITS: dict[str, tuple[dict[str, str], float]] = {
    "milliseconds": ({"retry_after_ms": "1500"}, 1.5),
    "milliseconds and seconds": ({"retry_after_ms": "30500", "retry_after": "1"}, 30.5),
    "seconds": ({"retry_after": "7"}, 7),
    "above two minutes": ({"retry_after": "121"}, 121),
    "four days": ({"retry_after": "345600"}, 345_600),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", WAITS)
async def test_no_request_comes_before_its_time(stand: AzureStand, name: str, status: int) -> None:
    """After each refusal the service is left alone as long as it asked, up to a quarter longer."""
    headers, seconds = WAITS[name]
    stand.model.script.extend([failure(status, {}, **headers)] * (MAX_ATTEMPTS - 1))
    shown = await stand.drafted(await stand.begin())
    assert shown["round"]["text"] == "Hello."
    assert len(stand.gaps) == MAX_ATTEMPTS - 1
    assert all(seconds <= gap <= 1.25 * seconds + 0.1 for gap in stand.gaps)


async def test_no_request_comes_before_its_date(stand: AzureStand) -> None:
    """The header may name a date instead."""
    date = stand.app.clock.now().replace(microsecond=0) + timedelta(minutes=90)
    stand.model.script.append(busy(retry_after=format_datetime(date, usegmt=True)))
    await stand.drafted(await stand.begin())
    assert date.timestamp() <= stand.model.arrivals[1] <= date.timestamp() + 0.25 * 90 * 60


async def test_a_wait_of_days_names_the_day(stand: AzureStand) -> None:
    """An hour alone would be taken for today's."""
    stand.model.script.append(busy(retry_after="345600"))
    run = await stand.begin()
    due = next_try(stand)
    assert due - stand.app.clock.now() > 3 * DAY
    assert (await stand.view(run))["detail"] == f"{CAPACITY} Next try on {due:%d %b, %H:%M} UTC."


async def test_a_restart_during_the_wait_brings_no_early_request(stand: AzureStand) -> None:
    """The wait is in the run's history, and no process has to live through it."""
    stand.model.script.append(busy(retry_after="3600"))
    run = await stand.begin()
    await stand.app.advance(timedelta(minutes=30))
    await stand.app.restart()
    assert len(stand.model.requests) == 1
    assert (await stand.drafted(run))["state"] == "waiting"
    assert 3600 <= stand.gaps[0] <= 4500


async def test_a_cancel_ends_a_wait_of_days(stand: AzureStand) -> None:
    """Nobody has to wait for a draft that is not wanted any more, and the model is left alone."""
    stand.model.script.append(busy(retry_after="345600"))
    run = await stand.begin()
    await stand.app.cancel(run)
    assert (await stand.view(run))["outcome"] == "Canceled"
    await stand.app.advance(5 * DAY)
    assert len(stand.model.requests) == 1


async def test_a_changed_draft_waits_as_the_first_one_does(stand: AzureStand) -> None:
    """Each round has five calls of its own, and the wait between two is told."""
    run = await stand.app.begin(a_flow(allow_request_changes=True))
    stand.model.script.extend([busy(retry_after="60")] * (MAX_ATTEMPTS - 1))
    await stand.app.answer(run, ADELE, REQUEST_CHANGES, comments="Shorter.")
    assert (await stand.view(run))["detail"].startswith(f"{CAPACITY} Next try at ")
    shown = await stand.drafted(run)
    assert (shown["state"], shown["round"]["number"]) == ("waiting", 2)
    assert len(stand.model.requests) == 1 + MAX_ATTEMPTS
    assert (shown["promptTokens"], shown["completionTokens"]) == (14, 4)


async def test_what_no_filter_checked_is_flagged(tmp_path: Path) -> None:
    """Where an operator wants such texts, there is a draft, and it is on record what it lacks."""
    async with azure_stand(tmp_path, SIGNPOST_UNFILTERED="flag") as stand:
        stand.model.script.append(Scripted(body=azure.UNFILTERED["plural"]))
        run = await stand.begin()
        assert (await stand.view(run))["state"] == "waiting"
        draft = (await stand.app.story(run)).drafts[1]
        assert draft.content_filter["unfiltered"] == "text"


async def test_a_cut_draft_is_written_again_with_more_room(stand: AzureStand) -> None:
    """The second call follows at once, with twice the room, and its text is shown."""
    stand.model.script.append(Scripted(body=completion("Half a t", finish_reason="length")))
    shown = await stand.drafted(await stand.begin())
    assert [asked["max_tokens"] for asked in stand.model.requests] == [300, 600]
    assert shown["round"]["text"] == "Hello."
    assert (shown["promptTokens"], shown["completionTokens"]) == (14, 4)


async def test_a_draft_that_is_cut_twice_is_flagged(stand: AzureStand) -> None:
    """An approver sees that it is no complete text."""
    stand.model.script.extend([Scripted(body=completion("Half a t", finish_reason="length"))] * 9)
    shown = await stand.drafted(await stand.begin())
    assert shown["round"]["text"] == "Half a t"
    assert shown["round"]["finishReason"] == "length"
    assert len(stand.model.requests) == 2


async def test_an_identity_without_a_token_is_named(stand: AzureStand) -> None:
    """The app has no identity: five tries, no request without a token, and what to set."""
    stand.identity.status = 400
    shown = await stand.drafted(await stand.begin())
    assert (shown["outcome"], stand.model.requests, stand.model.turned_away) == ("Failed", [], [])
    assert "give the app an identity" in shown["detail"]


async def test_a_token_that_is_not_believed_is_replaced(stand: AzureStand) -> None:
    """The service wants a newer one: the draft is there without a wait."""
    stand.identity.tokens = ["old", "new"]
    stand.model.token = "new"
    shown = await stand.view(await stand.begin())
    assert shown["state"] == "waiting"
    assert (stand.model.turned_away, stand.model.authorizations) == (["old"], ["Bearer new"])


ORDINARY = {
    "model": DEPLOYMENT,
    "max_tokens": 300,
    "temperature": 0.7,
    "top_p": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
}
REASONING = {"model": DEPLOYMENT, "max_completion_tokens": 300}


@pytest.mark.parametrize(
    "settings,sent",
    [
        ({}, ORDINARY),
        ({"AZURE_OPENAI_API_VERSION": "2024-10-21"}, ORDINARY),
        ({"AZURE_OPENAI_MODEL": "o4-mini"}, REASONING),
        ({"AZURE_OPENAI_MODEL": "gpt-5", "AZURE_OPENAI_API_VERSION": "2024-10-21"}, REASONING),
    ],
)
async def test_a_model_gets_what_it_takes(
    tmp_path: Path, settings: dict[str, str], sent: dict[str, Any]
) -> None:
    """Keyless on either path; models that reason get no sampling, and room by its newer name."""
    async with azure_stand(tmp_path, **settings) as stand:
        run = await stand.begin(parameters={"temperature": 0.7})
        assert (await stand.view(run))["state"] == "waiting"
        [asked] = stand.model.requests
        assert {name: asked[name] for name in asked if name != "messages"} == sent
        assert stand.model.authorizations == ["Bearer made-up"]
        assert stand.identity.resources == ["https://cognitiveservices.azure.com"]


async def test_an_unknown_version_is_named(tmp_path: Path) -> None:
    """The service has no such API: the setting is named, and asking again would not help."""
    async with azure_stand(tmp_path, AZURE_OPENAI_API_VERSION="1999-01-01") as stand:
        shown = await stand.view(await stand.begin())
        assert shown["outcome"] == "Failed"
        assert "check AZURE_OPENAI_API_VERSION" in shown["detail"]
        assert stand.model.turned_away == ["version"]
