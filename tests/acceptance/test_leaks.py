"""Secrets are seen nowhere but where they belong: logs, stores, answers and referrers are searched.

A link's token belongs into its approver's own chat, and into nothing else.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from playwright.sync_api import Request, expect

from local.stack import SIGNING_KEY
from tests.acceptance.browser import one_page
from tests.acceptance.client import Signpost, plan
from tests.acceptance.conftest import started
from tests.acceptance.journal import Link
from tests.doubles.quick_model import QuickModel, say

WEBHOOK, PRINCIPAL, MODEL_KEY = "canary-webhook", "canary-principal", "canary-model-key"
KEPT = {SIGNING_KEY, "keys.json"}  # where they live, readable by their owner only


class Searched(Signpost):
    """A Signpost that keeps every answer it gave, headers and all."""

    def listen(self) -> None:
        """Begin to keep the answers."""
        self.answers: list[str] = []
        self.http.event_hooks["response"].append(self._keep)

    def _keep(self, answer: httpx.Response) -> None:
        answer.read()
        self.answers.append(f"{answer.headers} {answer.text}")


@pytest.fixture(scope="module")
def own(model: QuickModel, all_types: Path, tmp_path_factory) -> Iterator[Searched]:
    """Start a Signpost whose every secret is known, and which asks for function keys."""
    laid_out = plan(tmp_path_factory.mktemp("searched"), model.url, all_types, DEVHOST_KEYS="1")
    teams = f"http://127.0.0.1:{laid_out.teams_port}"
    laid_out.settings.update(
        TEAMS_CHANNEL_WEBHOOK_URL=f"{teams}/channel?sig={WEBHOOK}",
        TEAMS_CHAT_WEBHOOK_URL=f"{teams}/chat?sig={WEBHOOK}",
        MODEL_API_KEY=MODEL_KEY,
    )
    with started(laid_out) as signpost:
        searched = Searched(signpost.plan, [signpost.child])
        searched.listen()
        with searched:
            yield searched


def keys(signpost: Signpost) -> dict[str, str]:
    """Read the host's keys."""
    found: dict[str, str] = json.loads((signpost.plan.state / "keys.json").read_text())
    return found


def lived_through(signpost: Searched, model: QuickModel) -> list[Link]:
    """Let all go well once and wrong in many ways; give the links that there were."""
    signpost.http.headers["x-functions-key"] = keys(signpost)["function"]
    model.script = [(401, {"error": {"message": "no"}}), (200, {"choices": 7})]
    for _ in range(2):
        signpost.wait(signpost.start("Fails", "first"), "closed")
    links: list[Link] = []
    for fault in ({}, {"status": 500}, {"status": 404}, {"close": True}):
        run, link = signpost.drafted(topic=say("A text."), flow="first")
        links += signpost.links(run).values()
        signpost.teams.post("/faults", json={"channel": [fault]})
        signpost.sign(link._replace(token=link.token + "x"), digest="")
        signpost.sign(link, response="Maybe")
        signpost.sign(link, acceptedText="Edited.")
        signpost.sign(link)
        signpost.wait(run, "closed")
        signpost.receipt(run)
        signpost.http.post(f"/api/runs/{run}/resolve", json={"delivery": "post again"})
    pretend(signpost, links[0])
    return links


def pretend(signpost: Signpost, link: Link) -> None:
    """Ask with what must not be noted: a principal, a referrer, a key in the URL."""
    headers = {"X-MS-CLIENT-PRINCIPAL": PRINCIPAL, "Referer": link.url}
    for path in ("/", f"/api/approvals/{link.approval}", "/api/runs", "/nowhere"):
        signpost.http.get(path, headers=headers)
        signpost.http.post(path, headers=headers, content=b"{")


def test_secrets_are_nowhere_else(own: Searched, model: QuickModel) -> None:
    """Tokens, signing key, webhook URL, function keys, principal: 0 hits in what can be searched.

    That is the app's and the host's log, the ledger and the histories with their WAL, every
    answer, and Teams but for each approver's own link.
    """
    links = lived_through(own, model)
    secrets = [link.token for link in links] + [WEBHOOK, PRINCIPAL, MODEL_KEY]
    secrets += [*keys(own).values(), (own.plan.state / SIGNING_KEY).read_text()]
    files = [file for file in own.plan.state.rglob("*") if file.is_file()]
    texts = {f.name: f.read_bytes() for f in files if f.name not in {*KEPT, "teams.jsonl"}}
    texts["answers"] = "\n".join(own.answers).encode()
    assert {"devhost.log", "state.db", "ledger.db"} <= texts.keys()
    hits = [(n, secret) for n, text in texts.items() for secret in secrets if hidden(secret, text)]
    assert hits == []
    assert len(own.answers) > 50


def hidden(secret: str, text: bytes) -> bool:
    """Say whether a secret is in a text."""
    return secret.encode() in text


def test_a_token_is_only_in_its_approvers_own_chat(own: Searched) -> None:
    """Teams got each token once: in the one message to the one person."""
    run, _ = own.drafted(flow="everyone")
    own.link(run, "megan@contoso.com")
    lines = (own.plan.state / "teams.jsonl").read_text().splitlines()
    for person, link in own.links(run).items():
        [line] = [line for line in lines if link.token in line]
        assert json.loads(line)["recipient"] == person


def test_a_browser_sends_the_token_as_a_header_alone(own: Searched) -> None:
    """Opened and signed on the page: it is in no URL and no referrer that leaves the browser."""
    run, link = own.drafted(flow="first")
    sent: list[Request] = []
    with one_page() as page:
        page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - it takes no builtins
        page.goto(link.url, wait_until="networkidle")
        page.get_by_role("button", name="Approve and post").click()
        expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()
        for request in sent[1:]:  # the first is the address itself, whose fragment stays here
            headers = request.all_headers()
            assert link.token not in request.url + headers.get("referer", "")
    assert own.wait(run, "closed")["outcome"] == "Approve"
    assert link.token not in (own.plan.state / "devhost.log").read_text()
