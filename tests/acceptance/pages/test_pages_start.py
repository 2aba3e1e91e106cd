"""The start page: one form, one run, and problems where they belong."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import FLOWS, LOST, RUN, START, Answer, SignpostApi, problem

pytestmark = pytest.mark.asyncio(loop_scope="session")


def keys(signpost: SignpostApi) -> set[str]:
    """Collect the keys that came in."""
    return {asked.headers["Idempotency-Key"] for asked in signpost.asked[START]}


async def test_single_flow_needs_no_picker(page: Page, signpost: SignpostApi) -> None:
    """With one flow the form is there at once, under the flow's own title."""
    await page.goto(signpost.url)
    await expect(page.get_by_label("Topic")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Post about a topic")
    await expect(page.get_by_label("Flow")).to_be_hidden()


async def test_picked_flow_brings_its_own_inputs(page: Page, signpost: SignpostApi) -> None:
    """With two flows the form follows the picker."""
    inputs = [
        {"name": "Event", "type": "Text", "maxLength": 90, "description": "", "required": False}
    ]
    other = api.flow(name="event", title="Announce an event", inputs=inputs)
    signpost.on(FLOWS, Answer(body={"flows": [api.flow(), other]}))
    await page.goto(signpost.url)
    await page.get_by_label("Flow").select_option("Announce an event")
    await expect(page.get_by_label("Event")).to_be_visible()
    await expect(page.get_by_label("Topic")).to_have_count(0)


async def test_signers_that_an_input_names_are_told_by_its_name(
    page: Page, signpost: SignpostApi
) -> None:
    """Who starts a run reads whom to name, and no placeholder of the file."""
    flow = api.flow(assignedTo=["{{ Signed by }}", "alex@contoso.com"])
    signpost.on(FLOWS, Answer(body={"flows": [flow]}))
    await page.goto(signpost.url)
    signers = "By the person in “Signed by” or alex@contoso.com"
    await expect(page.locator("#signers")).to_have_text(signers)


async def test_counter_counts_as_the_server_does(page: Page, signpost: SignpostApi) -> None:
    """A character outside the basic plane is one character, and too many are marked."""
    await page.goto(signpost.url)
    counter = page.locator("#inputs .counter")
    await page.get_by_label("Topic").fill("\N{GRINNING FACE}" * 3)
    await expect(counter).to_have_text("3 of 4,000 characters")
    await page.get_by_label("Topic").fill("x" * 4001)
    await expect(counter).to_have_class("counter over")


async def test_start_sends_what_was_filled_in(page: Page, signpost: SignpostApi) -> None:
    """Parameters go as numbers, what was left empty is left out, and the run's page opens."""
    await page.goto(signpost.url)
    await page.get_by_label("Topic").fill("A new office")
    await page.get_by_text("Model settings").click()
    await page.get_by_label("Temperature").fill("0.3")
    await page.get_by_label("Your e-mail").fill("megan@contoso.com")
    await page.get_by_role("button").click()
    await page.wait_for_url(f"**/runs/{RUN}")
    expected = {"inputs": {"Topic": "A new office"}, "parameters": {"temperature": 0.3}}
    assert signpost.asked[START][0].body == {**expected, "requestor": "megan@contoso.com"}


@pytest.mark.parametrize(
    "field,label",
    [("inputs.Topic", "Topic"), ("parameters.max_tokens", "Longest"), ("requestor", "Your e-mail")],
)
async def test_problem_is_shown_at_its_field(
    page: Page, signpost: SignpostApi, field: str, label: str
) -> None:
    """The field at fault gets the focus and is described by what is wrong with it."""
    signpost.on(START, problem(422, "This does not fit.", field=field))
    await page.goto(signpost.url)
    await page.get_by_role("button").click()
    await expect(page.get_by_label(label)).to_be_focused()
    await expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label(label)).to_have_accessible_description(
        re.compile(r"This does not fit\.")
    )


async def test_problem_without_a_field_is_shown_too(page: Page, signpost: SignpostApi) -> None:
    """What no field is at fault for is told above the button."""
    signpost.on(START, problem(500, "The model is not set up."))
    await page.goto(signpost.url)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("alert")).to_have_text("The model is not set up.")


async def test_double_click_makes_one_run(page: Page, signpost: SignpostApi) -> None:
    """However often the button is pressed, one key is sent."""
    await page.goto(signpost.url)
    await page.get_by_label("Topic").fill("A new office")
    await page.get_by_role("button").dblclick()
    await page.wait_for_url(f"**/runs/{RUN}")
    assert len(keys(signpost)) == 1


async def test_retry_after_a_lost_answer_makes_one_run(page: Page, signpost: SignpostApi) -> None:
    """The same content keeps its key; other content gets another."""
    signpost.on(START, LOST)
    await page.goto(signpost.url)
    await page.get_by_label("Topic").fill("A new office")
    for _ in range(2):
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_contain_text("it counts only once")
    assert len(keys(signpost)) == 1
    await page.get_by_label("Topic").fill("Another office")
    await page.get_by_role("button").click()
    await expect(page.locator("form[aria-busy=false]")).to_be_visible()
    assert len(keys(signpost)) == 2


async def test_access_key_is_asked_for_and_kept(page: Page, signpost: SignpostApi) -> None:
    """Where the host wants a function key, the page asks once and sends it from then on."""
    signpost.on(FLOWS, Answer(401), Answer(401), Answer(body={"flows": [api.flow()]}))
    await page.goto(signpost.url)
    await page.get_by_role("textbox", name="Key").fill("a-wrong-key")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("That key was not accepted.")).to_be_visible()
    await page.get_by_role("textbox", name="Key").fill("a-key")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Write the draft").click()
    await page.wait_for_url(f"**/runs/{RUN}")
    assert signpost.asked[START][0].headers["x-functions-key"] == "a-key"


async def test_missing_access_key_is_told(page: Page, signpost: SignpostApi) -> None:
    """Who closes the dialog learns what is missing and how to get back to it."""
    signpost.on(FLOWS, Answer(401))
    await page.goto(signpost.url)
    await page.get_by_role("button", name="Not now").click()
    await expect(page.get_by_role("status")).to_contain_text("An access key is needed.")
    assert len(signpost.asked[FLOWS]) == 1
