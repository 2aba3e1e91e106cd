"""Lists show what the runs themselves say, a page at a time, to whom it concerns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from signpost import lists, receipts, records, rounds
from signpost.contracts import REQUEST_CHANGES, Ending
from signpost.ledger import Ledger, change
from signpost.oversight.answers import respond
from signpost.records import Round
from signpost.retention import purge_due
from signpost.settings import settings
from tests.builders import ADELE, ALEX, MEGAN, NOW, RUN, a_case, a_run, json_of, put, said, work
from tests.routed import DIEGO, HOUR, STRANGER, Call, Site, ask, signed_in, switched, waiting

MINUTE = timedelta(minutes=1)
OTHER = "0" * 31 + "1"


async def listed(site: Site, name: str, who: str = ADELE, **params: str) -> Any:
    """Give a page of a list as somebody sees it."""
    call = Call(None, signed_in(who), params)
    answer = await ask(name, site.durable.client(), call)
    assert answer.status_code == 200, answer.get_body()
    return json_of(answer)


async def received(site: Site, who: str = ADELE, **params: str) -> list[tuple[str, str]]:
    """Give the ids and states of what a person finds among their approvals."""
    page = await listed(site, "listApprovals", who, **params)
    return [(each["id"], each["state"]) for each in page["approvals"]]


async def answer_as(ledger: Ledger, person: str, response: str = "Approve", **policy: Any) -> None:
    """Have somebody answer the default round."""
    case, now = a_case(**policy), datetime.now(UTC)

    def answered(standing: Round) -> Round:
        return respond(case, now, said(person, response), standing)

    await change(ledger, RUN, records.round_row(1), Round, answered)


async def close(ledger: Ledger, outcome: str = "Approve", run: str = RUN) -> None:
    """Write the receipt of a run."""
    ended = Ending(work=msgspec.structs.replace(work(), run=run), outcome=outcome)
    await receipts.write(ledger, settings(), ended)


@pytest.fixture(autouse=True)
def with_sign_in(site: Site) -> None:
    """Let everybody sign in."""
    site.mode("on")


async def test_what_waits_is_received(site: Site) -> None:
    """Both approvers find it with what they need to know, and nobody else does."""
    await waiting(site.ledger)
    [item] = (await listed(site, "listApprovals"))["approvals"]
    assert (item["id"], item["requestor"], item["answered"]) == (f"{RUN}-1", MEGAN, False)
    assert [each["person"] for each in item["waitingFor"]] == [ADELE, ALEX]
    assert await received(site, ALEX) == [(f"{RUN}-1", "open")]
    assert await received(site, MEGAN) == await received(site, STRANGER) == []


async def test_what_one_answered_stays_until_all_did(site: Site) -> None:
    """It is shown as answered, not as open, while others are waited for."""
    policy: Any = {"type": "Approve/Reject - Everyone must approve", "allow_edits": False}
    await waiting(site.ledger, **policy)
    await answer_as(site.ledger, ADELE, **policy)
    assert await received(site) == [(f"{RUN}-1", "answered")]
    assert await received(site, ALEX) == [(f"{RUN}-1", "open")]


async def test_what_is_over_waits_for_nobody(site: Site) -> None:
    """The list may still hold it; the round says otherwise, and the deadline does."""
    await waiting(site.ledger)
    await waiting(site.ledger, age=timedelta(days=31), run=OTHER)
    await answer_as(site.ledger, ADELE)
    assert await received(site) == await received(site, ALEX) == []


@pytest.mark.parametrize("person", [ADELE, ALEX])
async def test_what_is_closed_is_history(site: Site, person: str) -> None:
    """Whoever was asked finds how it ended, also who did not answer."""
    await waiting(site.ledger)
    await answer_as(site.ledger, ADELE)
    await close(site.ledger)
    [item] = (await listed(site, "listApprovals", person, box="history"))["approvals"]
    assert (item["state"], item["outcome"], item["answered"]) == (
        "over",
        "Approve",
        person == ADELE,
    )
    assert await received(site, person) == []


async def test_a_draft_that_was_sent_back_is_history(site: Site) -> None:
    """Its round is over for everybody, though the run goes on with another draft."""
    policy: Any = {"allow_request_changes": True}
    await waiting(site.ledger, **policy)
    await answer_as(site.ledger, ADELE, REQUEST_CHANGES, **policy)
    await rounds.settle(site.ledger, settings(), work(attempt=2))
    assert await received(site, ALEX, box="history") == [(f"{RUN}-1", "over")]
    assert await received(site, ALEX) == []


async def test_history_is_filtered(site: Site) -> None:
    """By outcome and by flow."""
    await waiting(site.ledger)
    await waiting(site.ledger, run=OTHER)
    await answer_as(site.ledger, ADELE, "Reject")
    await close(site.ledger, "Reject")
    await close(site.ledger, "Failed", OTHER)
    assert await received(site, box="history", outcome="Reject") == [(f"{RUN}-1", "over")]
    assert len(await received(site, box="history", flow="news")) == 2
    assert await received(site, box="history", flow="other") == []


async def test_what_was_deleted_is_not_listed(site: Site) -> None:
    """Once its texts are gone, a run stands among the runs but not among the approvals."""
    await waiting(site.ledger)
    entry = await site.ledger.get(RUN, records.RUN)
    assert entry
    run = msgspec.json.decode(entry.body, type=records.Run)
    run = msgspec.structs.replace(run, flow=msgspec.structs.replace(run.flow, purge_after=MINUTE))
    await site.ledger.replace(RUN, records.RUN, msgspec.json.encode(run), entry.etag)
    await close(site.ledger, "Failed")
    assert await purge_due(site.ledger, NOW + timedelta(days=999)) == [RUN]
    assert await received(site, box="history") == []
    assert [each["id"] for each in (await listed(site, "listRuns", MEGAN))["runs"]] == [RUN]


async def test_pointers_to_nothing_are_skipped(site: Site) -> None:
    """A list may name a run that is not there, or a round that never was."""
    await waiting(site.ledger)
    standing = msgspec.json.decode((await site.ledger.rows(RUN))["round-1"].body, type=Round)
    await lists.asked(site.ledger, OTHER, standing, [ADELE])
    later = msgspec.structs.replace(standing, number=2)
    await lists.asked(site.ledger, RUN, later, [ADELE])
    assert await received(site) == [(f"{RUN}-1", "open")]


async def test_a_list_alone_opens_nothing(site: Site) -> None:
    """An entry that stands in the wrong list shows nothing to whom the run does not concern."""
    await waiting(site.ledger)
    await close(site.ledger, "Failed")
    [(row, entry)] = await site.ledger.page(lists.history(ADELE), "", 5)
    await site.ledger.insert(lists.history(MEGAN), row, entry.body)
    assert await received(site, MEGAN, box="history") == []


async def pages(site: Site, name: str, who: str, **params: str) -> list[list[str]]:
    """Turn the pages of a list to its end, and give the ids on each."""
    found, cursor = [], ""
    while cursor is not None:
        page = await listed(site, name, who, **params, **({"cursor": cursor} if cursor else {}))
        found.append([each["id"] for each in page[name.removeprefix("list").lower()]])
        cursor = page["next"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("name,who", [("listApprovals", ADELE), ("listRuns", MEGAN)])
async def test_pages_hold_each_once(site: Site, name: str, who: str, limit: int) -> None:
    """Newest first, at most as many as asked for, none left out and none twice."""
    runs = [f"{number:032x}" for number in range(7)]
    for number, run in enumerate(runs):
        await waiting(site.ledger, age=HOUR - number * MINUTE, run=run)
    found = await pages(site, name, who, limit=str(limit))
    assert max(map(len, found)) <= limit
    assert [each[:32] for page in found for each in page] == runs[::-1]


async def test_filters_fill_a_page(site: Site) -> None:
    """What a filter leaves out takes no place on a page."""
    for number in range(9):
        await waiting(site.ledger, age=HOUR - number * MINUTE, run=f"{number:032x}")
    await close(site.ledger, "Failed", f"{3:032x}")
    await close(site.ledger, "Failed", f"{6:032x}")
    page = await listed(site, "listRuns", MEGAN, state="closed", limit="2")
    assert [int(each["id"], 16) for each in page["runs"]] == [6, 3]


async def test_one_request_reads_a_bounded_number(site: Site) -> None:
    """A filter that nothing passes gives an empty page and where to go on."""
    began = datetime.now(UTC)
    for number in range(205):
        row = f"{9_999_999_999 - int(began.timestamp()) + number:010d}-{number:032x}-0"
        pointer = msgspec.json.encode(lists.Pointer(f"{number:032x}", 0))
        await site.ledger.insert(lists.EVERYTHING, row, pointer)
    first = await listed(site, "listRuns", DIEGO, box="all", limit="100")
    assert (first["runs"], first["next"] is None) == ([], False)
    second = await listed(site, "listRuns", DIEGO, box="all", limit="100", cursor=first["next"])
    assert second == {"runs": [], "next": None}


@pytest.mark.parametrize(
    "topic,title",
    [("The\nterrace", "News: The terrace"), ("x" * 81, f"News: {'x' * 80} \u2026")],
)
async def test_runs_of_one_flow_are_told_apart(site: Site, topic: str, title: str) -> None:
    """A run's title in a list says what it is about, on one line and in short."""
    run = a_run(inputs={"Topic": topic})
    await put(site.ledger, records.RUN, run)
    await lists.started(site.ledger, run)
    [item] = (await listed(site, "listRuns", MEGAN))["runs"]
    assert item["title"] == title


