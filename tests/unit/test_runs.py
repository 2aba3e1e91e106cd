"""A run is started once, and checked before it starts: who asks, what, and who can sign."""

import asyncio
from typing import Any

import msgspec
import pytest

from signpost import lists, runs
from signpost.flows import Flow, Parameters
from signpost.inputs import Text
from signpost.ledger import Ledger
from signpost.policy import Stage
from signpost.problems import Invalid, Unknown
from signpost.runs import Start
from tests.builders import ADELE, ALEX, MEGAN, NOW, RUN, a_flow

QUORUM, EVERYONE = "Approve/Reject - Quorum", "Approve/Reject - Everyone must approve"
DIEGO = "diego@contoso.com"
TWO_OF: dict[str, Any] = {"type": QUORUM, "approvals": 2, "allow_edits": False}


def body(**fields: Any) -> Start:
    """Build the body of a start."""
    return Start(**{"inputs": {"Topic": "The terrace"}, "requestor": MEGAN} | fields)


async def start(
    ledger: Ledger, key: str | None = None, flow: Flow | None = None, **fields: Any
) -> tuple[str, bool]:
    """Start a run of the default flow."""
    return await runs.start(ledger, flow or a_flow(), body(**fields), key, NOW)


async def refused(ledger: Ledger, **fields: Any) -> Invalid:
    """Give the problem that a start ends in."""
    with pytest.raises(Invalid) as error:
        await start(ledger, **fields)
    return error.value


async def test_a_run_is_recorded(ledger: Ledger) -> None:
    """What was asked is in the ledger before anything is started."""
    run, new = await start(ledger, parameters=Parameters(temperature=1))
    assert new
    story = await runs.story(ledger, run)
    assert (story.run.requestor, story.run.created_at) == (MEGAN, NOW)
    assert (story.state, story.run.parameters.temperature) == ("drafting", 1)


async def test_runs_without_a_key_differ(ledger: Ledger) -> None:
    """The same body twice is two runs, unless the caller says otherwise."""
    assert await start(ledger) != await start(ledger)


async def test_the_same_key_gives_the_same_run(ledger: Ledger) -> None:
    """A caller that repeats itself gets the run that is there."""
    first, _ = await start(ledger, "key")
    assert await start(ledger, "key") == (first, False)


async def test_a_hundred_starts_with_one_key_are_one_run(ledger: Ledger) -> None:
    """However many come at once, one run is new."""
    started = await asyncio.gather(*(start(ledger, "key") for _ in range(100)))
    assert len({run for run, _ in started}) == 1
    assert sum(new for _, new in started) == 1


async def test_a_key_is_for_one_body(ledger: Ledger) -> None:
    """The same key with another body is a mistake of the caller."""
    await start(ledger, "key")
    error = await refused(ledger, key="key", inputs={"Topic": "Another"})
    assert error.field == "Idempotency-Key"


async def test_the_order_of_members_does_not_matter(ledger: Ledger) -> None:
    """The same values in another order are the same body."""
    first = await start(ledger, "key", inputs={"Topic": "T", "Tone": "warm"})
    again = await start(ledger, "key", inputs={"Tone": "warm", "Topic": "T"})
    assert again[0] == first[0]


async def test_keys_belong_to_their_flow(ledger: Ledger) -> None:
    """Two flows may be started with the same key."""
    other = Flow(**{**{f: getattr(a_flow(), f) for f in Flow.__struct_fields__}, "name": "olds"})
    assert (await start(ledger, "key"))[0] != (await start(ledger, "key", flow=other))[0]


async def test_a_start_that_stopped_half_way_is_finished(ledger: Ledger) -> None:
    """A crash between key and run leaves no key without a run: the repetition makes it."""
    claimed = await runs._claim(ledger, a_flow(), body(), "key")
    assert await start(ledger, "key") == (claimed, True)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"inputs": {}}, "inputs.Topic", "missing"),
    ({"inputs": {"Topic": None}}, "inputs.Topic", "missing"),
    ({"inputs": {"Topic": ""}}, "inputs.Topic", "empty"),
    ({"inputs": {"Topic": " \n\t"}}, "inputs.Topic", "empty"),
    ({"inputs": {"Topic": 5}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": ["x"]}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": {"x": 1}}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": True}}, "inputs.Topic", "Give a text"),
    ({"inputs": {"Topic": "x" * 4001}}, "inputs.Topic", "these are 4,001"),
    ({"inputs": {"Topic": "pay\u202eroll"}}, "inputs.Topic", "U+202E"),
    ({"inputs": {"Topic": "a\0b"}}, "inputs.Topic", "U+0000"),
    ({"inputs": {"Topic": "T", "Tone": 5}}, "inputs.Tone", "Give a text"),
    ({"inputs": {"Topic": "T", "topic": "t"}}, "inputs.topic", "no input 'topic'"),
    ({"inputs": {"Topic": "T", "": "t"}}, "inputs.", "no input ''"),
]


