"""Every attempt to be more than a text goes through the app, by a model that repeats it, and fails.

The cards that come out are drawn by the official renderer of Adaptive Cards in Chromium.
"""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx2 as httpx
import pytest

from local.teams import ADAPTIVE_CARDS
from signpost.teams.cards import post_card
from signpost.text import clean, digest, hidden_characters
from signpost.urls import is_listed
from tests.acceptance.browser import one_page
from tests.acceptance.client import ADELE, Json, Signpost, card_text, crowd
from tests.acceptance.conftest import serving
from tests.acceptance.injections.corpus import ENTRANCES, LISTED, Case, cases
from tests.acceptance.injections.laid_out import FOLDER, linked_app
from tests.acceptance.sizes import INJECTIONS
from tests.doubles.quick_model import QuickModel, say

DRAW = (FOLDER / "card_skeleton.js").read_text("utf-8")
AT_ONCE = 4
LONGEST_TOPIC = 4000
HARMLESS = "The terrace opens on Monday."


class Carried(NamedTuple):
    """What became of a case: refused with a status, or signed and posted as a card."""

    case: Case
    refused: httpx.Response | None
    signed: str
    card: Json


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Iterator[Signpost]:
    """Start a Signpost whose model repeats what it is told, with a flow that keeps links active."""
    app = linked_app(tmp_path_factory.mktemp("app"))
    with (
        QuickModel(echoes=True) as model,
        serving(tmp_path_factory.mktemp("state"), model.url, app) as signpost,
    ):
        yield signpost


@pytest.fixture(scope="module")
def carried(own: Signpost) -> list[Carried]:
    """Take cases through their entrances to their posts: 200, and at full size all."""
    chosen = Random(25).sample(cases(), min(INJECTIONS, len(cases())))
    assert {case.enters for case in chosen} == set(ENTRANCES)
    signed = crowd(lambda case: through(own, case), chosen, AT_ONCE)
    posts = {digest(card_text(m)): m["attachments"][0]["content"] for m in own.journal.posts()}
    return [Carried(case, told, text, posts.get(text, {})) for case, told, text in signed]


def through(signpost: Signpost, case: Case) -> tuple[Case, httpx.Response | None, str]:
    """Start, draft, perhaps send back or edit, sign, and post; give the signed digest."""
    begun = start(signpost, case)
    if begun.is_error:
        return case, begun, ""
    run: str = begun.json()["id"]
    link = signpost.link(run)
    if case.enters == "feedback":
        told = signpost.sign(link, response="Request changes", comments=case.text)
        if told.is_error:
            return case, told, ""
        link = signpost.link(run, number=2)
    edit = {"acceptedText": case.text} if case.enters == "edit" else {}
    told = signpost.sign(link, **edit)
    if told.is_error:
        return case, told, ""
    story = signpost.wait(run, "closed")
    assert (story["outcome"], story["delivery"]["state"]) == ("Approve", "handed over"), case.id
    return case, None, story["signedDigest"]


def start(signpost: Signpost, case: Case) -> httpx.Response:
    """Start the run of a case; a topic is too short for what some models are to answer."""
    answer = say(case.text).replace("<", "\\u003c")  # so that no fence changes it
    is_short = len(answer) <= LONGEST_TOPIC
    topic = {"topic": case.text, "model answer": answer if is_short else HARMLESS}
    file = {"file": case.text, "model answer": "" if is_short else answer}.get(case.enters)
    content = b64encode((file or "").encode()).decode()
    notes = {"Notes": {"name": "notes.txt", "contentBytes": content}} if file else {}
    inputs = {"Topic": topic.get(case.enters, HARMLESS), **notes}
    return signpost.http.post("/api/flows/linked/runs", json={"inputs": inputs})


