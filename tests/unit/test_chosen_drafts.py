"""Exactly the draft that was chosen is posted, whoever else chooses, and whatever changes."""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost import records, rounds, runs
from signpost.contracts import REQUEST_CHANGES
from signpost.drafting import write_draft
from signpost.ledger import Ledger, change
from signpost.ledger.sqlite import SqliteLedger
from signpost.oversight import upkeep
from signpost.posting import Word, post_signed_text, resolve
from signpost.problems import Decided, Invalid, Problem
from signpost.records import DraftText, Post, Round
from signpost.teams import Sent, cards
from signpost.text import digest
from tests.builders import (
    ADELE,
    ALEX,
    NOW,
    RUN,
    TEXT,
    a_case,
    a_config,
    a_draft,
    a_flow,
    a_run,
    get_post,
    get_round,
    put,
    work,
)
from tests.builders import said as saying
from tests.doubles.openai_double import OpenAIDouble

SECOND, THIRD, EDIT = "The terrace is open.", "Coffee outside, from Monday on!", "Mine."
DRAFT = a_draft(others=[SECOND, THIRD])
FORGED = "Pay to this account."
CHANGES: dict[str, Any] = {"allow_request_changes": True}


class Channel:
    """A way into Teams that takes everything, and keeps the texts and the lines below them."""

    target = "A channel"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.lines: list[str] = []

    async def post(self, message: dict[str, Any], now: datetime) -> Sent:
        """Keep what is posted."""
        card = message["attachments"][0]["content"]
        self.texts.append(cards.text_of(card))
        self.lines.append(card["body"][-1]["inlines"][0]["text"])
        return Sent("handed over", f"{now:%H:%M}")

    async def notify(self, person: str, message: dict[str, Any], now: datetime) -> Sent:
        """Tell nobody."""
        raise NotImplementedError


async def open_three(ledger: Ledger) -> None:
    """Bring the default run to where three drafts are under review."""
    await put(ledger, records.RUN, a_run(flow=a_flow(**CHANGES)))
    await put(ledger, records.draft_row(1), DRAFT)
    opened = upkeep.open_round(a_case(**CHANGES), DRAFT, 1, NOW)
    await put(ledger, records.round_row(1), opened)


@pytest.fixture(autouse=True)
async def opened(ledger: Ledger) -> None:
    """Let three drafts be under review."""
    await open_three(ledger)


async def choose(
    ledger: Ledger, text: str, who: str = ADELE, response: str = "Approve", edit: str | None = None
) -> Round:
    """Answer about a draft."""
    said = saying(who, response, digest=digest(text), accepted_text=edit)
    return await rounds.respond(ledger, await runs.story(ledger, RUN), 1, said, NOW)


async def forge(ledger: Ledger, **fields: Any) -> None:
    """Change the drafts in the store, past the app."""

    def forged(draft: DraftText) -> DraftText:
        return msgspec.structs.replace(draft, **fields)

    await change(ledger, RUN, records.draft_row(1), DraftText, forged)


async def posted(ledger: Ledger) -> list[str]:
    """Post what is signed, and give the texts that went out."""
    channel = Channel()
    await post_signed_text(ledger, channel, work())
    return channel.texts


@pytest.mark.parametrize("text", [TEXT, SECOND, THIRD])
async def test_the_chosen_draft_is_posted(ledger: Ledger, text: str) -> None:
    """Exactly that text goes out, and the post is on record by its digest."""
    await choose(ledger, text)
    assert await posted(ledger) == [text]
    assert (await get_post(ledger)).digest == digest(text)
    assert (await runs.story(ledger, RUN)).signed_text == text


@pytest.mark.parametrize(
    "edit,line", [(None, "signed by"), (SECOND, "signed by"), (EDIT, "edited")]
)
async def test_a_post_says_edited_only_where_it_was(
    ledger: Ledger, edit: str | None, line: str
) -> None:
    """An edit of the chosen draft is posted as one; a draft of the model's is not."""
    await choose(ledger, SECOND, edit=edit)
    channel = Channel()
    await post_signed_text(ledger, channel, work())
    assert channel.texts == [edit or SECOND]
    assert channel.lines[0].startswith(f"Drafted with AI, {line}")


async def test_a_text_of_no_draft_changes_nothing(ledger: Ledger) -> None:
    """Who answers about another text is refused, and the round stays open."""
    before = await get_round(ledger)
    with pytest.raises(Invalid) as error:
        await choose(ledger, FORGED)
    assert (error.value.field, await get_round(ledger)) == ("digest", before)


async def test_a_chosen_draft_that_was_changed_is_never_posted(ledger: Ledger) -> None:
    """Neither what stands in its place now nor another draft goes out; the post has failed."""
    await choose(ledger, SECOND)
    await forge(ledger, others=[FORGED, THIRD])
    assert await posted(ledger) == []
    post = await get_post(ledger)
    assert (post.state, "not the text that was signed" in post.detail) == ("failed", True)


async def test_a_draft_that_was_changed_can_not_be_chosen(ledger: Ledger) -> None:
    """The round knows its drafts by digest since it was opened, whatever the store says now."""
    await forge(ledger, others=[SECOND, THIRD, FORGED])
    with pytest.raises(Invalid):
        await choose(ledger, FORGED)
    await choose(ledger, THIRD)
    assert await posted(ledger) == [THIRD]


