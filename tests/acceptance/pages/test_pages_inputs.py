"""Inputs of every type: asked for on the start page, shown on the run page and the sign page."""

import base64
import re

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    APPROVAL,
    FLOWS,
    FOLLOW,
    RUN,
    SEE,
    START,
    Answer,
    Json,
    SignpostApi,
    an_input,
    problem,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

TONES = ["Friendly", "Formal"]
BARE = [
    an_input("Topic", maxLength=4000),
    an_input("Tone", "Drop-down list", options=TONES),
    an_input("Reply to", "Email"),
    an_input("Notes", "File", maxLength=60_000),
    an_input("Urgent", "Yes/No"),
    an_input("Seats", "Number", minimum=0, maximum=500),
    an_input("Day", "Date"),
]
CONTROLS = {
    "Text": "Topic",
    "Drop-down list": "Tone",
    "Email": "Reply to",
    "File": "Notes",
    "Yes/No": "Urgent",
    "Number": "Seats",
    "Date": "Day",
}
USUAL = ["An office", "Formal", "adele@contoso.com", None, False, 40, "2026-11-23"]
PRESET = [{**each, "default": usual} for each, usual in zip(BARE, USUAL, strict=True)]
CONTENT = b"\x00\xffMinutes\n"
NOTES: FilePayload = {"name": "Notes.PDF", "mimeType": "application/pdf", "buffer": CONTENT}
STORED: Json = {
    "Urgent": False,
    "Seats": 0,
    "Notes": {"name": "notes.pdf", "text": "<b>Keys</b>", "digest": "sha256:5a", "size": 1_250_000},
}


async def show(page: Page, signpost: SignpostApi, inputs: list[Json]) -> None:
    """Open the start page of a flow with these inputs."""
    signpost.on(FLOWS, Answer(body={"flows": [api.flow(inputs=inputs)]}))
    await page.goto(signpost.url)
    await expect(page.get_by_role("button", name="Write the draft")).to_be_visible()


async def sent(page: Page, signpost: SignpostApi) -> Json:
    """Press the button, and give the inputs that arrive."""
    await page.get_by_role("button", name="Write the draft").click()
    await page.wait_for_url(f"**/runs/{RUN}")
    values: Json = signpost.asked[START][0].body["inputs"]
    return values


async def test_every_type_goes_as_its_json_type(page: Page, signpost: SignpostApi) -> None:
    """Texts as strings, a number as a number, yes as true, a file with its bytes."""
    await show(page, signpost, BARE)
    await page.get_by_label("Topic").fill("An office")
    await page.get_by_label("Tone").select_option("Formal")
    await page.get_by_label("Reply to").fill("adele@contoso.com")
    await page.get_by_label("Notes").set_input_files(NOTES)
    await page.get_by_label("Urgent").select_option("Yes")
    await page.get_by_label("Seats").fill("1.5")
    await page.get_by_label("Day").fill("2026-11-23")
    file = {"name": "Notes.PDF", "contentBytes": base64.b64encode(CONTENT).decode()}
    texts = {"Topic": "An office", "Tone": "Formal", "Reply to": "adele@contoso.com"}
    rest = {"Notes": file, "Urgent": True, "Seats": 1.5, "Day": "2026-11-23"}
    assert await sent(page, signpost) == {**texts, **rest}


async def test_what_is_left_empty_is_left_out(page: Page, signpost: SignpostApi) -> None:
    """Nothing is answered for the reader: not even No."""
    await show(page, signpost, BARE)
    await expect(page.get_by_label("Urgent")).to_have_value("")
    assert await sent(page, signpost) == {}


async def test_defaults_are_filled_in(page: Page, signpost: SignpostApi) -> None:
    """What the flow presets is there to be changed, and goes as it stands."""
    await show(page, signpost, PRESET)
    values = dict(zip(CONTROLS.values(), USUAL, strict=True))
    del values["Notes"]
    assert await sent(page, signpost) == values


async def test_emptied_default_stays_empty(page: Page, signpost: SignpostApi) -> None:
    """A text that is taken out is sent as none; a number says what empty means."""
    await show(page, signpost, PRESET)
    for name in ("Topic", "Reply to", "Seats", "Day"):
        await page.get_by_label(name).fill("")
    await expect(page.get_by_text("Left empty, it is 40.")).to_be_visible()
    values = await sent(page, signpost)
    assert values == {"Topic": "", "Tone": "Formal", "Reply to": "", "Urgent": False, "Day": ""}


