"""Only a URL that everybody reads alike, to a host on the list, can be pressed."""

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.urls import LONGEST, MOST, is_listed, lines

HOSTS = ["contoso.com", "*.fabrikam.com"]
URL = "https://contoso.com/news"


def pressable(text: str, *hosts: str) -> list[str]:
    """List what can be pressed in a text."""
    split = lines(text, hosts or HOSTS)
    return [piece.text for line in split for piece in line if piece.opens]


@pytest.mark.parametrize(
    "url",
    [
        "https://contoso.com",
        "https://contoso.com/",
        "https://CONTOSO.com/News",
        "https://contoso.com/a/b;c=1/d-e_f~g?q=1&r=%20x/y?z#a/b?c",
        "https://contoso.com?q",
        "https://contoso.com#top",
        "https://contoso.com/wiki/Terrace_(garden)",
        "https://contoso.com/?next=https://evil.com",
        "https://contoso.com/@adele",
        "https://a.fabrikam.com/x",
        "https://a-b.c.fabrikam.com",
        "https://contoso.com/" + "x" * (LONGEST - 20),
    ],
)
def test_a_plain_url_can_be_pressed_as_it_stands(url: str) -> None:
    """What can be pressed is the whole URL, alone on its line and in a sentence."""
    assert pressable(url) == [url]
    assert pressable(f"See {url} today.") == [url]


@pytest.mark.parametrize(
    "text",
    [
        "See {}.", "See {}, then rest", "Is it {}?", "{}!", "({})", "({}).", "[{}]", "<{}>",
        '"{}"', "'{}'", "\u201c{}\u201d", "\u00ab{}\u00bb", "**{}**", "_{}_", "{}\u2026",
        "\uff08{}\uff09", "{}\u3002", "[news]({})", "[{}](https://evil.com)", "\t{}\u00a0x",
        "{};", "{}:", "{}\u2014", "- {}", "*{}*,",
    ],
)  # fmt: skip
def test_what_stands_around_a_url_is_not_part_of_it(text: str) -> None:
    """Brackets, quotes and the end of the sentence stay letters."""
    assert pressable(text.format(URL)) == [URL]


UNPRESSED = [
    "http://contoso.com", "HTTPS://contoso.com", "https:/contoso.com", "https:contoso.com",
    "//contoso.com", "contoso.com", "www.contoso.com", "ftp://contoso.com", "wss://contoso.com",
    "javascript:alert(1)//https://contoso.com", "view-source:https://contoso.com",
    "data:text/html,https://contoso.com", "msteams://contoso.com", "xhttps://contoso.com",
    "https://evil.com", "https://a.contoso.com", "https://fabrikam.com", "https://evilfabrikam.com",
    "https://contoso.com.evil.com", "https://contoso.com-evil.com", "https://contosoxcom",
    "https://contoso.com./x", "https://contoso..com", "https://.contoso.com",
    "https://user@contoso.com", "https://user:pass@contoso.com", "https://@contoso.com",
    "https://contoso.com@evil.com", "https://contoso.com:443@evil.com", "https://contoso.com:@evil.com",
    "https://contoso.com:443", "https://contoso.com:8443/x", "https://contoso.com:/x",
    "https://contoso.com:x", "https://contoso.com\\@evil.com", "https://contoso.com\\.evil.com",
    "https://evil.com\\@contoso.com", "https:\\\\contoso.com", "https://contoso.com/a\\b",
    "https://evil.com#@contoso.com", "https://evil.com?contoso.com", "https://evil.com/contoso.com",
    "https://contoso%2ecom", "https://contoso.com%2eevil.com", "https://contoso.com%00.evil.com",
    "https://%63ontoso.com", "https://contoso.com/%", "https://contoso.com/%2", "https://contoso.com/%zz",
    "https://contoso.com/a#b#c", "https://contoso.com/a[b", "https://contoso.com/{x}",
    "https://contoso.com/|x", "https://contoso.com/^x", "https://contoso.com/`x",
    "https://c\u043entoso.com", "https://\u0441ontoso.com", "https://contoso.com\u0435",
    "https://contoso.c\u043em", "https://contoso\u3002com", "https://contoso.com\u3002evil.com",
    "https://contoso.com\u2013evil.com", "https://contoso\uff0ecom", "https://contoso.com\uff0fevil.com",
    "https://contoso.com\u2044evil.com", "https://contoso.com\u2215evil", "https://contoso.com/\u00e9",
    "https://\uff43ontoso.com", "https://contoso\u00ad.com", "https://contoso.com\u200b.evil.com",
    "https://contoso.com\u202emoc", "https://\u212aontoso.com", "https://xn--cntoso-2fg.com",
    "https://-contoso.com", "https://contoso-.com", "https://contoso_.com", "https://127.0.0.1",
    "https://0x7f.1", "https://[::1]", "https://2130706433", "https://localhost", "https://",
    "https://contoso.com/" + "x" * LONGEST, "https://" + "a." * 1000 + "contoso.com",
    "evil.com/?u=https://contoso.com", "adele@https://contoso.com", "=https://contoso.com",
]  # fmt: skip


@pytest.mark.parametrize("text", UNPRESSED, ids=lambda text: ascii(text)[:40])
def test_whatever_is_read_in_two_ways_stays_letters(text: str) -> None:
    """Other schemes and hosts, users, ports, odd letters and look-alikes can't be pressed."""
    assert pressable(text) == []


@pytest.mark.parametrize("text", ["https://127.0.0.1", "https://10.1", "https://0x7f.0x1"])
def test_an_address_of_numbers_is_never_pressed(text: str) -> None:
    """Also where a flow lists it, since parsers disagree which machine it names."""
    assert pressable(text, text.removeprefix("https://")) == []


def test_without_a_list_nothing_can_be_pressed() -> None:
    """A flow that names no hosts gets letters alone."""
    assert list(lines(URL, [])) == [[(URL, False)]]


@pytest.mark.parametrize(
    "host,listed",
    [
        ("contoso.com", True),
        ("ConToSo.COM", True),
        ("a.contoso.com", False),
        ("fabrikam.com", False),
        ("a.fabrikam.com", True),
        ("a.b.fabrikam.com", True),
        ("afabrikam.com", False),
    ],
)
def test_a_star_stands_for_all_below(host: str, listed: bool) -> None:  # noqa: FBT001 - a table
    """It does not stand for the host itself, and a host without it stands for nothing below."""
    assert is_listed(host, HOSTS) is listed


def test_a_text_has_few_urls_to_press() -> None:
    """However many there are, over all lines, the 51st and later stay letters."""
    assert len(pressable(f"{URL} {URL}\n" * MOST)) == MOST


@given(
    st.lists(
        st.sampled_from([URL, "https://", "contoso.com", " ", "\n", ".", "/", "@", "(", ")", "\\"])
        | st.characters(codec="utf-8")
    ).map("".join)
)
def test_splitting_loses_nothing(text: str) -> None:
    """The pieces are the text, and all that can be pressed leads to the host by another parser."""
    split = list(lines(text, HOSTS))
    assert "\n".join("".join(piece.text for piece in line) for line in split) == text
    assert {urlsplit(url).hostname for url in pressable(text)} <= {"contoso.com"}


@pytest.mark.parametrize(
    "text", [")" * 28_000, "https://" * 3500, "https://contoso.com/" + ")" * 28_000, "%" * 28_000]
)
def test_splitting_takes_no_long(text: str) -> None:
    """A text made to be slow is split before anybody notices."""
    began = time.process_time()
    assert pressable(text) == []
    assert time.process_time() - began < 1
