"""Inputs of every type, two drafts, and Test it out: on the pages of a running Signpost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from local.stack import ROOT
from tests.acceptance.client import Signpost, app_with
from tests.acceptance.conftest import serving
from tests.doubles.quick_model import QuickModel, say
from tests.files import SAID, a_pdf

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDER = Path(__file__).parent / "every_type"
GALLERY = ROOT / "instructions"
PDF: FilePayload = {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}


@pytest.fixture(scope="module")
def signpost_with_every_input(
    model: QuickModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Signpost]:
    """Run a Signpost with a flow that takes inputs of every type and has two drafts written."""
    app = app_with(tmp_path_factory.mktemp("app"), FOLDER / "every-type.yaml")
    (app / "instructions").unlink()
    shutil.copytree(ROOT / "instructions", app / "instructions")
    shutil.copy(FOLDER / "every-type.prompty", app / "instructions")
    with serving(tmp_path_factory.mktemp("state"), model.url, app) as signpost:
        yield signpost


async def start(page: Page, signpost: Signpost, text: str) -> str:
    """Fill in the form of the flow and give the run's id."""
    await page.goto(signpost.url)
    await page.get_by_label("Flow", exact=True).select_option("From all there is")
    await page.get_by_label("Topic").fill(say(text))
    await page.get_by_label("Notes").set_input_files(PDF)
    await page.get_by_label("Urgent").select_option("Yes")
    await page.get_by_label("Seats").fill("12.5")
    await page.get_by_label("Day").fill("2026-12-24")
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_text("Waiting for signature")).to_be_visible(timeout=30_000)
    return page.url.rsplit("/", 1)[1]


async def test_second_draft_from_every_input_is_posted(
    page: Page, signpost_with_every_input: Signpost
) -> None:
    """From the form to the channel: who signs sees what went in, and the chosen draft is posted."""
    signpost = signpost_with_every_input
    run = await start(page, signpost, "All inputs.")
    await expect(page.locator("#variants .draft")).to_have_count(2)
    await page.goto(signpost.link(run).url)
    await page.get_by_text("notes.pdf").click()
    await expect(page.get_by_text(SAID)).to_be_visible()
    await page.get_by_label("Draft B").check()
    await page.get_by_role("button", name="Approve Draft B and post").click()
    await expect(page.get_by_role("heading", name="You signed this post")).to_be_visible()
    await expect(page.locator("#text")).to_have_text("All inputs. Variant 2.")
    assert signpost.posts_once_there("All inputs.") == ["All inputs. Variant 2."]


@pytest.mark.parametrize(
    "name,value,words", [("Seats", "501", "At most 500"), ("Reply to", "nobody", "e-mail address")]
)
async def test_refusal_lands_at_its_input(
    page: Page, signpost_with_every_input: Signpost, name: str, value: str, words: str
) -> None:
    """What Signpost refuses is said where it was written."""
    await page.goto(signpost_with_every_input.url)
    await page.get_by_label("Flow", exact=True).select_option("From all there is")
    await page.get_by_label("Topic").fill("An office")
    await page.get_by_label(name).fill(value)
    await page.get_by_role("button", name="Write the draft").click()
    await expect(page.get_by_label(name)).to_be_focused()
    await expect(page.locator(f"[data-field='inputs.{name}'] .error")).to_contain_text(words)


async def test_instructions_of_the_gallery_are_tried(
    page: Page, signpost_with_every_input: Signpost
) -> None:
    """Chosen in the list, filled with its examples, and tried: the drafts and the prompt."""
    await page.goto(f"{signpost_with_every_input.url}/instructions")
    await page.get_by_role("link", name="Post from all there is").click()
    await page.get_by_label("Topic").fill(say("A try."))
    await page.get_by_label("How many drafts").select_option("2")
    await page.get_by_role("button", name="Test it out").click()
    texts = ["A try.", "A try. Variant 2."]
    await expect(page.locator("#variants .text")).to_have_text(texts)
    await page.get_by_text("The prompt, as the model got it").click()
    await expect(page.locator("#prompt")).to_contain_text("There is room for 40.")


async def test_fault_in_edited_instructions_is_shown_at_its_line(
    page: Page, signpost_with_every_input: Signpost
) -> None:
    """What Signpost refuses to run is selected in the editor, and was not tried."""
    signpost = signpost_with_every_input
    await page.goto(f"{signpost.url}/instructions?name=every-type")
    editor = page.get_by_label("Source")
    source = (FOLDER / "every-type.prompty").read_text("utf-8")
    await editor.fill(source + "{% for x in Topic %}{% endfor %}\n")
    await page.get_by_role("button", name="Test it out").click()
    await expect(page.locator("[data-field=source] .error")).to_contain_text("line")
    chosen = await editor.evaluate("(e) => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert chosen == "{% for x in Topic %}{% endfor %}"


@pytest.mark.parametrize("name", sorted(file.stem for file in GALLERY.glob("*.prompty")))
async def test_editing_keeps_the_fields_of_a_file(
    page: Page, signpost_with_every_input: Signpost, name: str
) -> None:
    """As they are written, the files' inputs can be read off while somebody edits them."""
    await page.goto(f"{signpost_with_every_input.url}/instructions?name={name}")
    await expect(page.locator("#inputs .field").first).to_be_visible()
    held = "(places) => places.map((e) => [e.textContent, e.children[1].value])"
    before = await page.locator("#inputs .field").evaluate_all(held)
    await page.get_by_label("Source").press("ControlOrMeta+End")
    await page.get_by_label("Source").press("Enter")
    assert await page.locator("#inputs .field").evaluate_all(held) == before
