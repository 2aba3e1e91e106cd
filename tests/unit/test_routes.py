"""The routes start, follow, cancel and sign, and tell Durable only after the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signpost import records, runs
from signpost.ledger import Ledger
from signpost.links import sign_link
from signpost.policy import Stage
from signpost.settings import settings
from signpost.text import digest
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    RUN,
    TEXT,
    a_request,
    a_run,
    get_round,
    handler,
    json_of,
    put,
)
from tests.doubles.durable_double import DurableDouble
from tests.routed import HOUR, waiting
from triggers import approvals, steering
from triggers import runs as routes

START, FOLLOW, CANCEL = map(handler, (routes.start_run, routes.follow_run, steering.cancel_run))
RECEIPT, FLOWS = handler(routes.show_receipt), handler(routes.list_flows)
SHOW, SIGN = handler(approvals.show_approval), handler(approvals.sign)
BODY = {"inputs": {"Topic": "The terrace"}, "requestor": MEGAN}
APPROVE = {"response": "Approve", "digest": digest(TEXT)}


async def start(double: DurableDouble, body: Any = BODY, **headers: str) -> Any:
    """Start a run of the shipped flow."""
    request = a_request(body, headers=headers, flow="topic-post")
    return await START(request, client=double.client())


async def follow(double: DurableDouble, run: str = RUN) -> Any:
    """Look at a run, and give what is shown."""
    answer = await FOLLOW(a_request(id=run), client=double.client())
    assert answer.status_code == 200
    return json_of(answer)


def with_token(body: object = None, who: str = ADELE, approval: str = f"{RUN}-1") -> Any:
    """Build a request that carries somebody's token for the default round."""
    until = datetime.now(UTC) + HOUR
    token = sign_link(settings(), RUN, 1, who, until).partition("#")[2]
    return a_request(body, headers={"X-Approval-Token": token}, id=approval)


async def sign(double: DurableDouble, body: Any = None, who: str = ADELE) -> Any:
    """Answer the default round."""
    return await SIGN(with_token(body or APPROVE, who), client=double.client())


