"""Who may do what, over HTTP: no self-approval, no other's place, no foreign page, no way around.

The matrices in full are in tests/unit; here each row is tried once on the running app.
"""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest

from signpost.links import sign_link
from signpost.settings import read
from tests.acceptance.client import Json, Signpost
from tests.acceptance.journal import Link

ADELE, ALEX = "adele@contoso.com", "alex@contoso.com"
MEGAN, DIEGO = "megan@contoso.com", "diego@contoso.com"
ADELES_ID = "11111111-1111-1111-1111-111111111111"
PRINCIPAL = {
    "auth_typ": "aad",
    "claims": [{"typ": "oid", "val": ADELES_ID}, {"typ": "tid", "val": ADELES_ID}],
}

# The answers to a key, who asked for the run, who is asked to sign, and a stranger.
MATRIX: list[tuple[str, str, Json | None, tuple[int, int, int, int]]] = [
    ("GET", "/api/runs/{run}", None, (200, 200, 200, 404)),
    ("GET", "/api/runs/{run}/receipt", None, (404, 404, 404, 404)),
    ("POST", "/api/runs/{run}/remind", {}, (429, 429, 403, 404)),
    ("POST", "/api/runs/{run}/extend", {"expiresAt": "2026-01-01T00:00:00Z"}, (422, 422, 403, 404)),
    ("POST", "/api/runs/{run}/resolve", {"delivery": "it is there"}, (409, 409, 403, 404)),
    ("POST", "/api/runs/{run}/cancel", {"reason": 7}, (422, 422, 403, 404)),
    ("GET", "/api/approvals/{run}-1", None, (401, 403, 200, 404)),
    ("GET", "/api/approvals/{run}-2", None, (401, 403, 404, 404)),
    ("POST", "/api/approvals/{run}-1", {"response": "Approve"}, (401, 403, 422, 404)),
    ("POST", "/api/approvals/{run}-1/reassign", {"to": "nobody"}, (401, 403, 422, 404)),
]


def people(signpost: Signpost) -> list[dict[str, str]]:
    """Give the headers of a key, who asked, who is asked, and a stranger."""
    return [{}, *(signpost.as_person(person) for person in (MEGAN, ALEX, DIEGO))]


@pytest.mark.parametrize("method, path, body, allowed", MATRIX)
def test_only_those_concerned_get_in(signpost: Signpost, method, path, body, allowed) -> None:
    """Four kinds of callers at each route about a run: as listed, and nothing is changed."""
    run, _ = signpost.drafted(topic="Whose?", flow="first", requestor=MEGAN)
    before = signpost.bytes_once_told(run)
    told = [
        signpost.http.request(method, path.format(run=run), json=body, headers=headers).status_code
        for headers in people(signpost)
    ]
    assert tuple(told) == allowed
    assert signpost.bytes_in_ledger(run) == before


@pytest.mark.parametrize("named", [ADELE, ADELE.upper(), "Adele@Contoso.COM"])
def test_who_asks_never_signs(signpost: Signpost, named: str) -> None:
    """By sign-in, by a link, by a hand-over or by an inbox: refused, however the name is written.

    The link is good in all but its person: it is made with the app's own key.
    """
    run = signpost.start("By Adele", "first", requestor=named)
    link = signpost.link(run, ALEX)
    digest = signpost.see(link).json()["digest"]
    path, mine = f"/api/approvals/{link.approval}", own_link(signpost, run, ADELE)
    body, me = {"response": "Approve", "digest": digest}, signpost.as_person(ADELE)
    alex = {"X-Approval-Token": link.token}
    told = [
        signpost.http.post(path, json=body, headers=me),
        signpost.http.post(path, json=[{"type": "accept", "args": None}], headers=me),
        signpost.sign(mine, digest=digest),
        signpost.http.post(f"{path}/reassign", json={"to": named}, headers=alex),
    ]
    assert [each.status_code for each in told] == [403, 403, 403, 422]
    assert signpost.run(run)["responses"] == []


def own_link(signpost: Signpost, run: str, person: str) -> Link:
    """Make a link to a run's first round as the app does, for whomever."""
    until = datetime.now(UTC) + timedelta(days=1)
    url = sign_link(read(signpost.plan.environment()), run, 1, person, until)
    page, _, token = url.partition("#")
    return Link(url, page.rsplit("/", 1)[1], token)


