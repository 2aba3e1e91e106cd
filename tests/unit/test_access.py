"""Who may do what: each route for each kind of caller, and nothing for those who pretend."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from signpost.ledger import change, read
from signpost.records import RUN as RUN_ROW
from signpost.records import Round, Run, draft_row, round_row
from tests.builders import (
    ADELE,
    ALEX,
    MEGAN,
    RUN,
    a_draft,
    a_flow,
    a_round,
    get_round,
    put,
)
from tests.repo.sources import ROOT
from tests.routed import (
    APPROVE,
    BY_NAME,
    DIEGO,
    HOUR,
    STRANGER,
    TENANT,
    Site,
    routes,
    signed_in,
    switched,
    token_for,
    waiting,
)

# The level is decided when the module is imported.
LEVELS = """
import importlib, json, os
from triggers import access
told = {}
for mode in ("", " ", "off", " off ", "on", "required", "local"):
    os.environ["SIGNPOST_SIGN_IN"] = mode
    told[mode] = importlib.reload(access).LEVEL.value
print(json.dumps(told))
"""
PEOPLE = {"operator": DIEGO, "requestor": MEGAN, "approver": ADELE, "unrelated": STRANGER}
ANYBODY = {"operator": 200, "requestor": 200, "approver": 200, "unrelated": 200}
INVOLVED = {**ANYBODY, "unrelated": 404}
STEERS = {**INVOLVED, "approver": 403}
ANSWERS = {"operator": 403, "requestor": 403, "approver": 200, "unrelated": 404}
OPERATES = {"operator": 200, "requestor": 404, "approver": 404, "unrelated": 404}
EXAMINES = {"operator": 503, "requestor": 403, "approver": 403, "unrelated": 403}  # nothing is up
MATRIX: dict[tuple[str, str], dict[str, int]] = {
    ("listFlows", ""): ANYBODY,
    ("startRun", ""): dict.fromkeys(ANYBODY, 202),
    ("listRuns", ""): ANYBODY,
    ("listRuns", "box=all"): OPERATES,
    ("listRuns", f"person={MEGAN}"): {**OPERATES, "requestor": 200},
    ("followRun", ""): INVOLVED,
    ("showReceipt", ""): INVOLVED,
    ("cancelRun", ""): STEERS,
    ("remind", ""): STEERS,
    ("extend", ""): STEERS,
    ("reassign", ""): {**STEERS, "requestor": 403},
    ("resolve", ""): STEERS,
    ("listApprovals", ""): ANYBODY,
    ("listApprovals", f"person={ADELE}"): {**OPERATES, "approver": 200},
    ("showApproval", ""): ANSWERS,
    ("answer", ""): ANSWERS,
    ("handOn", ""): ANSWERS,
    ("listInstructions", ""): ANYBODY,
    ("showInstructions", ""): ANYBODY,
    ("testInstructions", ""): ANYBODY,
    ("me", ""): ANYBODY,
    ("receiptKeys", ""): ANYBODY,
    ("openapi", ""): ANYBODY,
    ("health", ""): ANYBODY,
    ("health", "deep=1"): EXAMINES,
    ("examine", ""): EXAMINES,
}
CASES = [(name, query, who) for (name, query), row in MATRIX.items() for who in row]
NOBODY: list[dict[str, str]] = [
    {},
    {"x-functions-key": "anything"},
    switched(DIEGO),
    signed_in(DIEGO, tenant=STRANGER),
    {"X-MS-CLIENT-PRINCIPAL": "e30="},
    {"X-MS-CLIENT-PRINCIPAL-NAME": DIEGO},
]
OPEN = {(name, "") for name in ("me", "receiptKeys", "openapi", "health")}
POSTS = [name for name, operation in BY_NAME.items() if operation.method == "post"]


def params_of(query: str) -> dict[str, str]:
    """Read a query of one parameter, or none."""
    return dict([query.split("=")]) if query else {}


def test_the_matrix_is_complete() -> None:
    """Each route of the API stands in it."""
    assert {name for name, _ in MATRIX} == BY_NAME.keys()


@pytest.mark.parametrize("sign_in", ["on", "required"])
@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_who_is_signed_in_gets_what_is_theirs(site: Site, sign_in: str, case: Any) -> None:
    """Only those it concerns succeed; to others a run is not there."""
    name, query, who = case
    site.mode(sign_in)
    await site.prepare(name)
    answer = await site.send(name, signed_in(PEOPLE[who]), params=params_of(query))
    assert answer.status_code == MATRIX[name, query][who]


@pytest.mark.parametrize("case", CASES, ids="-".join)
async def test_the_switch_gives_what_is_theirs(site: Site, case: Any) -> None:
    """On one machine the same rules hold for whom one says to be."""
    name, query, who = case
    site.mode("local")
    await site.prepare(name)
    person = "pradeep@contoso.com" if who == "unrelated" else PEOPLE[who]
    answer = await site.send(name, switched(person), params=params_of(query))
    assert answer.status_code == MATRIX[name, query][who]


@pytest.mark.parametrize("sign_in", ["on", "required"])
@pytest.mark.parametrize("cell", MATRIX, ids="-".join)
async def test_without_a_sign_in_there_is_nothing(site: Site, sign_in: str, cell: Any) -> None:
    """401 for all that belongs to somebody; keys and headers of other modes open nothing."""
    name, query = cell
    site.mode(sign_in)
    await site.prepare(name)
    before = await site.ledger.rows(RUN)
    expected = 200 if cell in OPEN else 401
    for headers in NOBODY:
        answer = await site.send(name, headers, params=params_of(query))
        assert answer.status_code == expected, headers
    assert await site.ledger.rows(RUN) == before
    assert site.durable.told == []


FOREIGN = [
    {"Origin": "https://contoso.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:7072"},
    {"Origin": "https://localhost:7071"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:7071", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("sign_in", ["off", "on", "local"])
@pytest.mark.parametrize("name", POSTS)
async def test_other_sites_pages_change_nothing(site: Site, sign_in: str, name: str) -> None:
    """A forged form is 403 whoever's browser sends it, and has no effect at all."""
    site.mode(sign_in)
    await site.prepare(name)
    before = await site.ledger.rows(RUN)
    person = ADELE if BY_NAME[name].access == "link" else DIEGO
    own = token_for(ADELE) if sign_in == "off" else signed_in(person) | switched(person)
    answers = [await site.send(name, own | foreign) for foreign in FOREIGN]
    assert {each.status_code for each in answers} == {403}
    assert await site.ledger.rows(RUN) == before
    assert site.durable.told == []


