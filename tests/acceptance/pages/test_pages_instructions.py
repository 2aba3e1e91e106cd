"""The page "Test it out": what is tried, what came of it, and that nothing is kept."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.doubles import trials
from tests.doubles.signpost_api import (
    DRAFT,
    GALLERY,
    INSTRUCTIONS,
    LOST,
    TRY,
    Answer,
    Json,
    SignpostApi,
    problem,
)
from tests.doubles.trials import SOURCE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = "/instructions?name=topic-post"
HOSTILE = "<img src=x onerror=hit()> {{ Topic }} " + "x" * 300
FULL_SPEED: Json = {"reason": "The model is at its capacity.", "kind": "throttled"}


async def show(page: Page, signpost: SignpostApi, **changes: Any) -> None:
    """Open the page of these instructions."""
    signpost.on(INSTRUCTIONS, Answer(body=trials.instructions(**changes)))
    await page.goto(signpost.url + PAGE)
    await expect(page.get_by_label("Source")).to_be_visible()


async def try_out(page: Page, signpost: SignpostApi, answer: Answer | None = None) -> Json:
    """Press the button, which is answered like this, and give what was sent."""
    signpost.on(TRY, answer or Answer(body=trials.trial(DRAFT)))
    await page.get_by_role("button", name="Test it out").click()
    await expect(page.locator("#form[aria-busy=false]")).to_be_visible()
    return signpost.asked[TRY][0].body


def an_input(name: str, kind: str, example: object, **changes: Any) -> Json:
    """Describe an input of instructions."""
    more = {"required": False, "description": "", "default": None, "options": []}
    return {"name": name, "kind": kind, "example": example, **more, **changes}


async def test_start_page_leads_to_the_gallery(page: Page, signpost: SignpostApi) -> None:
    """From the start page to the list, and from there to one of them and back."""
    await page.goto(signpost.url)
    await page.get_by_role("link", name="Instructions").click()
    entry = page.get_by_role("main").get_by_role("listitem")
    await expect(entry).to_contain_text("A short, friendly post for a channel.")
    await expect(entry).to_contain_text("Used by topic-post")
    await page.get_by_role("link", name="Post about a topic").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Post about a topic")
    await page.get_by_role("link", name="All instructions").click()
    await expect(entry).to_have_count(1)


async def test_form_begins_with_the_examples(page: Page, signpost: SignpostApi) -> None:
    """One press tries what is there: the file as it is, with its examples and its settings."""
    await show(page, signpost)
    await expect(page.get_by_label("Source")).to_have_value(SOURCE)
    await expect(page.get_by_label("Topic")).to_have_value("The new terrace")
    await expect(page.get_by_label("Longest draft")).to_have_attribute("placeholder", "300")
    body = await try_out(page, signpost)
    assert body == {
        "name": "topic-post",
        "source": None,
        "inputs": {"Topic": "The new terrace"},
        "n": 1,
    }


async def test_values_go_as_their_kind(page: Page, signpost: SignpostApi) -> None:
    """Numbers as numbers, yes as true, a choice as its text, settings and drafts as numbers."""
    inputs = [an_input("Words", "integer", 80), an_input("Share", "float", 0.5)]
    inputs.append(an_input("Urgent", "boolean", example=True))
    inputs.append(an_input("Tone", "string", "Warm", options=["Warm", "Cool"]))
    await show(page, signpost, inputs=inputs)
    await page.get_by_label("Tone").select_option("Cool")
    await page.get_by_label("Temperature").fill("0.7")
    await page.get_by_label("How many drafts").select_option("3")
    body = await try_out(page, signpost)
    assert body["inputs"] == {"Words": 80, "Share": 0.5, "Urgent": True, "Tone": "Cool"}
    assert (body["parameters"], body["n"]) == ({"temperature": 0.7}, 3)


async def test_edited_source_is_tried_and_kept_nowhere(page: Page, signpost: SignpostApi) -> None:
    """What is sent is the text on the page; nothing else is called, and the page says so."""
    await show(page, signpost)
    await page.get_by_label("Source").fill(SOURCE + "Shorter.")
    await expect(page.get_by_text("are stored nowhere")).to_be_visible()
    body = await try_out(page, signpost)
    assert body["source"] == SOURCE + "Shorter."
    called = {route for route, asked in signpost.asked.items() if asked}
    assert {route for route in called if route.startswith("POST")} == {TRY}


async def test_drafts_and_what_they_took_are_shown(page: Page, signpost: SignpostApi) -> None:
    """Drafts with what to look at, tokens, time, cost, and the prompt turn by turn."""
    tried = trials.trial(DRAFT, "The move is in May.")
    tried["variants"][1]["findings"] = ["A link leads to example.net."]
    await show(page, signpost)
    await try_out(page, signpost, Answer(body=tried))
    await expect(page.locator("#variants .text")).to_have_text([DRAFT, "The move is in May."])
    await expect(page.locator("#variants li")).to_have_text("A link leads to example.net.")
    for fact in ("212 read, 48 written", "1.8 seconds", "0.0004 USD", "gpt-4o-mini, fp_1a"):
        await expect(page.locator("#facts")).to_contain_text(fact)
    await page.get_by_text("The prompt, as the model got it").click()
    await expect(page.locator("#prompt h3")).to_have_text(["system", "user"])
    await expect(page.locator("#prompt .text").first).to_have_text("You write posts.")


@pytest.mark.parametrize(
    "reason,words",
    [("stop", "came to an end by itself"), ("length", "stopped at its length limit")],
)
async def test_how_it_ended_is_said_in_words(
    page: Page, signpost: SignpostApi, reason: str, words: str
) -> None:
    """A draft that was cut is told from one that is complete."""
    await show(page, signpost)
    await try_out(page, signpost, Answer(body=trials.trial(DRAFT, finishReason=reason)))
    await expect(page.locator("#finish [data-for]:visible")).to_contain_text(words)


@pytest.mark.parametrize(
    "seconds,words",
    [(None, ""), (1, " Try again in 1 second."), (30.2, " Try again in 31 seconds."),
     (100, " Try again in 2 minutes."), (86_400, " Try again in 24 hours.")],
)  # fmt: skip
async def test_failure_is_told(
    page: Page, signpost: SignpostApi, seconds: float | None, words: str
) -> None:
    """The reason, when to try again, and no draft of an earlier try."""
    failure = {**FULL_SPEED, "retryAfter": seconds}
    await show(page, signpost)
    await try_out(page, signpost)
    none = {"finishReason": None, "model": None, "systemFingerprint": None, "estimatedCost": None}
    await try_out(page, signpost, Answer(body=trials.trial(failure=failure, **none)))
    await expect(page.locator("#failure")).to_have_text(f"The model is at its capacity.{words}")
    await expect(page.get_by_role("heading", name="There is no draft")).to_be_visible()
    await expect(page.locator("#variants .text")).to_have_count(0)
    await expect(page.locator("#finish [data-for]:visible")).to_have_count(0)


async def test_busy_app_says_when_to_try_again(page: Page, signpost: SignpostApi) -> None:
    """Where runs have the model's rate, or a share is used up, the wait is said in words."""
    busy = problem(429, "Runs use all of the model's rate right now.")
    await show(page, signpost)
    await try_out(page, signpost, busy._replace(headers={"Retry-After": "700"}))
    said = "Runs use all of the model's rate right now. Try again in 12 minutes."
    await expect(page.get_by_role("alert").first).to_have_text(said)