async def test_operators_see_all_runs_and_anybodys_lists(site: Site) -> None:
    """They name whose list they mean, by any name of that person."""
    await waiting(site.ledger)
    for query in ({"box": "all"}, {"person": MEGAN.upper()}):
        [item] = (await listed(site, "listRuns", DIEGO, **query))["runs"]
        assert (item["id"], item["state"]) == (RUN, "waiting")
    adele = "11111111-1111-1111-1111-111111111111"
    assert await received(site, DIEGO, person=adele) == [(f"{RUN}-1", "open")]
    assert await received(site, DIEGO) == []


async def test_a_key_has_to_say_whose_list(site: Site) -> None:
    """Nobody in particular has no list of their own."""
    site.mode("off")
    await waiting(site.ledger)
    for name, box in (("listApprovals", "received"), ("listRuns", "sent")):
        refused = await ask(name, site.durable.client(), Call(None, {}, {"box": box}))
        assert (refused.status_code, json_of(refused)["field"]) == (422, "person")
        named = await ask(name, site.durable.client(), Call(None, {}, {"person": ADELE}))
        assert named.status_code == 200


async def test_a_key_sees_all_runs_unless_it_names_somebody(site: Site) -> None:
    """Whoever operates under no name asks for everything."""
    site.mode("off")
    await waiting(site.ledger)
    everything = json_of(await ask("listRuns", site.durable.client()))
    assert [each["id"] for each in everything["runs"]] == [RUN]
    adeles = await ask("listRuns", site.durable.client(), Call(None, {}, {"person": ADELE}))
    assert json_of(adeles)["runs"] == []


