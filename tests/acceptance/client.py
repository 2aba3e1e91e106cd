"""Drives a running Signpost as callers, approvers and operators do: over HTTP."""

import os
import time
from typing import Any, NamedTuple, Self

import httpx2 as httpx

from local.stack import Child, Plan, free_port

PATIENCE_SECONDS = 90.0  # a busy machine may take long, and nothing waits longer than it must
Json = dict[str, Any]


class Link(NamedTuple):
    """What an approver's notification opens."""

    url: str
    approval: str
    token: str


class Signpost:
    """One started Signpost with its local Teams; `child` is its dev host's process."""

    def __init__(self, plan: Plan, children: list[Child]) -> None:
        self.plan = plan
        self.url = plan.url
        self.child = children[-1]
        self.http = httpx.Client(base_url=plan.url, timeout=PATIENCE_SECONDS)
        self.teams = httpx.Client(base_url=plan.teams_url, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.teams.close()

    def start(self, topic: str = "The terrace opens on Monday", **more: Any) -> str:
        """Start a run and give its id."""
        body = {"inputs": {"Topic": topic}, **more}
        run: str = self.http.post("/api/flows/topic-post/runs", json=body).json()["id"]
        return run

    def run(self, run: str) -> Json:
        """Give the story of a run."""
        story: Json = self.http.get(f"/api/runs/{run}").raise_for_status().json()
        return story

    def wait(self, run: str, *states: str) -> Json:
        """Wait until a run is in one of the states, and give its story."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            story = self.run(run)
            if story["state"] in states:
                return story
            time.sleep(0.02)
        raise AssertionError(f"the run stayed {story['state']}: {story['detail']}")

    def links(self, run: str) -> dict[str, Link]:
        """Give each approver's link to a run, from their own chats."""
        found = {}
        for person, chat in self.teams.get("/messages").json()["chats"].items():
            for received in chat:
                url = received["message"]["attachments"][0]["content"]["actions"][0]["url"]
                page, _, token = url.partition("#")
                if run in page:
                    found[person] = Link(url, page.rsplit("/", 1)[1], token)
        return found

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

    def drafted(self, **more: Any) -> tuple[str, Link]:
        """Start a run, wait for its draft, and give the first approver's link."""
        run = self.start(**more)
        self.wait(run, "waiting")
        return run, self.links_once_told(run)

    def links_once_told(self, run: str) -> Link:
        """Wait until the first approver was told, and give the link."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            links = self.links(run)
            if "adele@contoso.com" in links:
                return links["adele@contoso.com"]
            time.sleep(0.02)
        raise AssertionError("adele@contoso.com was not told")

    def posts(self, text: str | None = None) -> list[str]:
        """List the texts in the channel, all or those that hold a text."""
        texts = [
            card_text(received["message"])
            for received in self.teams.get("/messages").json()["channel"]
        ]
        return [posted for posted in texts if text is None or text in posted]

    def posts_once_there(self, text: str) -> list[str]:
        """Wait until a text is in the channel, and give the posts that hold it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and not self.posts(text):
            time.sleep(0.02)
        return self.posts(text)

    def kill(self) -> None:
        """Stop the dev host as a power cut would."""
        if self.child.process:
            self.child.process.kill()
            self.child.process.wait()

    def restart(self) -> None:
        """Start the dev host again on the same state."""
        self.child.start(self.plan.environment())
        self.child.wait(time.monotonic() + PATIENCE_SECONDS)


def card_text(message: Json) -> str:
    """Read the posted text from a message's card."""
    card = message["attachments"][0]["content"]
    signed = next(item for item in card["body"] if item.get("id") == "signed-text")
    return "\n".join(line["inlines"][0]["text"] for line in signed["items"])


def plan(state: Any, model_url: str | None = None) -> Plan:
    """Lay out one Signpost on free ports; without a model's URL the real local one is used."""
    given = dict(os.environ)
    if model_url:
        given |= {"MODEL_BASE_URL": model_url, "MODEL_NAME": "quick"}
    return Plan(state, free_port(), free_port(), free_port(), quiet=True, given=given)