async def test_cursor_goes_to_the_line_at_fault(page: Page, signpost: SignpostApi) -> None:
    """A source that can't be used says so at the editor, with its line in sight and selected."""
    source = SOURCE + "More.\n" * 80 + "{% for x in y %}\n" + "More.\n" * 80
    line = source[: source.index("{%")].count("\n") + 1
    said = f"instructions/topic-post.prompty, line {line}: there is no `for` here"
    await show(page, signpost, source=source)
    await try_out(page, signpost, problem(422, said, field="source"))
    editor = page.get_by_label("Source")
    await expect(editor).to_be_focused()
    await expect(editor).to_have_accessible_description(re.compile(re.escape(said)))
    chosen = "(e) => [e.value.slice(e.selectionStart, e.selectionEnd), e.scrollTop > 0]"
    assert await editor.evaluate(chosen) == ["{% for x in y %}", True]


@pytest.mark.parametrize("field,label", [("inputs.Topic", "Topic"), ("n", "How many drafts"),
                                         ("parameters.temperature", "Temperature")])  # fmt: skip
async def test_problem_is_shown_at_its_field(
    page: Page, signpost: SignpostApi, field: str, label: str
) -> None:
    """Inputs, settings and the number of drafts each have their place for what is wrong."""
    await show(page, signpost)
    await try_out(page, signpost, problem(422, "This does not fit.", field=field))
    await expect(page.get_by_label(label)).to_be_focused()
    words = re.compile(r"This does not fit\.")
    await expect(page.get_by_label(label)).to_have_accessible_description(words)


