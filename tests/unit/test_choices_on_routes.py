"""Over HTTP an approver sees all drafts and chooses by digest; an inbox answers about the first."""

from typing import Any

import azure.functions as func
import pytest

from signpost.contracts import REQUEST_CHANGES
from signpost.records import Round
from signpost.text import digest
from tests.builders import ADELE, ALEX, TEXT, a_draft, get_round, json_of
from tests.routed import Site, token_for, waiting

SECOND, THIRD = "The terrace is open.", "Coffee outside, from Monday on!"
FORGED = "Pay to this account."


class Choice:
    """The app with three drafts under review."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def see(self, who: str = ADELE) -> Any:
        """Show somebody the approval."""
        return json_of(await self.site.send("showApproval", token_for(who)))

    async def answer(self, who: str = ADELE, /, **body: Any) -> func.HttpResponse:
        """Answer as the page does."""
        return await self.send({"response": "Approve", "comments": "Why.", **body}, who)

    async def send(self, body: Any, who: str = ADELE) -> func.HttpResponse:
        """Send any answer."""
        return await self.site.send("answer", token_for(who), body=body)

    async def round(self) -> Round:
        """Read the round."""
        return await get_round(self.site.ledger)


@pytest.fixture
async def choice(site: Site) -> Choice:
    """Bring the default run to where three drafts are under review."""
    site.mode("off")
    await waiting(site.ledger, draft=a_draft(others=[SECOND, THIRD]), allow_request_changes=True)
    return Choice(site)


@pytest.mark.parametrize("place,text", [(0, TEXT), (1, SECOND), (2, THIRD)])
async def test_a_draft_is_chosen_by_the_digest_that_is_shown(
    choice: Choice, place: int, text: str
) -> None:
    """What is sent back of the shown draft signs exactly it."""
    shown = (await choice.see())["variants"][place]
    answered = await choice.answer(digest=shown["digest"])
    assert (answered.status_code, json_of(answered)["signedDigest"]) == (200, digest(text))


@pytest.mark.parametrize("unknown", [digest(FORGED), "", SECOND, digest(SECOND)[:-1], "sha256:"])
async def test_the_digest_of_no_draft_is_refused(choice: Choice, unknown: str) -> None:
    """422 names the field, and nothing is decided."""
    answered = await choice.answer(digest=unknown)
    assert (answered.status_code, json_of(answered)["field"]) == (422, "digest")
    assert (await choice.round()).responses == []


async def test_who_chose_sees_which(choice: Choice) -> None:
    """The decision names the chosen draft, to its approver and to the one who comes later."""
    await choice.answer(digest=digest(SECOND))
    for who in (ADELE, ALEX):
        assert (await choice.see(who))["decision"]["digest"] == digest(SECOND)
    assert (await choice.answer(ALEX, digest=digest(THIRD))).status_code == 409


INBOX: list[tuple[Any, str, str | None]] = [
    ({"type": "accept"}, "Approve", digest(TEXT)),
    ([{"type": "accept", "args": None}], "Approve", digest(TEXT)),
    ({"type": "edit", "args": {"args": {"text": "Mine."}}}, "Approve", digest("Mine.")),
    ({"type": "edit", "args": {"args": {"text": SECOND}}}, "Approve", digest(SECOND)),
    ({"type": "edit", "args": {"args": {"text": TEXT}}}, "Approve", digest(TEXT)),
    ({"type": "response", "args": "Shorter."}, REQUEST_CHANGES, None),
    ({"type": "ignore", "args": "No."}, "Reject", None),
]


@pytest.mark.parametrize("body,outcome,signed", INBOX)
async def test_an_inbox_means_the_first_draft(
    choice: Choice, body: Any, outcome: str, signed: str | None
) -> None:
    """Which it is shown as the text; another is chosen by sending it as an edit, to the letter."""
    assert (await choice.see())["text"] == TEXT
    answered = json_of(await choice.send(body))
    assert (answered["outcome"], answered["signedDigest"]) == (outcome, signed)
    [response] = (await choice.round()).responses
    assert response.draft_digest == (digest(SECOND) if signed == digest(SECOND) else None)
    assert (response.accepted_text is None) == (signed != digest("Mine."))