async def test_required_and_optional_are_told_apart(page: Page, signpost: SignpostApi) -> None:
    """Both to the eye and to a screen reader, and a choice that is needed is asked for."""
    await show(page, signpost, [{**each, "required": True} for each in BARE[:2]] + BARE[2:])
    await expect(page.locator("#inputs .optional:visible")).to_have_count(5)
    await expect(page.locator("#inputs [required]")).to_have_count(2)
    await expect(page.get_by_label("Tone").locator("option").first).to_have_text("Choose…")
    await expect(page.get_by_label("Urgent").locator("option").first).to_have_text("None")


async def test_help_says_what_is_taken(page: Page, signpost: SignpostApi) -> None:
    """The flow's own help, the kinds of files, the range: all belong to their controls."""
    await show(page, signpost, [{**each, "description": "Its help."} for each in BARE])
    for name, words in {
        "Topic": "Its help",
        "Notes": "PDF or Word, up to 5 MB and 60,000 characters of text",
        "Seats": "At least 0. At most 500.",
    }.items():
        described = expect(page.get_by_label(name))
        await described.to_have_accessible_description(re.compile(re.escape(words)))


@pytest.mark.parametrize(
    "name,said", [("plan.docx", "Word, 9 kB"), ("plan.exe", "Not of these kinds, 9 kB")]
)
async def test_chosen_file_is_described(
    page: Page, signpost: SignpostApi, name: str, said: str
) -> None:
    """Before anything is sent, the page says which kind it is and how large."""
    await show(page, signpost, BARE)
    plan: FilePayload = {"name": name, "mimeType": "", "buffer": b"x" * 9000}
    await page.get_by_label("Notes").set_input_files(plan)
    await expect(page.get_by_role("status").filter(has_text="kB")).to_have_text(said)


async def test_file_that_is_too_large_stays_here(page: Page, signpost: SignpostApi) -> None:
    """Nobody waits for an upload that would be refused."""
    await show(page, signpost, BARE)
    large: FilePayload = {**NOTES, "buffer": b"x" * (5 * 1024**2 + 1)}
    await page.get_by_label("Notes").set_input_files(large)
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_label("Notes")).to_be_focused()
    await expect(page.get_by_text("This file is larger than 5 MB.")).to_be_visible()
    assert signpost.asked[START] == []


@pytest.mark.parametrize("name,keys", [("Seats", "1e"), ("Day", "12")])
async def test_half_a_value_is_not_sent(
    page: Page, signpost: SignpostApi, name: str, keys: str
) -> None:
    """What the browser can't read is not taken for nothing."""
    await show(page, signpost, BARE)
    await page.get_by_label(name).press_sequentially(keys)
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_label(name)).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(f"[data-field='inputs.{name}'] .error")).not_to_be_empty()
    assert signpost.asked[START] == []


@pytest.mark.parametrize("kind", CONTROLS)
async def test_refused_value_is_explained_at_its_field(
    page: Page, signpost: SignpostApi, kind: str
) -> None:
    """Whatever its type, the input at fault gets the focus and the sentence."""
    name = CONTROLS[kind]
    signpost.on(START, problem(422, "This does not fit.", field=f"inputs.{name}"))
    await show(page, signpost, BARE)
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_label(name)).to_be_focused()
    words = re.compile(r"This does not fit\.")
    await expect(page.get_by_label(name)).to_have_accessible_description(words)


@pytest.mark.parametrize("address", [f"/runs/{RUN}", f"/approvals/{APPROVAL}#a.token"])
async def test_stored_values_are_shown_as_people_write_them(
    page: Page, signpost: SignpostApi, address: str
) -> None:
    """No is said, zero is there, and a file opens to the text that the model gets, as letters."""
    signpost.on(FOLLOW, Answer(body=api.run(inputs=STORED)))
    signpost.on(SEE, Answer(body=api.approval(inputs=STORED)))
    await page.goto(signpost.url + address)
    rows = page.locator("dl > div")
    await expect(rows.filter(has_text="Urgent").locator("dd")).to_have_text("No")
    await expect(rows.filter(has_text="Seats").locator("dd")).to_have_text("0")
    await page.get_by_text("notes.pdf, 1.3 MB").click()
    await expect(page.get_by_text("<b>Keys</b>")).to_be_visible()


async def test_open_file_stays_open(page: Page, signpost: SignpostApi) -> None:
    """News of the run do not close what is being read."""
    later = api.run(inputs=STORED, detail="Waiting for alex@contoso.com.")
    signpost.on(FOLLOW, Answer(body=api.run(inputs=STORED)), Answer(body=later))
    await page.clock.install()
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await page.get_by_text("notes.pdf").click()
    await page.clock.run_for(1100)
    await expect(page.locator("#detail")).to_have_text("Waiting for alex@contoso.com.")
    await expect(page.get_by_text("<b>Keys</b>")).to_be_visible()
