"""Drives a running Signpost as callers, approvers and operators do: over HTTP."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2 as httpx

from local.stack import ROOT, Child, Plan, free_port
from signpost.ledger import Ledger
from signpost.ledger.sqlite import SqliteLedger
from signpost.ledger.tables import TablesLedger
from tests.acceptance.journal import Journal, Link

__all__ = ["Json", "Link", "Signpost", "plan"]

PATIENCE_SECONDS = 90.0  # a busy machine may take long, and nothing waits longer than it must
ADELE = "adele@contoso.com"
FLOWS = Path(__file__).parent / "flows"
APP = ("function_app.py", "host.json", "triggers", "orchestrators", "activities", "signpost")
DATA = ("instructions", "console")
Json = dict[str, Any]
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class AppPlan(Plan):
    """A plan for the app in a folder of its own, with further settings."""

    app: Path = ROOT
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the environment of the children; `settings` win."""
        return super().environment() | self.settings

    def children(self) -> list[Child]:
        """Return what has to run, the dev host in this plan's folder."""
        *others, host = super().children()
        arguments = [str(self.app) if given == "." else given for given in host.arguments]
        return [*others, replace(host, arguments=arguments)]


class Signpost:
    """One started Signpost with its local Teams; `child` is its dev host's process."""

    def __init__(self, plan: Plan, children: list[Child]) -> None:
        self.plan = plan
        self.url = plan.url
        self.child = children[-1]
        self.journal = Journal(plan.state / "teams.jsonl")
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
        self.http = httpx.Client(base_url=plan.url, timeout=PATIENCE_SECONDS, limits=limits)
        self.teams = httpx.Client(base_url=plan.teams_url, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.teams.close()

    def start(
        self, topic: str = "The terrace opens on Monday", flow: str = "topic-post", **more: Any
    ) -> str:
        """Start a run and give its id."""
        body = {"inputs": {"Topic": topic}, **more}
        run: str = self.http.post(f"/api/flows/{flow}/runs", json=body).json()["id"]
        return run

    def run(self, run: str) -> Json:
        """Give the story of a run."""
        story: Json = self.http.get(f"/api/runs/{run}").raise_for_status().json()
        return story

    def wait(self, run: str, *states: str) -> Json:
        """Wait until a run is in one of the states, and give its story."""
        story: Json = {}

        def arrived() -> bool:
            story.update(self.run(run))
            return story["state"] in states

        once(arrived, lambda: f"the run stayed {story['state']}: {story['detail']}")
        return story

    def links(self, run: str) -> dict[str, Link]:
        """Give each approver's newest link to a run, from their own chats."""
        return self.journal.links(run)

    def link(self, run: str, person: str = ADELE, number: int = 1) -> Link:
        """Wait until somebody was told about a round of a run, and give the link."""

        def told() -> Link | None:
            found = self.links(run).get(person)
            return found if found and found.approval == f"{run}-{number}" else None

        return once(told, lambda: f"{person} was not told")

    def sign(self, link: Link, **answer: Any) -> httpx.Response:
        """Answer an approval; the digest is that of the text under review unless given."""
        body = {"response": "Approve", **answer}
        if "digest" not in body:
            body["digest"] = self.see(link).json()["digest"]
        return self.http.post(
            f"/api/approvals/{link.approval}", json=body, headers={"X-Approval-Token": link.token}
        )

    def see(self, link: Link) -> httpx.Response:
        """Show what there is to sign."""
        return self.http.get(
            f"/api/approvals/{link.approval}", headers={"X-Approval-Token": link.token}
        )

    def receipt(self, run: str) -> bytes:
        """Give the receipt of a closed run, as it was sealed."""
        return self.http.get(f"/api/runs/{run}/receipt").raise_for_status().content

    def drafted(self, **more: Any) -> tuple[str, Link]:
        """Start a run, wait for its draft, and give the first approver's link."""
        run = self.start(**more)
        self.wait(run, "waiting")
        return run, self.link(run)

    def posts(self, text: str | None = None) -> list[str]:
        """List the texts in the channel, all or those that hold a text."""
        texts = [card_text(message) for message in self.journal.posts()]
        return [posted for posted in texts if text is None or text in posted]

    def posts_once_there(self, text: str) -> list[str]:
        """Wait until a text is in the channel, and give the posts that hold it."""
        return once(lambda: self.posts(text), lambda: f"{text} was not posted")

    def as_person(self, person: str) -> dict[str, str]:
        """Give the header by which somebody says who they are, where that is believed."""
        return {"X-Signpost-Me": person}

    def in_ledger(self, ask: Callable[[Ledger], Awaitable[T]]) -> T:
        """Ask or change the ledger itself, past the app."""
        kind, _, place = self.plan.environment()["SIGNPOST_LEDGER"].partition(":")

        async def asked() -> T:
            ledger = TablesLedger(place) if kind == "tables" else SqliteLedger(place)
            try:
                return await ask(ledger)
            finally:
                if isinstance(ledger, TablesLedger):
                    await ledger.close()
                else:
                    ledger.close()

        return asyncio.run(asked())

    def bytes_in_ledger(self, run: str) -> dict[str, bytes]:
        """Give all that the ledger holds of a run, by row."""
        rows = self.in_ledger(lambda ledger: ledger.rows(run))
        return {name: entry.body for name, entry in rows.items()}

    def bytes_once_told(self, run: str) -> dict[str, bytes]:
        """Give the same once it is on record that the approvers were told, and nothing moves."""

        def quiet() -> dict[str, bytes] | None:
            rows = self.bytes_in_ledger(run)
            return rows if b"notifiedAt" in rows.get("round-1", b"") else None

        return once(quiet, lambda: "nobody was told")

    def kill(self) -> None:
        """Stop the dev host as a power cut would."""
        if self.child.process:
            self.child.process.kill()
            self.child.process.wait()

    def restart(self) -> None:
        """Start the dev host again on the same state."""
        self.child.start(self.plan.environment())
        self.child.wait(time.monotonic() + PATIENCE_SECONDS)


def signed_by(message: Json) -> str:
    """Read the line on a post's card that names who signed."""
    line: str = message["attachments"][0]["content"]["body"][-1]["inlines"][0]["text"]
    return line


def card_text(message: Json) -> str:
    """Read the posted text from a message's card."""
    card = message["attachments"][0]["content"]
    signed = next(item for item in card["body"] if item.get("id") == "signed-text")
    return "\n".join("".join(run["text"] for run in line["inlines"]) for line in signed["items"])


def once(look: Callable[[], T | None], complain: Callable[[], str]) -> T:
    """Look again and again until there is something, and give it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        if time.monotonic() > until:
            raise AssertionError(complain())
        time.sleep(0.01)
    return found


def crowd(work: Callable[[U], T], of: Iterable[U], at_once: int = 20) -> list[T]:
    """Do the same work with each, many at a time, and give what came of each in order."""
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(work, of))


def plan(state: Path, model_url: str | None = None, app: Path = ROOT, **settings: str) -> AppPlan:
    """Lay out one Signpost on free ports; without a model's URL the real local one is used."""
    given = dict(os.environ)
    if model_url:
        given |= {"MODEL_BASE_URL": model_url, "MODEL_NAME": "quick"}
    ports = (free_port(), free_port(), free_port())
    return AppPlan(state, *ports, quiet=True, given=given, app=app, settings=settings)


def app_with(folder: Path, *flows: Path) -> Path:
    """Lay out the app as it is, with further flows beside its own."""
    for name in (*APP, *DATA):
        (folder / name).symlink_to(ROOT / name)
    (folder / "flows").mkdir()
    for file in (*(ROOT / "flows").glob("*.yaml"), *flows):
        shutil.copy(file, folder / "flows")
    return folder