async def test_our_own_page_may_post(site: Site) -> None:
    """The same request counts when the browser says that it is ours."""
    site.mode("on")
    await waiting(site.ledger)
    own = {"Origin": "http://localhost:7071", "Sec-Fetch-Site": "same-origin"}
    answer = await site.send("answer", signed_in(ADELE) | own)
    assert answer.status_code == 200


def test_a_key_is_asked_for_exactly_where_nobody_signs_in() -> None:
    """The host is told at the start: function keys with sign-in off, its own check without."""
    done = subprocess.run(
        [sys.executable, "-c", LEVELS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    asked = dict.fromkeys(["", " ", "off", " off "], "function")
    free = dict.fromkeys(["on", "required", "local"], "anonymous")
    assert json.loads(done.stdout) == asked | free


def test_only_pages_links_and_facts_are_open() -> None:
    """Nothing else is reachable without a key where sign-in is off."""
    open_routes = {route.path for route in routes() if route.level == "anonymous"}
    api = {path for path in open_routes if path.startswith("/api/")}
    free = {each.path for each in BY_NAME.values() if each.access in ("link", "open")}
    assert api == free


async def test_a_key_opens_all_but_signing(site: Site) -> None:
    """Whoever holds the function key operates, but signs for nobody."""
    site.mode("off")
    statuses = {}
    await waiting(site.ledger, enable_reassignment=True)
    for name in ("followRun", "extend", "reassign", "showApproval", "answer", "handOn"):
        statuses[name] = (await site.send(name, {})).status_code
    assert statuses == {
        "followRun": 200, "extend": 200, "reassign": 200,
        "showApproval": 401, "answer": 401, "handOn": 401,
    }  # fmt: skip


@pytest.mark.parametrize(
    "mode,shown,proof",
    [
        ("off", ["link"], "link"),
        ("on", ["link"], "link"),
        ("on", ["link", "sign-in"], "sign-in"),
        ("required", ["link", "sign-in"], "sign-in"),
        ("local", ["switch"], "switch"),
        ("local", ["link", "switch"], "switch"),
    ],
)
async def test_the_best_proof_is_what_counts(
    site: Site, mode: str, shown: list[str], proof: str
) -> None:
    """A receipt says no more, and no less, than what the responder showed."""
    site.mode(mode)
    await waiting(site.ledger)
    proofs = {"link": token_for(ADELE), "sign-in": signed_in(ADELE), "switch": switched(ADELE)}
    headers = {name: value for each in shown for name, value in proofs[each].items()}
    assert (await site.send("answer", headers)).status_code == 200
    assert [r.responder.proof for r in (await get_round(site.ledger)).responses] == [proof]


async def test_proof_is_written_down(site: Site) -> None:
    """The ledger says how a responder was known, and who that is in Entra."""
    site.mode("on")
    await waiting(site.ledger)
    await site.send("answer", signed_in(ADELE))
    [response] = (await get_round(site.ledger)).responses
    proved = response.responder
    assert (proved.name, proved.proof, proved.tenant_id) == (ADELE, "sign-in", TENANT)


async def test_an_operator_does_not_choose_who_signs_what_they_ask_for(site: Site) -> None:
    """Who asks may steer, and leaves the choice to another operator."""
    site.mode("local", SIGNPOST_OPERATORS=f"{MEGAN};{DIEGO}")
    await site.prepare("reassign")
    shown = json.loads((await site.send("followRun", switched(MEGAN))).get_body())
    assert (shown["maySteer"], shown["mayReassign"]) == (True, False)
    assert (await site.send("reassign", switched(MEGAN))).status_code == 403
    assert (await site.send("reassign", switched(DIEGO))).status_code == 200


async def test_who_asks_sees_no_approval_of_their_own(site: Site) -> None:
    """Not even with a link that was sent before it was known that two names are one person's."""
    site.mode("off")
    await waiting(site.ledger, assigned_to=[ADELE, MEGAN], allow_self_approval=True)
    flow = a_flow(assigned_to=[ADELE, MEGAN])
    await change(site.ledger, RUN, RUN_ROW, Run, lambda run: replace(run, flow=flow))
    assert (await site.send("showApproval", token_for(MEGAN))).status_code == 403


async def test_a_place_is_handed_on_only_where_the_flow_lets(site: Site) -> None:
    """Without `enableReassignment` no approver chooses who signs instead."""
    site.mode("off")
    await waiting(site.ledger)
    assert (await site.send("handOn", token_for(ADELE))).status_code == 403
    assert [seat.person for seat in (await get_round(site.ledger)).seats] == [ADELE, ALEX]


async def test_a_link_of_an_earlier_round_hands_nothing_on(site: Site) -> None:
    """It opens that round alone, and the one that is on keeps its people."""
    site.mode("off")
    await waiting(site.ledger, allow_request_changes=True, enable_reassignment=True)
    changes = {**APPROVE, "response": "Request changes", "comments": "Shorter."}
    await site.send("answer", token_for(ADELE), body=changes)
    second = replace(a_round(), number=2, expires_at=datetime.now(UTC) + HOUR)
    await put(site.ledger, draft_row(2), a_draft())
    await put(site.ledger, round_row(2), second)
    assert (await site.send("handOn", token_for(ADELE))).status_code == 409
    assert await read(site.ledger, RUN, round_row(2), Round) == second
