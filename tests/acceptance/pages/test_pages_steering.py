"""The run page for who asked or operates: rounds, delays, deadlines, deliveries, the receipt."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    ADELE,
    ALEX,
    DRAFT,
    EXTEND,
    FOLLOW,
    MEGAN,
    REASSIGN,
    RECEIPT,
    REMIND,
    RESOLVE,
    RUN,
    Answer,
    Json,
    SignpostApi,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEFORE = DRAFT.replace("in May", "in June")
WISH = api.response(ALEX, approverResponse="Request changes", comments="It is in May.")
FIRST_ROUND = api.review(text=BEFORE, outcome="Request changes", state="decided", waitingFor=[])
UNKNOWN = api.closed(delivery=api.delivery("unknown"))


async def show(page: Page, signpost: SignpostApi, run: Json) -> None:
    """Open a run that stands like this, and look at it once, so that nothing else is asked."""
    await page.clock.install()
    signpost.on(FOLLOW, Answer(body=run))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#run")).to_be_visible()


async def test_rounds_are_told_newest_first(page: Page, signpost: SignpostApi) -> None:
    """The draft under review stands on top; those before it hold their text and their answers."""
    second = api.review(number=2)
    await show(
        page, signpost, api.run(round=second, rounds=[FIRST_ROUND, second], responses=[WISH])
    )
    await expect(page.locator("#text")).to_have_text(DRAFT)
    await page.get_by_text("Changes since the draft before").click()
    await expect(page.locator("#change ins")).to_have_text("May.")
    await page.get_by_text("Draft 1: Request changes").click()
    await expect(page.locator("#rounds .text").first).to_have_text(BEFORE)
    await expect(page.locator("#rounds blockquote")).to_have_text("It is in May.")
    await expect(page.locator("#answered")).to_be_hidden()


async def test_next_draft_is_in_the_making(page: Page, signpost: SignpostApi) -> None:
    """Between two rounds the first step is on again, and nobody is waited for."""
    between = {"state": "drafting", "round": FIRST_ROUND, "responses": [WISH]}
    await show(page, signpost, api.run(**between))
    await expect(page.locator("#draft-step")).to_have_attribute("aria-current", "step")
    await expect(page.locator("#sign-step")).not_to_have_attribute("aria-current", "step")
    await expect(page.locator("#waiting")).to_be_hidden()
    await expect(page.get_by_role("button", name="Cancel this run")).to_be_visible()


@pytest.mark.parametrize(
    "outcome,signed,words",
    [
        ("Post it", "sha256:1f", "Signed"),
        ("Drop it", None, "Not signed"),
        ("Reject", None, "Rejected"),
    ],
)
async def test_step_says_whether_it_was_signed(
    page: Page, signpost: SignpostApi, outcome: str, signed: str | None, words: str
) -> None:
    """A flow's own answer counts as a signature only where the text was signed by it."""
    await show(page, signpost, api.closed(outcome=outcome, signedDigest=signed, delivery=None))
    await expect(page.locator("#sign-step strong [data-for]:visible")).to_have_text(words)


@pytest.mark.parametrize(
    "outcome,signed,names",
    [
        ("Approve", "sha256:1f", f"{ADELE} and {MEGAN}"),
        ("Reject", None, ALEX),
        ("Expired", None, ""),
    ],
)
async def test_step_names_those_who_made_the_outcome(
    page: Page, signpost: SignpostApi, outcome: str, signed: str | None, names: str
) -> None:
    """Whoever answered otherwise, or before time ran out, is not named as who decided."""
    said = [WISH, *(api.response(who, round=2) for who in (ADELE, MEGAN))]
    said.append(api.response(ALEX, round=2, approverResponse="Reject"))
    told: Json = {"outcome": outcome, "signedDigest": signed, "responses": said}
    await show(page, signpost, api.closed(**told, round=api.review(number=2), delivery=None))
    await expect(page.locator("#signer")).to_have_text(names)


async def test_approvers_are_reminded(page: Page, signpost: SignpostApi) -> None:
    """One press sends it, and the page says that it went out."""
    signpost.on(REMIND, Answer(body=api.run()))
    await show(page, signpost, api.run())
    await page.get_by_role("button", name="Remind now").click()
    await expect(page.locator("#reminded")).to_have_text("They are told again now.")
    assert [asked.body for asked in signpost.asked[REMIND]] == [{}]


async def test_a_reminder_too_soon_says_when(page: Page, signpost: SignpostApi) -> None:
    """What the server refuses stands by the button."""
    signpost.on(REMIND, problem(429, "They were told minutes ago; again from 10:20 UTC."))
    await show(page, signpost, api.run())
    await page.get_by_role("button", name="Remind now").click()
    await expect(page.locator("#remind [role=alert]")).to_contain_text("again from 10:20 UTC")


async def test_place_is_handed_on(page: Page, signpost: SignpostApi) -> None:
    """Whose place it is is chosen among those who hold one, and no delegate is offered."""
    delegate = {**api.awaited(MEGAN)[0], "onBehalfOf": ADELE}
    waiting = [*api.awaited(ADELE, ALEX), delegate]
    signpost.on(REASSIGN, Answer(body=api.run()))
    await show(page, signpost, api.run(round=api.review(waitingFor=waiting)))
    await page.get_by_role("button", name="Hand on…").click()
    await expect(page.get_by_label("In the place of").locator("option")).to_have_text([ADELE, ALEX])
    await page.get_by_label("In the place of").select_option(ALEX)
    await page.get_by_label("E-mail of the new person").fill(" diego@contoso.com ")
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert signpost.asked[REASSIGN][0].body == {"from": ALEX, "to": "diego@contoso.com"}