@pytest.mark.parametrize("fields,field,said", REFUSED)
async def test_bodies_that_can_not_be_used_are_refused(
    ledger: Ledger, fields: dict[str, Any], field: str, said: str
) -> None:
    """The field at fault is named, and nothing is recorded."""
    error = await refused(ledger, key="key", **fields)
    assert error.field == field
    assert said in error.detail
    assert await ledger.rows(runs.STARTS) == {}


@pytest.mark.parametrize(
    "topic", ["x" * 4000, "\U0001f600" * 4000, "Two\r\nlines", "\u0130stanbul"]
)
async def test_topics_of_all_kinds_are_taken(ledger: Ledger, topic: str) -> None:
    """4,000 characters of any script, with any line ends, are a topic."""
    run, _ = await start(ledger, inputs={"Topic": topic})
    assert (await runs.story(ledger, run)).run.inputs == {"Topic": topic}


async def test_an_optional_input_may_be_left_out(ledger: Ledger) -> None:
    """Null, empty and missing all mean that there is none."""
    for inputs in ({"Topic": "T"}, {"Topic": "T", "Tone": None}, {"Topic": "T", "Tone": ""}):
        assert (await start(ledger, inputs=inputs))[1]


async def test_somebody_has_to_be_left_to_sign(ledger: Ledger) -> None:
    """Who asks may not sign, so a run that only that person could sign does not start."""
    error = await refused(ledger, flow=a_flow(assigned_to=[ADELE]), requestor=ADELE.upper())
    assert error.field == "requestor"


async def test_longer_limits_are_the_flows(ledger: Ledger) -> None:
    """Each input has its own limit."""
    flow = a_flow()
    flow.inputs["Topic"] = Text(max_length=3)
    assert (await refused(ledger, flow=flow, inputs={"Topic": "four"})).field == "inputs.Topic"


@pytest.mark.parametrize(
    "run",
    ["", "start", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "\ud800", "a\0", f"{RUN}\n", "../x"],
)
async def test_odd_ids_are_unknown(ledger: Ledger, run: str) -> None:
    """What is no run's id is no run, and does not get near the store."""
    await start(ledger, "key")
    with pytest.raises(Unknown):
        await runs.story(ledger, run)
    with pytest.raises(Unknown):
        await runs.cancel(ledger, run, "", None, NOW)


@pytest.mark.parametrize(
    "who", ["", "adele", "a\u200b@contoso.com", "a@b;c@d", "adele@contoso.com\n", "x" * 120 + "@c"]
)
def test_who_asks_is_one_address(who: str) -> None:
    """A body that names nobody, or two, is refused as it is read."""
    with pytest.raises(msgspec.ValidationError, match="requestor"):
        msgspec.convert({"inputs": {}, "requestor": who}, Start)


def asking(flow: Flow, name: str = "Boss", *, required: bool = True) -> Flow:
    """Add an input to a flow by which somebody is named."""
    flow.inputs[name] = Text(required=required)
    return flow


async def requestor(ledger: Ledger, flow: Flow, **fields: Any) -> str | None:
    """Start a run and give who is recorded as asking for it."""
    run, _ = await start(ledger, flow=flow, **fields)
    return (await runs.story(ledger, run)).run.requestor


async def test_a_flow_may_say_who_asks(ledger: Ledger) -> None:
    """Where the body names nobody, the flow's own requester counts."""
    assert await requestor(ledger, a_flow(requestor=DIEGO), requestor=None) == DIEGO


async def test_the_body_comes_before_the_flow(ledger: Ledger) -> None:
    """Who is named by the request itself asks, whatever the flow says."""
    assert await requestor(ledger, a_flow(requestor=DIEGO), requestor=MEGAN) == MEGAN


async def test_an_input_may_say_who_asks(ledger: Ledger) -> None:
    """A form's field names the requester, under the name that the directory has."""
    flow = asking(a_flow(requestor="{{ Boss }}"))
    inputs = {"Topic": "T", "Boss": "MEGAN@contoso.com"}
    assert await requestor(ledger, flow, requestor=None, inputs=inputs) == MEGAN


async def test_an_empty_input_names_nobody(ledger: Ledger) -> None:
    """An optional field that is left empty leaves the run without a requester."""
    flow = asking(a_flow(requestor="{{ Boss }}"), required=False)
    assert await requestor(ledger, flow, requestor=None) is None


@pytest.mark.parametrize(
    "named,field",
    [(f"{MEGAN}; {DIEGO}", "requestor"), ("a b@c", "inputs.Boss"), ("Nobodies", "inputs.Boss")],
)
async def test_an_input_names_one_requester(ledger: Ledger, named: str, field: str) -> None:
    """Two people, a broken address and an unknown list are refused, with the field."""
    flow = asking(a_flow(requestor="{{ Boss }}"))
    inputs = {"Topic": "T", "Boss": named}
    error = await refused(ledger, flow=flow, requestor=None, inputs=inputs)
    assert error.field == field


