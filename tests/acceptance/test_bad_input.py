"""What is wrong with a request is said, with the field; nothing is lost or half done."""

import json
from typing import Any

import httpx2 as httpx
import pytest

from tests.acceptance.client import Signpost

ROUTE = "/api/flows/topic-post/runs"
TOPIC = {"inputs": {"Topic": "A topic"}}

BODIES: list[tuple[str, Any, int, str | None]] = [
    ("no inputs", {}, 422, "inputs"),
    ("a missing input", {"inputs": {}}, 422, "inputs.Topic"),
    ("an empty input", {"inputs": {"Topic": " "}}, 422, "inputs.Topic"),
    ("a number for a text", {"inputs": {"Topic": 7}}, 422, "inputs.Topic"),
    ("an input of another name", {"inputs": {"Topic": "A", "Tone": "B"}}, 422, "inputs.Tone"),
    ("4,001 characters", {"inputs": {"Topic": "x" * 4001}}, 422, "inputs.Topic"),
    ("a control character", {"inputs": {"Topic": "a\x00b"}}, 422, "inputs.Topic"),
    ("a bidi character", {"inputs": {"Topic": "a\u202eb"}}, 422, "inputs.Topic"),
    ("an unknown field", TOPIC | {"tone": "warm"}, 422, "tone"),
    ("an unknown parameter", TOPIC | {"parameters": {"top_k": 5}}, 422, "parameters.top_k"),
    (
        "a parameter out of range",
        TOPIC | {"parameters": {"temperature": 3}},
        422,
        "parameters.temperature",
    ),
    (
        "a parameter as text",
        TOPIC | {"parameters": {"max_tokens": "9"}},
        422,
        "parameters.max_tokens",
    ),
    ("no e-mail address", TOPIC | {"requestor": "adele"}, 422, "requestor"),
    ("a list", [], 422, None),
]


@pytest.mark.parametrize(
    "body, status, field", [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_a_wrong_body_is_told_its_field(signpost: Signpost, body, status, field) -> None:
    """Each mistake in a start gets a problem document that names the field."""
    answer = signpost.http.post(ROUTE, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("field") == field
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "content, content_type, status",
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"inputs": {"Topic": NaN}}', "application/json", 400),
        (b'{"inputs": {"Topic": "\xff"}}', "application/json", 400),
        (b'{"inputs": {"Topic": "\\ud800"}}', "application/json", 400),
        (b'{"inputs": {"Topic": ' + b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"Topic=A", "application/x-www-form-urlencoded", 415),
        (json.dumps({"inputs": {"Topic": "x" * 262_144}}).encode(), "application/json", 413),
    ],
    ids=["cut", "empty", "NaN", "bytes", "surrogate", "deep", "text", "form", "256 KB"],
)
def test_an_unreadable_body_is_refused(signpost: Signpost, content, content_type, status) -> None:
    """What is no JSON of bearable size gets a problem document, never a 500."""
    answer = signpost.http.post(ROUTE, content=content, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/flows/nonsense/runs"),
        ("GET", "/api/runs/nonsense"),
        ("GET", "/api/runs/%2e%2e%2fstart"),
        ("GET", "/api/runs/nonsense/receipt"),
        ("POST", "/api/runs/nonsense/cancel"),
        ("GET", "/assets/function_app.py"),
        ("GET", "/assets/..%2fhost.json"),
    ],
)
def test_what_is_not_there_is_not_found(signpost: Signpost, method: str, path: str) -> None:
    """Unknown flows, runs and files get 404: from us as a problem document, from the host bare."""
    answer = signpost.http.request(
        method, path, json=TOPIC if "runs" in path and "cancel" not in path else {}
    )
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.content == b"" or answer.json()["status"] == httpx.codes.NOT_FOUND


@pytest.mark.parametrize(
    "answer, field",
    [
        ({"digest": "sha256:" + "0" * 64}, "digest"),
        ({"response": "Reject"}, "comments"),
        ({"response": "Maybe"}, "response"),
        ({"acceptedText": "   "}, "acceptedText"),
        ({"acceptedText": "a\u200bb"}, "acceptedText"),
        ({"acceptedText": "x" * 28_000}, "acceptedText"),
        ({"response": "Reject", "comments": "No.", "acceptedText": "A"}, "acceptedText"),
        ({"approver": "alex@contoso.com"}, "approver"),
    ],
)
def test_a_wrong_answer_decides_nothing(signpost: Signpost, answer, field) -> None:
    """An answer that can't count says why and leaves the round open."""
    _, link = signpost.drafted(topic="Wrong answers")
    told = signpost.sign(link, **answer)
    assert told.status_code == httpx.codes.UNPROCESSABLE_CONTENT
    assert told.json().get("field") == field
    assert signpost.see(link).json()["state"] == "open"