async def test_who_can_not_sign_is_told_at_the_field(page: Page, signpost: SignpostApi) -> None:
    """The dialog stays, with the reason beside the name."""
    signpost.on(REASSIGN, problem(422, "Who asks for the text can't sign it.", field="to"))
    await show(page, signpost, api.run())
    await page.get_by_role("button", name="Hand on…").click()
    await page.get_by_label("E-mail of the new person").fill(MEGAN)
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.locator("#to-error")).to_have_text("Who asks for the text can't sign it.")
    await expect(page.get_by_label("E-mail of the new person")).to_be_focused()


async def test_deadline_is_moved_in_local_time(page: Page, signpost: SignpostApi) -> None:
    """The field begins at the deadline of now, and what is sent names the instant."""
    signpost.on(EXTEND, Answer(body=api.run()))
    await show(page, signpost, api.run())
    await page.get_by_role("button", name="Move the deadline…").click()
    field = page.get_by_label("New deadline")
    await expect(field).to_have_value("2099-12-22T11:00")
    await field.fill("")
    await page.get_by_role("button", name="Move it").click()
    await expect(page.locator("#until-error")).to_have_text("Choose a day and a time.")
    await field.fill("2099-12-24T12:30")
    await page.get_by_role("button", name="Move it").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert [a.body for a in signpost.asked[EXTEND]] == [{"expiresAt": "2099-12-24T11:30:00.000Z"}]


WAYS = {
    "it is there": ("It is there…", "Nothing is sent.", "It is there"),
    "post again": ("Post again…", "in Teams twice then", "Post again"),
}


@pytest.mark.parametrize("delivery", WAYS)
async def test_unknown_delivery_is_resolved(
    page: Page, signpost: SignpostApi, delivery: str
) -> None:
    """Each way says what it means before it is done, and the page shows what came of it."""
    opens, means, does = WAYS[delivery]
    signpost.on(RESOLVE, Answer(body=api.closed()))
    await show(page, signpost, UNKNOWN)
    await page.get_by_role("button", name=opens).click()
    await expect(page.get_by_role("dialog")).to_contain_text(means)
    signpost.on(FOLLOW, Answer(body=api.closed(delivery={**api.delivery(), "resolvedBy": ADELE})))
    await page.get_by_role("dialog").get_by_role("button", name=does, exact=True).click()
    await expect(page.locator("#delivered")).to_contain_text(f"as {ADELE} says")
    assert [asked.body for asked in signpost.asked[RESOLVE]] == [{"delivery": delivery}]
    await expect(page.locator("#resolve")).to_be_hidden()


@pytest.mark.parametrize("opens", ["It is there…", "Post again…"])
async def test_who_is_not_sure_resolves_nothing(
    page: Page, signpost: SignpostApi, opens: str
) -> None:
    """The question can be left without an answer."""
    signpost.on(RESOLVE)
    await show(page, signpost, UNKNOWN)
    await page.get_by_role("button", name=opens).click()
    await page.get_by_role("dialog").get_by_role("button", name="Not sure").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert signpost.asked[RESOLVE] == []


@pytest.mark.parametrize("run", [api.run(maySteer=False), {**UNKNOWN, "maySteer": False}])
async def test_who_may_only_look_gets_no_buttons(
    page: Page, signpost: SignpostApi, run: Json
) -> None:
    """An approver who follows the run is offered nothing that would be refused."""
    await show(page, signpost, run)
    names = ("Remind now", "Hand on…", "Move the deadline…", "Cancel this run…", "Post again…")
    for name in names:
        await expect(page.get_by_role("button", name=name)).to_have_count(0)


async def test_receipt_is_saved_byte_for_byte(
    page: Page, signpost: SignpostApi, tmp_path: Path
) -> None:
    """The file that is verified later is what the server sent, and the page says how to."""
    signpost.on(RECEIPT, Answer(body={"b": 1, "a": "ä"}))
    await show(page, signpost, api.closed())
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save the receipt").click()
    file = tmp_path / "receipt.json"
    await (await saved.value).save_as(file)
    assert file.read_text("ascii") == '{"b": 1, "a": "\\u00e4"}'
    assert (await saved.value).suggested_filename == f"receipt-{RUN}.json"
    await expect(page.get_by_text("python -m signpost.receipts verify FILE")).to_be_visible()


async def test_deleted_texts_are_told(page: Page, signpost: SignpostApi) -> None:
    """A run without its texts says so, and still leads to its receipt."""
    gone: Json = {
        "round": None,
        "responses": [],
        "acceptedText": None,
        "inputs": {},
        "delivery": None,
    }
    await show(page, signpost, api.closed(**gone, purgedAt="2026-12-22T10:00:00Z"))
    await expect(page.locator("#purged")).to_contain_text("as its flow says")
    await expect(page.locator("#asked")).to_contain_text("22 Dec 2026")
    await expect(page.locator("#written")).to_be_hidden()
    await expect(page.locator("#steps")).to_be_hidden()
    await expect(page.get_by_role("button", name="Save the receipt")).to_be_visible()