async def test_a_run_is_started(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """The answer names the run and where to follow it, and the orchestration is started."""
    answer = await start(durable_double)
    run = json_of(answer)["id"]
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"http://localhost:7071/api/runs/{run}"
    assert durable_double.told == [f"start {run}"]


async def test_a_start_tells_no_management_url(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Neither Durable's own addresses nor the caller's Host header come back."""
    answer = await start(durable_double)
    shown = answer.get_body().decode() + str(dict(answer.headers))
    assert not [leak for leak in ("code=", "durabletask", "spoofed", "secret") if leak in shown]


async def test_a_repeated_start_is_one_run(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """The same key starts one orchestration and gives the same answer."""
    first = await start(durable_double, **{"Idempotency-Key": "k"})
    again = await start(durable_double, **{"Idempotency-Key": "k"})
    assert first.get_body() == again.get_body()
    assert len(durable_double.told) == 1


@pytest.mark.parametrize("status", ["Completed", "Failed", "Terminated"])
async def test_a_run_that_ended_is_not_started_again(
    app_ledger: Ledger, durable_double: DurableDouble, status: str
) -> None:
    """Durable would start an instance anew that is over, so it is not asked to."""
    run = json_of(await start(durable_double, **{"Idempotency-Key": "k"}))["id"]
    durable_double.put(run, status)
    assert (await start(durable_double, **{"Idempotency-Key": "k"})).status_code == 202
    assert durable_double.told == [f"start {run}"]


async def test_a_start_that_durable_missed_is_made_up_for(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """The caller that was told of the failure repeats itself, and the same run starts."""
    durable_double.down = True
    assert (await start(durable_double, **{"Idempotency-Key": "k"})).status_code == 500
    durable_double.down = False
    answer = await start(durable_double, **{"Idempotency-Key": "k"})
    assert durable_double.told == [f"start {json_of(answer)['id']}"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00e4", "a\nb", "\ud800"])
async def test_odd_keys_are_refused(
    app_ledger: Ledger, durable_double: DurableDouble, key: str
) -> None:
    """A key is 1 to 255 visible characters."""
    request = a_request(BODY, flow="topic-post")
    request.headers.__http_headers__["idempotency-key"] = key
    answer = await START(request, client=durable_double.client())
    assert (answer.status_code, json_of(answer)["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("flow", ["gone", "", "../flows/topic-post", "\ud800", "a\0", "x" * 9000])
async def test_unknown_flows_are_404(
    app_ledger: Ledger, durable_double: DurableDouble, flow: str
) -> None:
    """Whatever stands in the path, it is a flow or it is not."""
    answer = await START(a_request(BODY, flow=flow), client=durable_double.client())
    assert answer.status_code == 404


@pytest.mark.parametrize("run", ["gone", "start", "0" * 32, "\ud800", "a\0", "..", "x" * 9000])
async def test_unknown_runs_are_404(
    app_ledger: Ledger, durable_double: DurableDouble, run: str
) -> None:
    """Every route about a run says that there is none."""
    client = durable_double.client()
    answers = [
        await FOLLOW(a_request(id=run), client=client),
        await RECEIPT(a_request(id=run)),
        await CANCEL(a_request({}, id=run), client=client),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_flows_are_listed(app_ledger: Ledger) -> None:
    """A caller learns what there is to start."""
    listed = json_of(await FLOWS(a_request()))["flows"]
    assert [flow["name"] for flow in listed] == ["topic-post", "write-up"]


async def test_a_waiting_run_is_shown(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """The state is the ledger's, and nothing is woken that waits rightly."""
    await waiting(app_ledger)
    durable_double.put(RUN, state="waiting")
    assert (await follow(durable_double))["detail"] == f"Waiting for {ADELE} or {ALEX}."
    assert durable_double.told == []


async def test_a_slow_draft_explains_itself(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """While drafting the orchestration says what it waits for."""
    await put(app_ledger, records.RUN, a_run())
    durable_double.put(RUN, state="drafting")
    assert (await follow(durable_double))["detail"] == "Said while drafting."


async def test_a_lost_start_is_mended(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """A run that was recorded and never started is started at the next look."""
    await waiting(app_ledger)
    await follow(durable_double)
    assert durable_double.told == [f"start {RUN}"]


async def test_a_fresh_start_is_not_doubled(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Right after a start Durable may not know the run yet."""
    await waiting(app_ledger, age=timedelta())
    await follow(durable_double)
    assert durable_double.told == []


async def test_a_lost_wake_up_is_mended(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """A decision that the orchestration never heard of wakes it at the next look."""
    await waiting(app_ledger)
    await runs.cancel(app_ledger, RUN, "", None, datetime.now(UTC) - HOUR / 2)
    durable_double.put(RUN, state="waiting")
    await follow(durable_double)
    assert durable_double.told == ["round-1-1"]


@pytest.mark.parametrize("status", ["Failed", "Terminated"])
async def test_a_broken_run_is_closed(
    app_ledger: Ledger, durable_double: DurableDouble, status: str
) -> None:
    """A run whose orchestration is dead is closed, and nobody can sign it any more."""
    await waiting(app_ledger)
    durable_double.put(RUN, status)
    told = await follow(durable_double)
    assert (told["state"], told["outcome"]) == ("closed", "Failed")
    assert (await sign(durable_double)).status_code == 410


async def test_a_signature_counts(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """The answer names the decision, and the waiting orchestration is woken by its slot."""
    await waiting(app_ledger)
    durable_double.put(RUN)
    answer = await sign(durable_double)
    assert (answer.status_code, json_of(answer)["outcome"]) == (200, "Approve")
    assert durable_double.told == ["round-1-1"]


async def test_an_answer_that_leaves_the_stage_open_wakes_nobody(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Half an approval costs the run's history nothing; the half that decides does."""
    everyone = "Approve/Reject - Everyone must approve"
    await waiting(app_ledger, type=everyone, allow_edits=False)
    durable_double.put(RUN)
    await sign(durable_double)
    assert durable_double.told == []
    await sign(durable_double, who=ALEX)
    assert durable_double.told == ["round-1-1"]


async def test_the_last_answer_of_a_stage_wakes_the_run(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Those of the next stage are to be told, also in a flow whose notices failed before."""
    stages = [Stage(assigned_to=[ADELE]), Stage(assigned_to=[ALEX])]
    chain: dict[str, Any] = {"type": "Sequential approval", "assigned_to": None, "stages": stages}
    await waiting(app_ledger, allow_edits=False, **chain)
    durable_double.put(RUN)
    await sign(durable_double)
    assert durable_double.told == ["round-1-1"]


async def test_a_signature_counts_while_durable_is_down(
    app_ledger: Ledger, durable_double: DurableDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """The ledger decided, so the approver is told so; the log tells of the lost wake-up."""
    await waiting(app_ledger)
    durable_double.down = True
    assert (await sign(durable_double)).status_code == 200
    assert f"The wake-up of run {RUN} was not taken" in caplog.text


async def test_the_second_signature_hears_of_the_first(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """409 names the winner."""
    await waiting(app_ledger)
    await sign(durable_double)
    answer = await sign(durable_double, {**APPROVE, "response": "Reject", "comments": "No."}, ALEX)
    assert answer.status_code == 409
    assert json_of(answer)["decision"]["responder"]["email"] == ADELE


async def test_a_person_who_was_not_asked_opens_nothing(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Even a rightly signed token is refused for somebody who is not on the list."""
    await waiting(app_ledger)
    answer = await sign(durable_double, who="diego@contoso.com")
    assert (answer.status_code, (await SHOW(with_token(who=MEGAN))).status_code) == (403, 403)
    assert (await get_round(app_ledger)).outcome is None


TOKENS = ["", "x", "a.b", "\ud800", "\u00e4", "x" * 100_000]


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: ascii(token)[:20])
async def test_bad_tokens_all_look_alike(app_ledger: Ledger, token: str) -> None:
    """Missing, forged or foreign: one and the same 401, on runs that exist and that do not."""
    request = a_request(id=f"{RUN}-1")
    request.headers.__http_headers__["x-approval-token"] = token
    foreign = await SHOW(with_token(approval=f"{'0' * 32}-1"))
    answer = await SHOW(request)
    assert (answer.status_code, answer.get_body()) == (401, foreign.get_body())


async def test_looking_decides_nothing(app_ledger: Ledger) -> None:
    """However often the approval is looked at, the ledger stays as it is."""
    await waiting(app_ledger)
    before = await app_ledger.rows(RUN)
    for _ in range(20):
        assert (await SHOW(with_token())).status_code == 200
    assert await app_ledger.rows(RUN) == before


async def test_an_approver_sees_what_there_is_to_sign(app_ledger: Ledger) -> None:
    """The text, its digest, and who the token says that one is."""
    await waiting(app_ledger)
    view = json_of(await SHOW(with_token(who=ALEX)))
    assert (view["text"], view["digest"], view["you"]) == (TEXT, digest(TEXT), ALEX)


BAD_ANSWERS: list[tuple[Any, int, str | None]] = [
    (b"{", 400, None),
    ({"response": "Approve"}, 422, "digest"),
    ({**APPROVE, "response": "approve"}, 422, "response"),
    ({**APPROVE, "digest": "sha256:0"}, 422, "digest"),
    ({**APPROVE, "acceptedText": 5}, 422, "acceptedText"),
    ({**APPROVE, "acceptedText": "x" * 30_000}, 422, "acceptedText"),
    ({**APPROVE, "comments": "x" * 4001}, 422, "comments"),
    ({**APPROVE, "comments": None}, 422, "comments"),
    ({**APPROVE, "approver": ALEX}, 422, "approver"),
    ({**APPROVE, "responder": ALEX}, 422, "responder"),
    ({"response": "Reject", "digest": digest(TEXT)}, 422, "comments"),
    (b"x" * 300_000, 413, None),
]


@pytest.mark.parametrize("body,status,field", BAD_ANSWERS, ids=lambda value: str(value)[:60])
async def test_bad_answers_leave_the_round_open(
    app_ledger: Ledger, durable_double: DurableDouble, body: Any, status: int, field: str | None
) -> None:
    """Each mistake is told, and nothing is decided or woken."""
    await waiting(app_ledger)
    answer = await sign(durable_double, body)
    assert (answer.status_code, json_of(answer).get("field")) == (status, field)
    assert (await get_round(app_ledger)).outcome is None
    assert durable_double.told == []


async def test_a_run_is_canceled(app_ledger: Ledger, durable_double: DurableDouble) -> None:
    """The round ends and the orchestration is woken; the second time it is over."""
    await waiting(app_ledger)
    durable_double.put(RUN)
    request = a_request({"reason": "Not needed."}, id=RUN)
    first = await CANCEL(request, client=durable_double.client())
    again = await CANCEL(request, client=durable_double.client())
    assert (first.status_code, again.status_code) == (200, 410)
    assert durable_double.told == ["round-1-1"]


async def test_a_run_is_canceled_while_drafting(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """Without a round the wait of the draft is woken, and the run says that it was canceled."""
    await put(app_ledger, records.RUN, a_run())
    durable_double.put(RUN, state="drafting")
    await CANCEL(a_request({}, id=RUN), client=durable_double.client())
    assert durable_double.told == ["round-1-0"]
    assert "canceled" in (await follow(durable_double))["detail"]


async def test_a_receipt_comes_with_the_end(
    app_ledger: Ledger, durable_double: DurableDouble
) -> None:
    """An open run has none yet; a closed one shows the stored record."""
    await waiting(app_ledger)
    assert (await RECEIPT(a_request(id=RUN))).status_code == 404
    durable_double.put(RUN, "Terminated")
    await follow(durable_double)
    stored = await app_ledger.get(RUN, records.RECEIPT)
    assert stored is not None
    assert (await RECEIPT(a_request(id=RUN))).get_body() == stored.body


async def test_tokens_stay_out_of_the_log(
    app_ledger: Ledger, durable_double: DurableDouble, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong on the way, no token is written down."""
    caplog.set_level("DEBUG")
    request = with_token(APPROVE)
    await SIGN(request, client=durable_double.client())
    assert request.headers["x-approval-token"] not in caplog.text