@pytest.fixture(scope="module")
def drawn(carried: list[Carried]) -> list[tuple[Carried, Json]]:
    """Draw the card of every case, posted or not; the renderer must load and open nothing."""
    known = {each.case for each in carried}
    posted = [each for each in carried if each.card]
    posted += [Carried(case, None, "", card_of(case.text)) for case in cases() if case not in known]
    with one_page() as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        page.add_script_tag(path=ADAPTIVE_CARDS)
        found: list[Json] = page.evaluate(DRAW, [each.card for each in posted])
        page.wait_for_load_state("networkidle")
        assert asked == []
    return list(zip(posted, found, strict=True))


def test_what_is_posted_is_what_was_signed(carried: list[Carried]) -> None:
    """Each case that is not refused stands in the channel, to the byte that was signed."""
    posted = [each for each in carried if each.refused is None]
    assert len(posted) >= 0.9 * len(carried)
    assert [each.case.id for each in posted if digest(text_of(each)) != each.signed] == []


def test_the_model_did_repeat_the_cases(carried: list[Carried]) -> None:
    """The corpus is no proof while nothing of it comes through."""
    visible = [each for each in carried if each.card and not hidden_characters(each.case.text)]
    same = [each for each in visible if each.case.text.strip() in text_of(each)]
    assert len(same) > 0.9 * len(visible) > 100


def card_of(text: str) -> Json:
    """Build the card as the app does."""
    return post_card("News", clean(text), ADELE, edited=False, links=LISTED)


def text_of(each: Carried) -> str:
    """Read the posted text of a case."""
    return card_text({"attachments": [{"content": each.card}]})


def test_only_what_hides_is_refused(carried: list[Carried]) -> None:
    """A person who sends hidden characters is told so; all other cases are taken as text."""
    refused = {each.case.id: each.refused for each in carried if each.refused is not None}
    assert {told.status_code for told in refused.values()} == {422}
    assert sorted(refused) == sorted(each.case.id for each in carried if hides(each.case))


def hides(case: Case) -> bool:
    """Say whether a person sends hidden characters; a topic may come with the lines of Windows."""
    text = case.text.replace("\r\n", "\n") if case.enters == "topic" else case.text
    return case.enters in ("topic", "feedback", "edit") and bool(hidden_characters(text))


def test_the_card_is_always_the_same(drawn: list[tuple[Carried, Json]]) -> None:
    """Drawn, each card has the elements and attributes of a harmless one, and no script ran."""
    with one_page() as page:
        page.add_script_tag(path=ADAPTIVE_CARDS)
        plain, linked = page.evaluate(DRAW, [card_of("x"), card_of("https://contoso.com")])
    assert {each.case.id: found["skeleton"] for each, found in drawn
            if found["skeleton"] != plain["skeleton"]} == {}  # fmt: skip
    for each, found in drawn:
        model = linked if found["links"] else plain
        assert set(found["attributes"]) <= set(model["attributes"]), each.case.id
        assert found["hit"] is None, each.case.id


def test_readers_see_what_was_signed(drawn: list[tuple[Carried, Json]]) -> None:
    """The renderer shows every letter of every line, and formats none away."""
    for each, found in drawn:
        lines = [line for line in text_of(each).split("\n") if line]
        assert [line for line in found["text"][1:-1] if line] == lines, each.case.id


def test_no_link_leads_off_the_list(drawn: list[tuple[Carried, Json]]) -> None:
    """As a browser reads them: https, a listed host, no user, no port, and shown as they are."""
    links = [(each.case.id, link) for each, found in drawn for link in found["links"]]
    assert len(links) > 20
    for name, link in links:
        assert (link["protocol"], link["user"]) == ("https:", ""), name
        assert is_listed(link["host"], LISTED), name
        assert link["shown"] == link["href"], name


def test_cases_hold_together() -> None:
    """The flow of these tests lists the hosts that the corpus speaks of."""
    flow = (FOLDER / "linked.yaml").read_text("utf-8")
    assert f'links: [{LISTED[0]}, "{LISTED[1]}"]' in flow
    assert Path(ADAPTIVE_CARDS).is_file()
