"""A file comes along with a start: its text is kept, and what is too large or broken is told."""

import httpx2 as httpx
import pytest

from tests.acceptance.client import Json, Signpost
from tests.files import SAID, a_docx, a_pdf, upload

ROUTE = "/api/flows/file/runs"
LARGEST = 5 * 1024 * 1024


def start(signpost: Signpost, content: bytes, name: str, route: str = ROUTE) -> httpx.Response:
    """Start a run with a file."""
    inputs = {"Topic": "The terrace", "Notes": upload(content, name)}
    return signpost.http.post(route, json={"inputs": inputs})


def told(answer: httpx.Response) -> Json:
    """Give the problem that an answer tells of."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: Json = answer.json()
    return document


@pytest.mark.parametrize("padding", [0, LARGEST - len(a_pdf())], ids=["small", "5 MB"])
def test_a_file_is_kept_as_its_text(signpost: Signpost, padding: int) -> None:
    """Its name stands in the heading and the run, its text before who signs, its bytes nowhere."""
    content = a_pdf() + bytes(padding)
    run = start(signpost, content, "notes.pdf").json()["id"]
    notes = signpost.wait(run, "waiting")["inputs"]["Notes"]
    shown = signpost.see(signpost.link(run)).json()
    assert shown["inputs"]["Notes"] == notes | {"text": SAID}
    assert shown["title"] == "Sign what comes of notes.pdf"
    assert shown["inputs"]["Notes"]["size"] == len(content)


@pytest.mark.parametrize("size", [LARGEST + 1, 30_000_000])
def test_a_file_that_is_too_large_is_refused(signpost: Signpost, size: int) -> None:
    """A byte too much and a body of 40 MB end alike."""
    answer = start(signpost, a_pdf() + bytes(size - len(a_pdf())), "notes.pdf")
    assert answer.status_code == httpx.codes.CONTENT_TOO_LARGE
    assert "at most" in told(answer)["detail"].lower()


@pytest.mark.parametrize("content", [a_pdf()[:200], a_docx("One"), a_pdf(bytes(10**8), packed=2)])
def test_a_file_that_can_not_be_read_is_told(signpost: Signpost, content: bytes) -> None:
    """A broken file, one of another kind and a bomb are a sentence about the field."""
    answer = start(signpost, content, "notes.pdf")
    assert answer.status_code == httpx.codes.UNPROCESSABLE_CONTENT
    assert told(answer)["field"] == "inputs.Notes"


def test_other_flows_take_no_large_bodies(signpost: Signpost) -> None:
    """Only who asks for a file has to read one."""
    answer = start(signpost, bytes(300_000), "notes.txt", "/api/flows/topic-post/runs")
    assert answer.status_code == httpx.codes.CONTENT_TOO_LARGE


def test_the_same_key_and_file_is_the_same_run(signpost: Signpost) -> None:
    """A caller that repeats itself sends the file again, and gets the run that is there."""
    body = {"inputs": {"Topic": "T", "Notes": upload(a_docx("One"), "notes.docx")}}
    header = {"Idempotency-Key": "file"}
    runs = {signpost.http.post(ROUTE, json=body, headers=header).json()["id"] for _ in range(3)}
    assert len(runs) == 1