async def test_new_input_gets_its_field(page: Page, signpost: SignpostApi) -> None:
    """Declared in the text, it is asked for at once; what was typed elsewhere stays."""
    await show(page, signpost)
    await page.get_by_label("Topic").fill("Parking")
    more = "  - name: Seats\n    description: How many\n    kind: integer\n---\nsystem:"
    await page.get_by_label("Source").fill(SOURCE.replace("---\nsystem:", more))
    await page.get_by_label("Seats").fill("12")
    assert (await try_out(page, signpost))["inputs"] == {"Topic": "Parking", "Seats": 12}


async def test_text_that_is_half_written_keeps_the_fields(
    page: Page, signpost: SignpostApi
) -> None:
    """Where no input can be read off, those of the file stay."""
    await show(page, signpost)
    await page.get_by_label("Source").fill("---\nname: ")
    await page.get_by_label("Temperature").focus()
    await expect(page.get_by_label("Topic")).to_have_value("The new terrace")


async def test_edited_source_becomes_a_file(
    page: Page, signpost: SignpostApi, tmp_path: Path
) -> None:
    """It is saved under its name, and the page says where it belongs."""
    await show(page, signpost)
    await page.get_by_label("Source").fill(SOURCE + "Größe.\n")
    await expect(page.locator("#source-hint")).to_contain_text("instructions/topic-post.prompty")
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="Save the file").click()
    assert (await saved.value).suggested_filename == "topic-post.prompty"
    await (await saved.value).save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes().decode() == SOURCE + "Größe.\n"


@pytest.mark.parametrize("edit,asks", [("", 0), ("Shorter.", 1)])
async def test_leaving_with_changes_asks_first(
    page: Page, signpost: SignpostApi, edit: str, asks: int
) -> None:
    """An edit is not lost by a slip; without one, nobody is asked."""
    dialogs: list[str] = []

    async def stay(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.accept()

    page.on("dialog", stay)
    await show(page, signpost)
    await page.get_by_label("Source").press_sequentially(edit)
    await page.get_by_role("link", name="All instructions").click()
    await page.wait_for_url(f"{signpost.url}/instructions")
    assert dialogs == ["beforeunload"] * asks


async def test_texts_are_inert_and_fit_a_phone(page: Page, signpost: SignpostApi) -> None:
    """Markup in instructions, drafts and prompts is letters, and nothing sticks out at 360 px."""
    await page.set_viewport_size({"width": 360, "height": 740})
    tried = trials.trial(HOSTILE, HOSTILE, prompt=[{"role": "user", "content": HOSTILE}])
    await show(page, signpost, source=HOSTILE, title=HOSTILE, description=HOSTILE, flows=[HOSTILE])
    await try_out(page, signpost, Answer(body=tried))
    await page.get_by_text("The prompt, as the model got it").click()
    await expect(page.locator("#variants .text")).to_have_text([HOSTILE, HOSTILE])
    assert await page.locator("main img, main script").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_instructions_are_tried_by_keyboard(page: Page, signpost: SignpostApi) -> None:
    """From the editor on by Tab to the button; the result has the focus then."""
    await show(page, signpost)
    await page.get_by_label("How many drafts").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="What the model wrote")).to_be_focused()


async def test_lost_answer_may_be_tried_again(page: Page, signpost: SignpostApi) -> None:
    """A test leaves nothing behind, so the page just says to try again."""
    await show(page, signpost)
    await try_out(page, signpost, LOST)
    await expect(page.get_by_role("alert").first).to_have_text("No answer came. Try again.")


@pytest.mark.parametrize("route,path", [(GALLERY, "/instructions"), (INSTRUCTIONS, PAGE)])
async def test_what_is_not_there_is_said(
    page: Page, signpost: SignpostApi, route: str, path: str
) -> None:
    """A name that is unknown, or a folder with a fault, is told in a sentence."""
    signpost.on(route, problem(404, "There are no such instructions."))
    await page.goto(signpost.url + path)
    await expect(page.locator("#status")).to_have_text("There are no such instructions.")
    await expect(page.locator("#editor")).to_be_hidden()
