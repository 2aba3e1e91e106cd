"""Runs the whole chain once in the terminal: a topic, a draft, a signature, a post, a receipt."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from local.stack import Child, Plan, StackError, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable

TOPIC = "We are moving to the new office in May; everybody packs one box until April 28"
REQUESTOR = "megan@contoso.com"
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.05
WIDTH = 80
Json = dict[str, Any]
_T = TypeVar("_T")


class DemoError(RuntimeError):
    """The chain didn't do what it promises; the message says at which step."""


def main() -> None:
    """Exit with 0 only when the text that was posted is the text that was signed."""
    with tempfile.TemporaryDirectory(prefix="signpost-demo-") as folder:
        plan = Plan(Path(folder), free_port(), free_port(), free_port(), quiet=True)
        say("Starting Signpost, local Teams and the model on this machine ...")
        try:
            with running(plan) as children:
                show(plan, children[-1])
        except (DemoError, StackError) as error:
            raise SystemExit(f"demo: {error}") from None


def show(plan: Plan, devhost: Child) -> None:
    """Go through the chain, and add what the dev host said when it breaks."""
    try:
        chain(plan)
    except DemoError as error:
        raise DemoError(f"{error}\n{devhost.said()}") from error


def chain(plan: Plan) -> None:
    """Go through all steps by the public HTTP API, as a caller and an approver would."""
    run = draft(plan)
    text = run["round"]["text"]
    approver, link = approval_link(plan)
    signed_text = sign(plan, approver, link, text)
    posted = posted_card(plan)
    say("Posted to the Teams channel, as this card:")
    quote("\n".join(lines(posted)))
    receipt(plan, run["id"])
    if signed_part(posted) != signed_text:
        raise DemoError("the posted text is not the signed text")
    say("The posted text is the signed text, byte for byte.")


def draft(plan: Plan) -> Json:
    """Start a run and show what the model wrote."""
    say(f"{REQUESTOR} starts a run: POST /api/flows/topic-post/runs", f"Topic: {TOPIC}")
    begin = time.monotonic()
    started = call(
        f"{plan.url}/api/flows/topic-post/runs",
        {"inputs": {"Topic": TOPIC}, "requestor": REQUESTOR},
    )
    run = until("the draft", lambda: waiting(call(f"{plan.url}/api/runs/{started['id']}")))
    say(f"The model wrote this draft in {time.monotonic() - begin:.1f} s:")
    quote(run["round"]["text"])
    return run


def waiting(run: Json) -> Json | None:
    """Return the run when its draft waits for a signature."""
    if run["state"] == "closed":
        raise DemoError(f"the run ended before anybody signed: {run['detail']}")
    return run if run["state"] == "waiting" and run["round"] else None


def approval_link(plan: Plan) -> tuple[str, str]:
    """Return the first approver and the link that reached this person's own chat."""
    chats: Json = until("the approver's chat", lambda: messages(plan)["chats"])
    approver, received = next(iter(sorted(chats.items())))
    actions = card(received[0])["actions"]
    return approver, next(action["url"] for action in actions if "#" in action["url"])


def sign(plan: Plan, approver: str, link: str, shown: str) -> str:
    """Open the link's approval, compare it with the draft, approve, return the signed text."""
    page, token = link.split("#", 1)
    url = f"{plan.url}/api/approvals/{page.rsplit('/', 1)[1]}"
    approval = call(url, token=token)
    if approval["text"] != shown or approval["digest"] != digest(shown):
        raise DemoError("the approver isn't shown the draft of the run")
    answer = {"response": "Approve", "comments": "", "acceptedText": None}
    decision = call(url, {**answer, "digest": approval["digest"]}, token=token)
    say(f"{approver} signs it: POST /api/approvals/{approval['id']}", decision["signedDigest"])
    return shown


def posted_card(plan: Plan) -> Json:
    """Wait for the post and return its Adaptive Card."""
    received = until("the post", lambda: messages(plan)["channel"])
    return card(received[0])


def receipt(plan: Plan, run_id: str) -> None:
    """Show in one line who signed which text, and what is known of the post."""
    url = f"{plan.url}/api/runs/{run_id}"
    run = until("the end of the run", lambda: closed(call(url)))
    signer = run["responses"][0]["responder"]["email"]
    say(
        f"Receipt of run {run_id}: asked by {run['requestor']}, signed by {signer},"
        f" {run['delivery']['state']} at {run['delivery']['at']}, {run['signedDigest']}"
    )


def closed(run: Json) -> Json | None:
    """Return the run when it is over."""
    return run if run["state"] == "closed" else None


def messages(plan: Plan) -> Json:
    """Return what local Teams has received: `channel`, and `chats` by person."""
    return call(f"{plan.teams_url}/messages")


def card(received: Json) -> Json:
    """Take the Adaptive Card out of a received message."""
    content: Json = received["message"]["attachments"][0]["content"]
    return content


def lines(element: Json) -> list[str]:
    """Return the text of a card element and of what it holds, one line per block."""
    if "inlines" in element:
        return ["".join(run["text"] for run in element["inlines"])]
    held: list[Json] = element.get("body") or element.get("items") or []
    own = [element["text"]] if "text" in element else []
    return own + [line for child in held for line in lines(child)]


def signed_part(posted: Json) -> str:
    """Return the text of the card's signed part, each of its blocks one line."""
    part = next(element for element in posted["body"] if element.get("id") == "signed-text")
    return "\n".join(lines(part))


def digest(text: str) -> str:
    """Return the digest of a text as the API writes it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def until(what: str, look: Callable[[], _T | None]) -> _T:
    """Call `look` until it returns something true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline:
            raise DemoError(f"{what} didn't come within {PATIENCE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    return found


def call(url: str, body: Json | None = None, *, token: str | None = None) -> Json:
    """GET, or POST a JSON body, and return the JSON answer."""
    headers = {"Content-Type": "application/json"} | ({"X-Approval-Token": token} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - an http URL of our own
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            found: Json = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        detail = error.read().decode(errors="replace")
        raise DemoError(f"{request.method or request.get_method()} {url}: {detail}") from error


def say(heading: str, *more: str) -> None:
    """Print a step, bold on a terminal."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{heading}{plain}", *more, sep="\n  ", flush=True)


def quote(text: str) -> None:
    """Print somebody's text wrapped and marked, without characters that steer a terminal."""
    for line in text.split("\n"):
        safe = "".join(character if character.isprintable() else "?" for character in line)
        for part in textwrap.wrap(safe, WIDTH) or [""]:
            print(f"  | {part}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
