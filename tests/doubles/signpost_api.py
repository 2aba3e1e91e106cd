"""Serves the console's pages as Signpost does, with API answers that a test scripts."""

from collections import deque
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiohttp import web

CONSOLE = Path(__file__).parents[2] / "console"
ADAPTIVE_CARDS = CONSOLE / "node_modules/adaptivecards/dist/adaptivecards.min.js"
PAGES = {
    "": "start.html",
    "runs/": "run.html",
    "approvals/": "sign.html",
    "approvals": "approvals.html",
    "instructions": "instructions.html",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
RUN = "9f2c41d0a7e84b0d8c5b1f3e6a7d2c90"
APPROVAL = f"{RUN}-1"
FLOWS = "GET /api/flows"
START = "POST /api/flows/topic-post/runs"
ME = "GET /api/me"
GALLERY = "GET /api/instructions"
INSTRUCTIONS = "GET /api/instructions/topic-post"
TRY = "POST /api/instructions/test"
RECEIVED = "GET /api/approvals"
SENT = "GET /api/runs"
FOLLOW = f"GET /api/runs/{RUN}"
CANCEL = f"POST /api/runs/{RUN}/cancel"
REMIND = f"POST /api/runs/{RUN}/remind"
EXTEND = f"POST /api/runs/{RUN}/extend"
REASSIGN = f"POST /api/runs/{RUN}/reassign"
RESOLVE = f"POST /api/runs/{RUN}/resolve"
RECEIPT = f"GET /api/runs/{RUN}/receipt"
SEE = f"GET /api/approvals/{APPROVAL}"
SIGN = f"POST /api/approvals/{APPROVAL}"
HAND_ON = f"POST /api/approvals/{APPROVAL}/reassign"
ADELE, ALEX, MEGAN = "adele@contoso.com", "alex@contoso.com", "megan@contoso.com"
FIRST = "Approve/Reject - First to respond"
DRAFT = (
    "We are moving to the new office in May.\n\n"
    "Boxes arrive on Monday. Please label yours with your name and your floor.\n"
    "Questions? Ask Megan."
)
LARGEST_BODY = 16 * 1024 * 1024
Json = dict[str, Any]


class Answer(NamedTuple):
    """One scripted answer; `drop` closes the connection after the request was read."""

    status: int = 200
    body: Json | None = None
    drop: bool = False
    headers: dict[str, str] = {}  # noqa: RUF012 - nothing changes it


LOST = Answer(drop=True)


class Asked(NamedTuple):
    """One request as it came in."""

    headers: dict[str, str]
    body: Json
    query: dict[str, str]


class SignpostApi:
    """The double: `on` scripts a route, `asked` holds what came in on it."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: dict[str, list[Asked]] = {}
        self._script: dict[str, deque[Answer]] = {}
        self._runner = web.AppRunner(self._app(), access_log=None)

    def on(self, route: str, *answers: Answer) -> None:
        """Answer `GET /api/flows` and the like: one answer after another, the last one for good."""
        self._script[route] = deque(answers)
        self.asked[route] = []

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_get("/assets/{name}", _asset)
        app.router.add_route("*", "/api/{rest:.*}", self._api)
        app.router.add_get("/{kind:((runs|approvals)/|(approvals|instructions)$)?}{rest:.*}", _page)
        return app

    async def _api(self, request: web.Request) -> web.Response:
        route = f"{request.method} {request.path}"
        body = await request.json() if request.can_read_body else {}
        self.asked.setdefault(route, []).append(
            Asked(dict(request.headers), body, dict(request.query))
        )
        script = self._script.get(route)
        if not script:
            return web.json_response(status=404, data={"title": "Not found", "detail": route})
        answer = script[0] if len(script) == 1 else script.popleft()
        if answer.drop and request.transport:
            request.transport.abort()
        if answer.body is None:
            return web.Response(status=answer.status)
        kind = "application/problem+json" if answer.status >= 400 else "application/json"
        return web.json_response(
            answer.body, status=answer.status, content_type=kind, headers=answer.headers
        )


def problem(status: int, detail: str, **more: Any) -> Answer:
    """Answer with a problem of RFC 9457."""
    kind = {"type": "urn:signpost:problem:Invalid", "title": "A value can't be used"}
    return Answer(status, {**kind, "status": status, "detail": detail, **more})


def flow(**changes: Any) -> Json:
    """Describe the flow as `GET /api/flows` does."""
    help_text = "What is the post about?"
    topic = an_input("Topic", required=True, maxLength=4000, description=help_text)
    return {
        "name": "topic-post",
        "title": "Post about a topic",
        "description": "Name a topic; a post about it is drafted, signed and posted.",
        "inputs": [topic],
        "approvalType": FIRST,
        "assignedTo": [ADELE, ALEX],
        "location": "Channel",
        **changes,
    }


def an_input(name: str, kind: str = "Text", **changes: Any) -> Json:
    """Describe one input of a flow; what does not apply to its type is null."""
    none = dict.fromkeys(("default", "maxLength", "options", "minimum", "maximum"))
    return {"name": name, "type": kind, "required": False, "description": "", **none, **changes}


def me(you: str | None = None, **changes: Any) -> Json:
    """Describe who asks: nobody in particular, on a Signpost without a sign-in."""
    people = [{"email": ADELE, "displayName": "Adele Vance"}]
    people.append({"email": ALEX, "displayName": "Alex Wilber"})
    name = next((p["displayName"] for p in people if p["email"] == you), None)
    known = {"you": you, "displayName": name, "signIn": "off", "isOperator": you is None}
    return {**known, "people": people, **changes}


def response(who: str = ADELE, **changes: Any) -> Json:
    """Describe an approver's answer."""
    responder = {"id": None, "displayName": None, "email": who, "tenantId": None}
    return {
        "responder": {**responder, "userPrincipalName": None},
        "onBehalfOf": None,
        "approverResponse": "Approve",
        "comments": "",
        "acceptedText": None,
        "requestDate": "2026-11-22T10:00:05Z",
        "responseDate": "2026-11-22T10:04:00Z",
        "round": 1,
        "stage": 1,
        "digest": "sha256:" + "1f" * 32,
        "channel": "page",
        "proof": "link",
        **changes,
    }


def awaited(*people: str) -> list[Json]:
    """Say that these people are waited for."""
    since = "2026-11-22T10:00:05Z"
    return [{"person": person, "since": since, "onBehalfOf": None} for person in people]


def review(**changes: Any) -> Json:
    """Describe a run's round."""
    return {
        "number": 1,
        "state": "open",
        "outcome": None,
        "text": DRAFT,
        "digest": "sha256:" + "1f" * 32,
        "variants": [changes.get("text", DRAFT)],
        "finishReason": "stop",
        "assignedTo": [ADELE, ALEX],
        "stage": 1,
        "stages": 1,
        "stillNeeded": 1,
        "waitingFor": awaited(ADELE, ALEX),
        "openedAt": "2026-11-22T10:00:05Z",
        "expiresAt": "2099-12-22T10:00:05Z",
        "nextReminderAt": "2099-11-23T10:00:05Z",
        "escalatedAt": None,
        **changes,
    }


def run(**changes: Any) -> Json:
    """Describe a run that waits for its signature; its newest round is `round`."""
    newest = changes.get("round", review())
    rounds = [newest] if newest else []
    return {
        "id": RUN,
        "flow": "topic-post",
        "title": "Post about a topic",
        "state": "waiting",
        "detail": "Waiting for adele@contoso.com or alex@contoso.com.",
        "outcome": None,
        "inputs": {"Topic": "We are moving to the new office in May"},
        "requestor": "megan@contoso.com",
        "createdAt": "2026-11-22T10:00:00Z",
        "closedAt": None,
        "purgedAt": None,
        "round": newest,
        "rounds": rounds,
        "responses": [],
        "acceptedText": None,
        "signedDigest": None,
        "delivery": None,
        "promptTokens": 812,
        "completionTokens": 143,
        "cost": None,
        "maySteer": True,
        "mayReassign": True,
        **changes,
    }


def delivery(state: str = "handed over") -> Json:
    """Describe what is known of a post."""
    target = "Teams channel (Workflows webhook)"
    told = {"at": "2026-11-22T10:04:10Z", "detail": "HTTP 202.", "resolvedBy": None}
    return {"state": state, "target": target, **told}


def closed(**changes: Any) -> Json:
    """Describe a run that was signed and handed over to Teams."""
    ending = {
        "state": "closed",
        "detail": "Handed over to Teams; signed by adele@contoso.com.",
        "outcome": "Approve",
        "closedAt": "2026-11-22T10:04:10Z",
        "round": review(state="decided", outcome="Approve", waitingFor=[]),
        "responses": [response()],
        "acceptedText": DRAFT,
        "signedDigest": "sha256:" + "1f" * 32,
        "delivery": delivery(),
    }
    return run(**{**ending, **changes})


def card(text: str = DRAFT) -> Json:
    """Build a card with one block a line, as the post's card has."""
    lines = [{"type": "RichTextBlock", "inlines": [_run(line)]} for line in text.split("\n")]
    heading = {"type": "RichTextBlock", "inlines": [_run("News", weight="Bolder", size="Large")]}
    signed = {"type": "RichTextBlock", "inlines": [_run("Drafted with AI, signed by adele")]}
    return {"type": "AdaptiveCard", "version": "1.5", "body": [heading, *lines, signed]}


def _run(text: str, **look: str) -> Json:
    return {"type": "TextRun", "text": text, **look}


def variant(text: str = DRAFT, digest: str = "sha256:" + "1f" * 32, *findings: str) -> Json:
    """Describe one of the drafts that an approver may choose."""
    return {"text": text, "digest": digest, "findings": list(findings), "card": card(text)}


def approval(text: str = DRAFT, **changes: Any) -> Json:
    """Describe an open approval, as its approver Adele sees it."""
    return {
        "id": APPROVAL,
        "run": RUN,
        "round": 1,
        "flow": "topic-post",
        "title": "Sign the post about a topic",
        "details": "Please check facts, names and tone. What you sign is what is posted.",
        "itemLink": None,
        "itemLinkDescription": "",
        "state": "open",
        "outcome": None,
        "decision": None,
        "text": text,
        "digest": "sha256:" + "1f" * 32,
        "finishReason": "stop",
        "card": card(text),
        "variants": [variant(text)],
        "removed": [],
        "you": ADELE,
        "onBehalfOf": None,
        "assignedTo": [ADELE, ALEX],
        "waitingFor": awaited(ADELE, ALEX),
        "responses": [],
        "requestor": "megan@contoso.com",
        "inputs": {"Topic": "We are moving to the new office in May"},
        "requestDate": "2026-11-22T10:00:05Z",
        "expiresAt": "2099-12-22T10:00:05Z",
        "type": FIRST,
        "stage": 1,
        "stages": 1,
        "stillNeeded": 1,
        "options": ["Approve", "Reject"],
        "posts": ["Approve"],
        "allowEdits": True,
        "allowReassign": False,
        "requireComment": ["Reject"],
        "maxBytes": 28000,
        "previous": None,
        "feedback": [],
        **changes,
    }


def over(outcome: str = "Approve", *responses: Json, **changes: Any) -> Json:
    """Describe an approval that ended with the last of these answers, or by itself."""
    decision = responses[-1] if responses else None
    told: Json = {"state": "over", "outcome": outcome, "decision": decision, "waitingFor": []}
    return approval(**{**told, "responses": list(responses), **changes})


def listed_approval(**changes: Any) -> Json:
    """Describe an approval in a person's list."""
    item = {"id": APPROVAL, "run": RUN, "round": 1, "flow": "topic-post", "requestor": MEGAN}
    times = {"requestDate": "2026-11-22T10:00:05Z", "expiresAt": "2099-12-22T10:00:05Z"}
    told: Json = {"title": "Sign the post about a topic", "state": "open", "outcome": None}
    return {**item, **times, **told, "answered": False, "waitingFor": awaited(ADELE), **changes}


def listed_run(**changes: Any) -> Json:
    """Describe a run in a list."""
    same = ("id", "flow", "title", "state", "outcome", "detail", "requestor", "createdAt")
    return {**{key: run()[key] for key in same}, "closedAt": None, "waitingFor": [], **changes}


def approvals(*items: Json, following: str | None = None) -> Json:
    """Describe one page of approvals."""
    return {"approvals": list(items), "next": following}


def runs(*items: Json) -> Json:
    """Describe the last page of runs."""
    return {"runs": list(items), "next": None}


async def _asset(request: web.Request) -> web.FileResponse:
    name = request.match_info["name"]
    path = ADAPTIVE_CARDS if name == ADAPTIVE_CARDS.name else CONSOLE / name
    return web.FileResponse(path)


async def _page(request: web.Request) -> web.FileResponse:
    path = CONSOLE / PAGES[request.match_info["kind"]]
    return web.FileResponse(path, headers={"Content-Security-Policy": POLICY})
