"""All pages: by keyboard alone, at phone width, readable in light and dark, and inert."""

import pytest
from playwright.async_api import Page, expect

from tests.doubles import signpost_api as api
from tests.doubles.signpost_api import (
    APPROVAL,
    FOLLOW,
    ME,
    RECEIVED,
    RUN,
    SEE,
    SIGN,
    START,
    Answer,
    SignpostApi,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADDRESSES = [
    "/",
    f"/runs/{RUN}",
    "/approvals?box=received",
    f"/approvals/{APPROVAL}#a.token",
    "/instructions?name=topic-post",
]
HOSTILE = (
    "<img src=x onerror=hit()>\n<script>hit()</script>\n[**bold**](javascript:hit())" + "x" * 300
)
FOCUSED = "[...(document.activeElement.labels ?? []), document.activeElement][0].textContent"
FAINT_TEXT = """() => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const linear = (c) => (c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb(color).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return rgb(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor;
  };
  const contrast = (element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const written = (element) => element.checkVisibility() &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const texts = [...document.body.querySelectorAll("*")].filter(written);
  return [texts.length, texts.filter((element) => contrast(element) < 4.5).map(({ id }) => id)];
}"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this label or text has the focus."""
    for _ in range(12):
        await page.keyboard.press("Tab")
        if name in await page.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


async def test_run_is_started_by_keyboard(page: Page, signpost: SignpostApi) -> None:
    """From the address bar to the run without a mouse."""
    await page.goto(signpost.url)
    await expect(page.get_by_label("Topic")).to_be_visible()
    await tab_to(page, "Topic")
    await page.keyboard.type("A new office")
    await tab_to(page, "Write the draft")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/runs/{RUN}")
    assert signpost.asked[START][0].body == {"inputs": {"Topic": "A new office"}}


async def test_run_is_canceled_by_keyboard(page: Page, signpost: SignpostApi) -> None:
    """The confirmation takes the focus, Escape gives it back."""
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#run")).to_be_visible()
    await tab_to(page, "Cancel this run")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Cancel this run")).to_be_focused()


async def test_text_is_edited_and_signed_by_keyboard(page: Page, signpost: SignpostApi) -> None:
    """Edit, comment and approve without a mouse; the result has the focus."""
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#a.token")
    await expect(page.locator("#approval")).to_be_visible()
    await tab_to(page, "Change the text first")
    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+End")
    await page.keyboard.type(" See you there.")
    await tab_to(page, "Approve with my changes")
    signpost.on(SEE, Answer(body=api.over("Approve", api.response())))
    await page.keyboard.press("Enter")
    await expect(page.locator("#result")).to_be_focused()
    assert signpost.asked[SIGN][0].body["acceptedText"] == f"{api.DRAFT} See you there."


@pytest.mark.parametrize("address", ADDRESSES)
async def test_focus_is_visible(page: Page, signpost: SignpostApi, address: str) -> None:
    """Whatever has the focus is outlined."""
    await page.goto(signpost.url + address)
    await expect(page.get_by_role("button").first).to_be_visible()
    for _ in range(3):
        await page.keyboard.press("Tab")
        outline = await page.locator(":focus").evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline == "solid"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_has_contrast(
    page: Page, signpost: SignpostApi, address: str, scheme: str
) -> None:
    """Every visible text has at least 4.5 : 1 against what is behind it (WCAG AA)."""
    edit = api.response(acceptedText=f"{api.DRAFT} See you there.", comments="Shorter.")
    signpost.on(FOLLOW, Answer(body=api.closed(responses=[edit])))
    both = [api.variant(), api.variant("Shorter.", "sha256:2b", "A link leads elsewhere.")]
    signpost.on(SEE, Answer(body=api.approval(variants=both)))
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.goto(signpost.url + address)
    await expect(page.locator(".button, button").locator("visible=true").first).to_be_visible()
    count, faint = await page.evaluate(FAINT_TEXT)
    assert count > 10
    assert faint == []


@pytest.mark.parametrize("address", ADDRESSES)
async def test_phone_needs_no_sideways_scrolling(
    page: Page, signpost: SignpostApi, address: str
) -> None:
    """At 360 px nothing sticks out, not even a word without a break."""
    file = {"name": HOSTILE, "text": HOSTILE, "size": 9, "digest": "sha256:5a"}
    inputs = {"Topic": HOSTILE, "Notes": file}
    signpost.on(FOLLOW, Answer(body=api.run(inputs=inputs, title="y" * 100)))
    long = {"options": ["x" * 64], "posts": ["x" * 64], "previous": api.review(text=HOSTILE)}
    both = [api.variant(HOSTILE), api.variant(HOSTILE, "sha256:2b", HOSTILE)]
    signpost.on(SEE, Answer(body=api.approval(HOSTILE, **long, variants=both, inputs=inputs)))
    signpost.on(RECEIVED, Answer(body=api.approvals(api.listed_approval(title="z" * 300))))
    signpost.on(ME, Answer(body=api.me(f"{'y' * 200}@contoso.com", signIn="local")))
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(signpost.url + address)
    await expect(page.get_by_role("button").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_model_text_is_inert_on_the_run_page(page: Page, signpost: SignpostApi) -> None:
    """Markup in a draft, an input or a comment is shown as written."""
    said = api.response(HOSTILE, comments=HOSTILE, acceptedText=f"{HOSTILE} and more")
    rounds = [api.review(text="Before.", outcome=HOSTILE), api.review(number=2, text=HOSTILE)]
    told = {"rounds": rounds, "inputs": {HOSTILE: HOSTILE}, "acceptedText": HOSTILE}
    signpost.on(FOLLOW, Answer(body=api.closed(round=rounds[1], responses=[said], **told)))
    await page.goto(f"{signpost.url}/runs/{RUN}")
    await expect(page.locator("#text")).to_have_text(HOSTILE)
    assert await page.locator("main img, main script, #text *, dd *:not(time)").count() == 0


async def test_model_text_is_inert_on_the_sign_page(page: Page, signpost: SignpostApi) -> None:
    """Neither the card nor the exact text turns markup or Markdown into anything."""
    said = [api.response(HOSTILE, comments=HOSTILE, approverResponse=HOSTILE)]
    more = {"previous": api.review(text="Before."), "feedback": said, "responses": said}
    signpost.on(SEE, Answer(body=api.approval(HOSTILE, **more, onBehalfOf=HOSTILE)))
    await page.goto(f"{signpost.url}/approvals/{APPROVAL}#a.token")
    for line in HOSTILE.split("\n"):
        await expect(page.locator("#card .ac-richTextBlock").filter(has_text=line)).to_be_visible()
    assert await page.locator("#text").text_content() == HOSTILE
    assert await page.locator("main img, main script, #card a, #card strong").count() == 0


async def test_text_is_inert_in_lists(page: Page, signpost: SignpostApi) -> None:
    """A title, an outcome or a name is shown as written."""
    odd = api.listed_approval(title=HOSTILE, outcome=HOSTILE, requestor=HOSTILE, state="over")
    signpost.on(ME, Answer(body=api.me(HOSTILE, signIn="on")))
    signpost.on(RECEIVED, Answer(body=api.approvals(odd)))
    await page.goto(f"{signpost.url}/approvals?box=history")
    assert await page.locator("#list a").text_content() == HOSTILE
    assert await page.locator(".who strong").text_content() == HOSTILE
    assert await page.locator("main img, main script, .who img").count() == 0
