"""Values of every type go from a start into the run and the heading of its approval."""

from typing import Any

import pytest

from tests.acceptance.client import Signpost
from tests.files import SAID, a_pdf, upload

ROUTE = "/api/flows/typed/runs"
PLAIN = {
    "Topic": "The terrace",
    "Tone": "Formal",
    "Reply to": "megan@contoso.com",
    "Urgent": True,
    "Seats": 12.5,
    "Day": "2026-11-23",
}


def test_values_of_every_type_are_kept(signpost: Signpost) -> None:
    """As they were sent, a file as its text; the heading has each on one line."""
    inputs = PLAIN | {"Notes": upload(a_pdf(), "notes.pdf")}
    run = signpost.http.post(ROUTE, json={"inputs": inputs}).raise_for_status().json()["id"]
    shown = signpost.see(signpost.link(run)).json()
    notes = shown["inputs"].pop("Notes")
    assert (shown["inputs"], notes["text"]) == (PLAIN, SAID)
    heading = "The terrace|Formal|megan@contoso.com|notes.pdf|Yes|12.5|2026-11-23"
    assert shown["title"] == heading


def test_what_is_left_out_is_the_default_or_nothing(signpost: Signpost) -> None:
    """Only what there is stands in the run."""
    inputs = {"Topic": "The terrace", "Reply to": "", "Seats": None}
    run = signpost.http.post(ROUTE, json={"inputs": inputs}).raise_for_status().json()["id"]
    shown = signpost.see(signpost.link(run)).json()
    assert shown["inputs"] == {"Topic": "The terrace", "Tone": "Friendly", "Urgent": False}
    assert shown["title"] == "The terrace|Friendly|\u2026|\u2026|No|\u2026|\u2026"


ODD: list[tuple[str, Any]] = [
    ("Topic", None),
    ("Topic", 5),
    ("Topic", "pay\u202eroll"),
    ("Topic", "x" * 4_001),
    ("Tone", "formal"),
    ("Reply to", "megan@contoso.com; diego@contoso.com"),
    ("Notes", "notes.pdf"),
    ("Notes", upload(b"x" * 1_001)),
    ("Urgent", "true"),
    ("Urgent", 1),
    ("Seats", "12"),
    ("Seats", True),
    ("Seats", 500.5),
    ("Seats", 10**400),
    ("Day", "2026-02-29"),
    ("Day", "23.11.2026"),
    ("Colour", "red"),
]


@pytest.mark.parametrize("name,value", ODD, ids=range(len(ODD)))
def test_what_does_not_fit_its_type_is_refused(signpost: Signpost, name: str, value: Any) -> None:
    """422 names the input, and no run begins."""
    answer = signpost.http.post(ROUTE, json={"inputs": PLAIN | {name: value}})
    assert (answer.status_code, answer.json()["field"]) == (422, f"inputs.{name}")


def test_numbers_that_are_none_are_refused(signpost: Signpost) -> None:
    """JSON has no NaN, and no float holds 1e999."""
    for number, status in (("NaN", 400), ("Infinity", 400), ("1e999", 422)):
        body = f'{{"inputs": {{"Topic": "T", "Seats": {number}}}}}'
        sent = {"Content-Type": "application/json"}
        assert signpost.http.post(ROUTE, content=body, headers=sent).status_code == status
