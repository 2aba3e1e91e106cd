"""However wild the requests, the app answers each for what it is, and does not swell."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import httpx2 as httpx
import psutil
import pytest

from tests.acceptance.client import Link, Signpost, crowd
from tests.acceptance.conftest import serving
from tests.acceptance.injections.corpus import cases
from tests.acceptance.injections.laid_out import FOLDER, linked_app
from tests.acceptance.sizes import FUZZED_BODIES
from tests.doubles.quick_model import QuickModel
from tests.routed import BY_NAME

AT_ONCE = 8
WARM_UP = 300
MB = 1024 * 1024
FILE = {"name": "notes.txt", "contentBytes": b64encode(b"Coffee is free.").decode()}
PARAMETERS = {"temperature": 0.5, "max_tokens": 50, "top_p": 1, "presence_penalty": -1}
# A good body for each route that takes one.
BODIES: dict[str, list[Any]] = {
    "startRun": [
        {"inputs": {"Topic": "x", "Notes": FILE}, "parameters": PARAMETERS},
        {"inputs": {"Topic": "x"}, "requestor": "megan@contoso.com"},
    ],
    "cancelRun": [{"reason": "x"}],
    "remind": [{}],
    "extend": [{"expiresAt": "2027-06-01T00:00:00Z"}],
    "reassign": [{"from": "adele@contoso.com", "to": "alex@contoso.com"}],
    "resolve": [{"delivery": "it is there"}],
    "handOn": [{"to": "alex@contoso.com"}],
    "answer": [
        {
            "response": "Reject",
            "digest": "sha256:" + "0" * 64,
            "comments": "x",
            "acceptedText": "y",
        },
        [{"type": "edit", "args": {"action": "post", "args": {"text": "x"}}}],
        {"type": "response", "args": "Shorter."},
    ],
    "testInstructions": [
        {"name": "topic-post", "inputs": {"Topic": "x"}, "parameters": PARAMETERS, "n": 2},
        {"source": (FOLDER / "linked.prompty").read_text("utf-8"), "inputs": {"Topic": "x"}},
    ],
}
VALUES: list[Any] = [
    None, True, -1, 0, 2**63, 2**1024, 1e308, 0.1, "", " ", "x" * 5000, "\0", "\u202e",
    "\U0001f600", [], {}, [[]], {"": ""}, [None] * 200, {"$ref": "#"}, {"__proto__": {}}, "P1D",
    "2026-13-45T99:99:99Z", "../../x", "%00", "adele@contoso.com;alex@contoso.com", "=" * 100, "-0",
    {"name": "a.pdf", "contentBytes": "JVBERi0xLjcK"},
    {"name": "a.docx", "contentBytes": "UEsDBA=="},
    {"name": "x" * 999, "contentBytes": "?"}, "---\n---\nuser:\n{{ x", "system:\n{% for x in y %}",
]  # fmt: skip
RAW = [
    b"", b"{", b"[", b"null", b"0", b'"', b"\xff\xfe", b"\0" * 100, b"[" * 5000, b'{"a":' * 5000,
    b'{"inputs": NaN}', b'{"inputs": {"Topic": "\\ud800"}}', b"\xef\xbb\xbf{}", b'{"a":1,"a":2}',
    b"1" * 5000, b"-", b"1e99999", b"{}" * 100, b'{"inputs": {"Topic": "' + b"x" * 300_000 + b'"}}',
]  # fmt: skip
TYPES = ["application/json"] * 12 + [
    "application/json; charset=utf-16",
    "text/plain",
    "",
    "x" * 500,
]
IDS = [
    "",
    "x",
    "..",
    "0" * 32,
    "%2e%2e",
    "\u00e4",
    "x" * 3000,
    "9f2c41d0a7e84b0d8c5b1f3e6a7d2c90-1",
]


class Fuzzed(NamedTuple):
    """One request that a caller in their right mind would not send."""

    method: str
    path: str
    content: bytes
    headers: dict[str, str]
    params: dict[str, str]


@pytest.fixture(scope="module")
def own(model: QuickModel, tmp_path_factory) -> Iterator[Signpost]:
    """Start a Signpost that no other test uses, since its memory is weighed."""
    app = linked_app(tmp_path_factory.mktemp("app"))
    with serving(tmp_path_factory.mktemp("fuzzed"), model.url, app) as signpost:
        yield signpost


def mutated(rng: Random, value: Any) -> Any:
    """Change a JSON value in one place: another value, a name more, fewer or other."""
    if rng.random() < 0.3 or not isinstance(value, dict | list) or not value:
        return rng.choice([*VALUES, rng.choice(cases()).text])
    if isinstance(value, list):
        place = rng.randrange(len(value))
        return [*value[:place], mutated(rng, value[place]), *value[place:][rng.randrange(2) :]]
    name = rng.choice(sorted(value))
    match rng.randrange(6):
        case 0:
            return {key: each for key, each in value.items() if key != name}
        case 1:
            return value | {rng.choice(["x", "", "\0", name.upper(), "x" * 999]): value[name]}
        case _:
            return value | {name: mutated(rng, value[name])}


def content(rng: Random, name: str) -> bytes:
    """Write a body that is wrong in its values, or in its bytes."""
    if rng.random() < 0.1:
        return rng.choice(RAW)
    good = rng.choice(BODIES.get(name, [{}]))
    written = json.dumps(good if rng.random() < 0.1 else mutated(rng, good)).encode()
    if rng.random() < 0.2:
        place = rng.randrange(len(written))
        written = written[:place] + rng.randbytes(rng.randrange(4)) + written[place + 1 :]
    return written


def fuzzed(rng: Random, link: Link) -> Fuzzed:
    """Make up a request to one of the routes, about a run that waits or one that is not there."""
    operation = BY_NAME[rng.choice(sorted(BY_NAME) if rng.random() < 0.3 else sorted(BODIES))]
    run = link.approval.partition("-")[0]
    known = link.approval if operation.path.startswith("/api/approvals") else run
    path = operation.path.replace("{flow}", rng.choice(["linked", "first", "none"]))
    path = path.replace("{id}", known if rng.random() < 0.7 else rng.choice(IDS))
    path = path.replace("{name}", rng.choice(["topic-post", *IDS]))
    token = link.token if rng.random() < 0.7 else rng.choice(["", "x.y", "\u00e4", "x" * 5000])
    headers = {
        "Content-Type": rng.choice(TYPES),
        "X-Approval-Token": token,
        "Idempotency-Key": rng.choice([*[""] * 6, "x", "\u00e4", "x" * 300]),
        "X-Signpost-Me": rng.choice(
            [*[""] * 6, "adele@contoso.com", "megan@contoso.com", "\u00e4"]
        ),
    }
    asked = rng.sample(["box", "state", "limit", "cursor", "person", "flow", "outcome", "x"], 2)
    params = {
        name: rng.choice(["", "sent", "-1", "999999", "x" * 999, "\0", "%"]) for name in asked
    }
    sent = {key: each for key, each in headers.items() if each}
    return Fuzzed(operation.method, path, content(rng, operation.name), sent, params)


def answered(signpost: Signpost, request: Fuzzed) -> httpx.Response:
    """Send a request, and give the answer."""
    headers = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    return signpost.http.request(
        request.method.upper(),
        request.path,
        content=request.content,
        headers=headers,
        params=request.params,
    )


def test_no_request_breaks_or_swells_the_app(own: Signpost) -> None:
    """0 answers from 500 up, each refusal a problem document, memory under 50 MB more."""
    rng, process = Random(27), psutil.Process(own.child.process.pid if own.child.process else None)
    links = [own.drafted(flow="first")[1] for _ in range(5)]
    requests = [fuzzed(rng, rng.choice(links)) for _ in range(WARM_UP + FUZZED_BODIES)]
    crowd(lambda each: answered(own, each), requests[:WARM_UP], AT_ONCE)
    before = process.memory_info().rss
    told = crowd(lambda each: answered(own, each), requests[WARM_UP:], AT_ONCE)
    grown = (process.memory_info().rss - before) / MB
    assert [
        (r, t.text) for r, t in zip(requests[WARM_UP:], told, strict=True) if t.status_code >= 500
    ] == []
    assert all(is_problem(each) for each in told if each.is_error)
    assert grown < 50
    counted = Counter(each.status_code for each in told)
    assert {200, 202, 400, 401, 403, 404, 413, 415, 422} <= counted.keys()


def is_problem(answer: httpx.Response) -> bool:
    """Say whether a refusal is a problem document, or the host's own, which is bare."""
    kind = answer.headers.get("content-type", "")
    return answer.content == b"" or (
        kind == "application/problem+json" and answer.json()["status"] == answer.status_code
    )