@pytest.mark.parametrize(
    "forged",
    [{"approver": ADELE}, {"responder": ADELE}, {"responder": {"name": ADELE}}, {"you": ADELE}],
)
def test_a_claim_about_oneself_counts_nowhere(signpost: Signpost, forged: Json) -> None:
    """A body that says who answers is refused, and nobody has answered."""
    run, link = signpost.drafted(topic="Claims", flow="first")
    told = signpost.sign(link, **forged)
    assert (told.status_code, told.json()["field"]) == (422, *forged)
    assert signpost.run(run)["responses"] == []


def test_a_made_up_principal_is_nobody(signpost: Signpost) -> None:
    """Where App Service authentication is off, its header opens nothing."""
    _, link = signpost.drafted(topic="Principal", flow="first")
    header = b64encode(json.dumps(PRINCIPAL).encode()).decode()
    told = signpost.http.get(
        f"/api/approvals/{link.approval}", headers={"X-MS-CLIENT-PRINCIPAL": header}
    )
    assert told.status_code == 401


def test_a_stranger_with_a_good_link_is_refused(signpost: Signpost) -> None:
    """A link that was passed on opens nothing for whoever is known to be somebody else."""
    run, link = signpost.drafted(topic="Passed on", flow="first")
    headers = {"X-Approval-Token": link.token} | signpost.as_person(DIEGO)
    body = {"response": "Approve", "digest": signpost.see(link).json()["digest"]}
    path = f"/api/approvals/{link.approval}"
    assert signpost.http.get(path, headers=headers).status_code == 403
    assert signpost.http.post(path, json=body, headers=headers).status_code == 403
    assert signpost.run(run)["responses"] == []


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://contoso.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing(signpost: Signpost, foreign: dict[str, str]) -> None:
    """Start, answer, hand on and cancel from a foreign page: 403 and no effect."""
    run, link = signpost.drafted(topic="Foreign", flow="first")
    before, mine = signpost.bytes_once_told(run), {"X-Approval-Token": link.token}
    paths = [
        "/api/flows/first/runs",
        f"/api/runs/{run}/cancel",
        f"/api/runs/{run}/remind",
        f"/api/approvals/{link.approval}",
        f"/api/approvals/{link.approval}/reassign",
    ]
    told = [signpost.http.post(path, json={}, headers=foreign | mine) for path in paths]
    assert {each.status_code for each in told} == {403}
    assert signpost.bytes_in_ledger(run) == before


def test_every_answer_carries_the_security_headers(signpost: Signpost) -> None:
    """Pages, data and refusals alike can't be framed, sniffed, cached with data, or refer."""
    run, link = signpost.drafted(topic="Headers", flow="first")
    answers = every_answer(signpost, run, link)
    assert {each.status_code for each in answers} >= {200, 202, 400, 401, 403, 404, 409, 415, 422}
    for each in answers:
        assert "frame-ancestors 'none'" in each.headers["content-security-policy"], each.url
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["referrer-policy"] == "no-referrer"
        assert each.headers["cache-control"] in ("no-store", "no-cache")
        assert "code=" not in each.text
        assert "runtime/webhooks" not in each.text


def every_answer(signpost: Signpost, run: str, link: Link) -> list[httpx.Response]:
    """Ask every route once, well and badly, and give all answers."""
    get, post, path = signpost.http.get, signpost.http.post, f"/api/approvals/{link.approval}"
    pages = ["/", "/approvals", f"/approvals/{link.approval}", f"/runs/{run}", "/assets/sign.js"]
    data = ["/api/flows", "/api/runs", "/api/approvals", f"/api/runs/{run}", "/api/me"]
    missing = ["/assets/none.js", "/api/runs/none", f"/api/runs/{run}/receipt", path]
    start, typed = "/api/flows/first/runs", {"Content-Type": "application/json"}
    asked = [get(each) for each in (*pages, *data, *missing, "/api/openapi.json")]
    asked += [post(start, json={"inputs": {"Topic": "A"}}), post(start, json={})]
    asked += [post(start, content=b"{", headers=typed), post(start, content=b"{")]
    asked += [post("/api/flows/none/runs", json={}), post(f"/api/runs/{run}/resolve", json={})]
    asked += [post(f"/api/runs/{run}/cancel", json={}, headers={"Origin": "null"})]
    asked += [signpost.sign(link), signpost.sign(link), signpost.see(link)]
    return asked
