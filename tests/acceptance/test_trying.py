"""Test it out over real HTTP: the model answers, nothing is kept, and no other page may ask."""

import httpx2 as httpx
import pytest

from tests.acceptance.client import Json, Signpost
from tests.doubles.quick_model import say

ROUTE = "/api/instructions/test"
TRIAL = {"name": "topic-post", "inputs": {"Topic": say("The lavender marmot.")}, "n": 2}


def rows(signpost: Signpost) -> set[str]:
    """Give which runs there are."""
    return {each["id"] for each in signpost.http.get("/api/runs?limit=100").json()["runs"]}


def test_instructions_are_tried(signpost: Signpost) -> None:
    """Two drafts come back with the prompt that led to them; no run and no post does."""
    before = rows(signpost)
    answer = signpost.http.post(ROUTE, json=TRIAL)
    tried: Json = answer.raise_for_status().json()
    texts = [each["text"] for each in tried["variants"]]
    assert texts == ["The lavender marmot.", "The lavender marmot. Variant 2."]
    assert "lavender marmot" in tried["prompt"][-1]["content"]
    assert rows(signpost) == before
    assert signpost.posts("lavender marmot") == []


def test_no_byte_of_a_trial_stays(signpost: Signpost) -> None:
    """Neither ledger, history nor log holds what was typed or written."""
    signpost.http.post(ROUTE, json=TRIAL).raise_for_status()
    files = [path for path in signpost.plan.state.rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"lavender marmot" in path.read_bytes()] == []


def test_the_gallery_is_beside_it(signpost: Signpost) -> None:
    """`test` is no name of instructions: GET shows none, and the files have their own routes."""
    shown = signpost.http.get("/api/instructions/topic-post").raise_for_status().json()
    assert signpost.http.post(ROUTE, json={"source": shown["source"]}).status_code == 422
    assert signpost.http.get(ROUTE).status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize(
    "header", [{"Origin": "https://contoso.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_no_other_site_spends_tokens(signpost: Signpost, header: dict[str, str]) -> None:
    """A page that somebody was lured to gets 403."""
    assert signpost.http.post(ROUTE, json=TRIAL, headers=header).status_code == 403


def test_a_bad_source_names_its_line(signpost: Signpost) -> None:
    """Also a hostile one, at once."""
    for line in ("{{ Topic.__class__ }}", "{% for a in range(9) %}x{% endfor %}", "{{ "):
        source = f"---\ninputs: [{{name: Topic, kind: string}}]\n---\nuser:\n{line}{{{{ Topic }}}}"
        problem = signpost.http.post(ROUTE, json={"source": source}).json()
        assert (problem["status"], problem["field"]) == (422, "source")
        assert ", line 5: " in problem["detail"]