ODD: list[dict[str, str]] = [
    {"limit": "0"}, {"limit": "101"}, {"limit": "-1"}, {"limit": "x"}, {"limit": "1.5"},
    {"limit": ""}, {"limit": "\u0661"}, {"box": "sent;all"}, {"box": ""}, {"cursor": "x"},
    {"cursor": "' or 1 eq 1"},
    {"cursor": f"0000000000-{RUN}-1\n"}, {"cursor": "\ud800"}, {"person": "adele"}, {"person": ""},
]  # fmt: skip


@pytest.mark.parametrize("params", ODD, ids=ascii)
@pytest.mark.parametrize("name", ["listApprovals", "listRuns"])
async def test_odd_queries_are_refused(site: Site, name: str, params: dict[str, str]) -> None:
    """The parameter at fault is named, and nothing of it reaches the ledger."""
    answer = await ask(name, site.durable.client(), Call(None, signed_in(DIEGO), params))
    assert (answer.status_code, json_of(answer)["field"]) == (422, next(iter(params)))


async def me(site: Site, headers: dict[str, str]) -> Any:
    """Ask who one is."""
    return json_of(await ask("me", site.durable.client(), Call(None, headers)))


async def test_me_says_who_is_signed_in(site: Site) -> None:
    """Name, mode and rights; without a sign-in nobody, and never the directory."""
    assert await me(site, signed_in(DIEGO)) == {
        "you": DIEGO,
        "displayName": "Diego Siciliani",
        "signIn": "on",
        "isOperator": True,
        "people": [],
    }
    nobody = await me(site, {})
    assert (nobody["you"], nobody["isOperator"], nobody["people"]) == (None, False, [])


async def test_me_offers_the_people_to_be_on_one_machine(site: Site) -> None:
    """The switch lists everybody of the directory, once."""
    site.mode("local")
    told = await me(site, switched(ADELE))
    assert (told["you"], told["isOperator"]) == (ADELE, False)
    assert [each["email"] for each in told["people"]] == [ADELE, ALEX, MEGAN, DIEGO]


async def test_public_keys_check_receipts(site: Site) -> None:
    """A receipt names one of the keys that are shown, and no secret is."""
    await waiting(site.ledger)
    await close(site.ledger, "Failed")
    shown = await ask("receiptKeys", site.durable.client())
    entry = await site.ledger.get(RUN, records.RECEIPT)
    assert entry
    signature = msgspec.json.decode(entry.body)["signature"]
    assert signature["publicKey"] in [each["publicKey"] for each in json_of(shown)["keys"]]
    assert not [key for key in settings().signing_keys if key.encode() in shown.get_body()]