@pytest.mark.parametrize("source", ["flow", "input", "body"])
async def test_who_asks_may_not_sign_wherever_named(ledger: Ledger, source: str) -> None:
    """The only approver can't be the one who asks, whoever says who asks."""
    named = {"flow": ADELE, "input": "{{ Boss }}", "body": None}[source]
    flow = asking(a_flow(assigned_to=[ADELE], requestor=named), required=False)
    inputs = {"Topic": "T", "Boss": ADELE}
    asks = ADELE if source == "body" else None
    assert (await refused(ledger, flow=flow, requestor=asks, inputs=inputs)).field == "requestor"


async def test_an_input_may_name_the_approvers(ledger: Ledger) -> None:
    """Approvers come from a field, split by semicolons, each once, without who asks."""
    flow = asking(a_flow(**TWO_OF, assigned_to="{{ Boss }}"))
    inputs = {"Topic": "T", "Boss": f" {ADELE};{ALEX} ; {MEGAN};ADELE@contoso.com;; "}
    run, _ = await start(ledger, flow=flow, inputs=inputs)
    assert (await runs.story(ledger, run)).run.inputs == inputs


async def test_an_input_with_too_few_approvers_is_refused(ledger: Ledger) -> None:
    """One person under two spellings, and who asks, are not three people."""
    flow = asking(a_flow(**TWO_OF, assigned_to="{{ Boss }}"))
    inputs = {"Topic": "T", "Boss": f"{ADELE}; Adele@Contoso.com; {MEGAN}"}
    assert "2 must approve" in (await refused(ledger, flow=flow, inputs=inputs)).detail


@pytest.mark.parametrize("named", ["not an address@", "Nobodies", "", " ; "])
async def test_an_input_that_names_no_approver_is_refused(ledger: Ledger, named: str) -> None:
    """A broken address, an unknown list and nothing at all start no run."""
    flow = asking(a_flow(assigned_to=["{{ Boss }}"]), required=False)
    error = await refused(ledger, flow=flow, inputs={"Topic": "T", "Boss": named})
    assert error.field in ("inputs.Boss", "requestor")
    assert (await lists.page(ledger, lists.EVERYTHING, "", 9)).pointers == []


IMPOSSIBLE: list[dict[str, Any]] = [
    {"type": QUORUM, "approvals": 3},
    {"type": QUORUM, "approvals": 2, "assigned_to": [ADELE, MEGAN]},
    {"type": EVERYONE, "assigned_to": [MEGAN]},
    {"type": "Sequential approval", "assigned_to": None, "stages": [
        {"assignedTo": [ADELE]}, {"assignedTo": [ALEX], "type": QUORUM, "approvals": 2}]},
]  # fmt: skip


@pytest.mark.parametrize("approval", IMPOSSIBLE)
async def test_what_can_never_be_signed_does_not_start(
    ledger: Ledger, approval: dict[str, Any]
) -> None:
    """A stage that asks for more people than may sign in it is found before the model is asked."""
    error = await refused(ledger, flow=a_flow(allow_edits=False, **staged(approval)))
    assert error.field == "requestor"
    assert (await lists.page(ledger, lists.EVERYTHING, "", 9)).pointers == []


def staged(approval: dict[str, Any]) -> dict[str, Any]:
    """Build the stages of a policy from plain JSON."""
    stages = msgspec.convert(approval.get("stages", []), list[Stage])
    return approval | ({"stages": stages} if stages else {})


async def test_whom_an_escalation_names_is_checked_at_the_start(ledger: Ledger) -> None:
    """A boss who is nobody is told to who asks, not found out when everybody is silent."""
    flow = asking(a_flow(escalate_to="{{ Boss }}", on_expiry="escalate"))
    error = await refused(ledger, flow=flow, inputs={"Topic": "T", "Boss": "Nobodies"})
    assert error.field == "inputs.Boss"


async def test_self_approval_is_the_flows_to_allow(ledger: Ledger) -> None:
    """Where the flow says so, who asks may be the only one to sign."""
    flow = a_flow(assigned_to=[ADELE], allow_self_approval=True)
    assert (await start(ledger, flow=flow, requestor=ADELE))[1]


async def test_a_run_is_listed_though_the_start_was_cut_off(ledger: Ledger) -> None:
    """Who repeats a start that died after the run was recorded finds it in both lists."""
    run, _ = await start(ledger, "key")
    [(row, _)] = await ledger.page(lists.EVERYTHING, "", 9)
    for partition in (lists.EVERYTHING, lists.sent(MEGAN)):
        await ledger.delete(partition, row)
    assert await start(ledger, "key") == (run, False)
    for partition in (lists.EVERYTHING, lists.sent(MEGAN)):
        assert [p.run for p in (await lists.page(ledger, partition, "", 9)).pointers] == [run]


async def test_who_cannot_sign_in_is_not_asked(ledger: Ledger) -> None:
    """Where answers need a sign-in, a flow that names somebody without an id does not start."""
    flow = a_flow(assigned_to=[ADELE, "guest@fabrikam.com"])
    with pytest.raises(Invalid, match=r"guest@.* could not answer") as error:
        await runs.start(ledger, flow, body(), None, NOW, by_sign_in=True)
    assert error.value.field == "assignedTo"
    assert await runs.start(ledger, a_flow(assigned_to=[ADELE]), body(), None, NOW, by_sign_in=True)