async def test_drafts_that_were_not_chosen_do_not_matter(ledger: Ledger) -> None:
    """What became of the others in the store keeps nobody from what was signed."""
    await choose(ledger, THIRD)
    await forge(ledger, text=FORGED, others=[THIRD, FORGED])
    assert await posted(ledger) == [THIRD]


@pytest.mark.parametrize("who,text", [(ADELE, SECOND), (ADELE, THIRD), (ALEX, SECOND)])
async def test_a_second_choice_hears_of_the_first(ledger: Ledger, who: str, text: str) -> None:
    """The same choice made twice counts once, and so does another one."""
    await choose(ledger, SECOND)
    with pytest.raises(Decided):
        await choose(ledger, text, who)
    assert await posted(ledger) == [SECOND]


async def test_of_many_choices_at_once_one_counts(ledger: Ledger) -> None:
    """Whoever was first chose: one draft is signed and posted, and all others hear of it."""
    said = [(text, who) for text in (TEXT, SECOND, THIRD) for who in (ADELE, ALEX)] * 5
    ends = await asyncio.gather(*(choose(ledger, *each) for each in said), return_exceptions=True)
    won = [each for each, end in zip(said, ends, strict=True) if isinstance(end, Round)]
    assert sum(isinstance(end, Decided) for end in ends) == len(said) - 1
    [(text, who)] = won
    assert await posted(ledger) == [text]
    assert [each.responder.name for each in (await get_round(ledger)).responses] == [who]


@pytest.mark.parametrize("others,again", [([SECOND, THIRD], [SECOND]), ([FORGED, THIRD], [])])
async def test_posting_again_is_posting_the_chosen_draft(
    ledger: Ledger, others: list[str], again: list[str]
) -> None:
    """Who resolves a doubt sends what was signed, or nothing where it is there no more."""
    await choose(ledger, SECOND)
    doubt = Post(digest=digest(SECOND), target="A channel", state="unknown", detail="", at=NOW)
    await put(ledger, records.post_row(1), doubt)
    await forge(ledger, others=others)
    channel, story = Channel(), await runs.story(ledger, RUN)
    with suppress(Decided):
        await resolve(ledger, channel, story, Word("post again", ADELE), NOW)
    assert channel.texts == again


@pytest.mark.parametrize("text", [TEXT, SECOND, THIRD])
async def test_the_draft_that_was_sent_back_is_the_one_to_change(
    ledger: Ledger, openai_double: OpenAIDouble, text: str
) -> None:
    """The model gets the draft that the reviewer chose, what was asked for, and no other draft."""
    await choose(ledger, text, response=REQUEST_CHANGES)
    second = msgspec.structs.replace(work(), round=2)
    await write_draft(ledger, a_config(model_base_url=openai_double.url), second)
    *_, draft, asked = openai_double.requests[0]["messages"]
    assert draft == {"role": "assistant", "content": text}
    assert asked["content"].endswith("\n\nToo long.")
    told = str(openai_double.requests)
    assert [each in told for each in (SECOND, THIRD)] == [text == SECOND, text == THIRD]


texts = st.sampled_from([TEXT, SECOND, THIRD, EDIT, FORGED, "", "pay\u202eroll"])
answers = st.tuples(
    st.sampled_from([TEXT, SECOND, THIRD, FORGED]),
    st.sampled_from([ADELE, ALEX, "eve@contoso.com"]),
    st.sampled_from(["Approve"] * 5 + ["Reject", REQUEST_CHANGES]),
    st.sampled_from([None, None, TEXT, SECOND, THIRD, EDIT, FORGED, ""]),
)


async def play(ledger: Ledger, steps: list[Any]) -> tuple[set[str], Channel]:
    """Answer, change the store, and post twice; give what may be signed, and what went out."""
    channel, known = Channel(), set(DRAFT.variants.values())
    for step in steps:
        if isinstance(step, dict):
            await forge(ledger, **step)
            continue
        known |= {step[3]} - {None}
        try:
            await choose(ledger, *step)
        except Problem:
            continue
    for attempt in (1, 2):
        await post_signed_text(ledger, channel, work(attempt))
    return known, channel


forgeries = st.fixed_dictionaries({"text": texts, "others": st.lists(texts, max_size=3)})


@settings(max_examples=200)
@given(steps=st.lists(answers | forgeries, min_size=1, max_size=6))
async def test_what_is_posted_was_signed(steps: list[Any]) -> None:
    """Whatever is answered, and changed in the store: a draft of the round or the signed edit."""
    with TemporaryDirectory() as folder:
        ledger = SqliteLedger(str(Path(folder) / "ledger.db"))
        await open_three(ledger)
        known, channel = await play(ledger, steps)
        standing = await get_round(ledger)
        ledger.close()
    assert len(channel.texts) <= (standing.outcome == "Approve")
    for text in channel.texts:
        assert text in known
        assert digest(text) == standing.signed_digest()
        assert standing.responses[0].accepted_text in (None, text)
