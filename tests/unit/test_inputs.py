"""Inputs of every type are taken as their rules say, and stored as they go into a prompt."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost import inputs
from signpost.inputs import Input
from signpost.problems import Invalid, TooLarge
from tests.files import upload

RULES: dict[str, Input] = {
    "Topic": inputs.Text(max_length=9),
    "Tone": inputs.DropDown(options=["Warm", "Plain", "5"]),
    "Reply to": inputs.Email(),
    "Notes": inputs.File(max_length=9),
    "Urgent": inputs.YesNo(),
    "Seats": inputs.Number(minimum=0, maximum=1.5),
    "Any": inputs.Number(),
    "Day": inputs.Date(),
}
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.sampled_from(["name", "contentBytes"]), part),
    max_leaves=4,
)


async def read(name: str, value: Any) -> Any:
    """Read one input that is not required; None is what is left out."""
    stored = await inputs.read({name: RULES[name]}, {name: value})
    return stored.get(name)


TAKEN: list[tuple[str, Any]] = [
    ("Topic", "Two\r\nline"),
    ("Topic", "\U0001f600" * 9),
    ("Tone", "Warm"),
    ("Tone", "5"),
    ("Reply to", "adele@contoso.com"),
    ("Urgent", True),
    ("Urgent", False),
    ("Seats", 0),
    ("Seats", 1.5),
    ("Seats", -0.0),
    ("Any", -(10**15)),
    ("Any", 1e-300),
    ("Day", "2026-11-23"),
    ("Day", "2028-02-29"),
    ("Day", "0001-01-01"),
]


@pytest.mark.parametrize("name,value", TAKEN)
async def test_values_are_stored_as_they_are_sent(name: str, value: Any) -> None:
    """Ends of ranges, leap days and any script are taken, and nothing is made of them."""
    assert await read(name, value) == value


NOTHING = [("Topic", ""), ("Topic", " \n"), ("Tone", ""), ("Reply to", " "), ("Day", "")]


@pytest.mark.parametrize("name,value", [*NOTHING, *((name, None) for name in RULES)])
async def test_nothing_is_left_out(name: str, value: Any) -> None:
    """An empty text and null say that there is no value."""
    assert await inputs.read({name: RULES[name]}, {name: value}) == {}


@pytest.mark.parametrize("name,value", [("Topic", None), *NOTHING])
async def test_what_is_required_has_to_be_there(name: str, value: Any) -> None:
    """Missing and empty are told apart."""
    rule = msgspec.structs.replace(RULES[name], required=True)
    with pytest.raises(Invalid, match="missing" if value is None else "empty") as error:
        await inputs.read({name: rule}, {name: value})
    assert error.value.field == f"inputs.{name}"


REFUSED: list[tuple[str, Any, str]] = [
    ("Topic", "x" * 10, "At most 9 characters; these are 10."),
    ("Topic", "a\u202eb", "U\\+202E RIGHT-TO-LEFT OVERRIDE"),
    ("Topic", "a\ud800b", "U\\+D800"),
    ("Topic", 5, "Give a text"),
    ("Topic", {"name": "x"}, "Give a text"),
    ("Tone", "warm", "Take one of these: Warm, Plain, 5"),
    ("Tone", 5, "Give one of the options as a text"),
    ("Tone", ["Warm"], "Give one of the options as a text"),
    ("Reply to", "adele", "Give one e-mail address"),
    ("Reply to", "adele@contoso.com; alex@contoso.com", "Give one e-mail address"),
    ("Reply to", "adele@contoso.com\nBcc: x@y", "Give one e-mail address"),
    ("Reply to", "a" * 120 + "@contoso.com", "Give one e-mail address"),
    ("Reply to", True, "as a text"),
    ("Urgent", "yes", "Give true or false"),
    ("Urgent", 1, "Give true or false"),
    ("Seats", "1", "Give a number, without quotes"),
    ("Seats", True, "Give a number"),
    ("Seats", -1, "At least 0; this is -1"),
    ("Seats", 1.51, "At most 1.5; this is 1.51"),
    ("Any", float("nan"), "between"),
    ("Any", float("inf"), "between"),
    ("Any", 10**400, "between -1,000,000,000,000,000 and"),
    ("Any", [], "Give a number"),
    ("Day", "2026-02-29", "Give a day, such as"),
    ("Day", "20261123", "Give a day"),
    ("Day", "2026-W47-1", "Give a day"),
    ("Day", "2026-11-23T00:00", "Give a day"),
    ("Day", "\u0662026-11-23", "Give a day"),
    ("Day", 20261123, "Give a day"),
    ("Notes", "notes.txt", "Give a file as"),
    ("Notes", {"name": "notes.txt"}, "Give a file as"),
    ("Notes", upload(b"x") | {"path": "/etc"}, "Give a file as"),
]


@pytest.mark.parametrize("name,value,said", REFUSED)
async def test_values_of_other_kinds_are_refused(name: str, value: Any, said: str) -> None:
    """Nothing is guessed from what comes close; the field is named, and what to give."""
    with pytest.raises(Invalid, match=said) as error:
        await read(name, value)
    assert error.value.field == f"inputs.{name}"


@settings(max_examples=1250, deadline=None)
@given(NESTED)
async def test_whatever_is_sent_is_taken_or_refused(value: Any) -> None:
    """No value of 10,000 ends in an error of another kind, and what is taken can be stored."""
    for name in RULES:
        stored: Any = None
        with contextlib.suppress(Invalid, TooLarge):
            stored = await inputs.read(RULES, {name: value})
        assert msgspec.json.decode(msgspec.json.encode(stored)) == stored


async def test_unknown_inputs_are_refused() -> None:
    """A name that the flow does not have is told, however long it is."""
    with pytest.raises(Invalid, match="no input 'topic'; there is Topic, Tone"):
        await inputs.read(RULES, {"topic": "x"})
    with pytest.raises(Invalid) as error:
        await inputs.read(RULES, {"x" * 10**6: "x"})
    assert len(str(error.value)) < 300


DEFAULTS: dict[str, Input] = {
    "Topic": inputs.Text(default="News", required=True),
    "Urgent": inputs.YesNo(default=False),
    "Seats": inputs.Number(default=0),
    "Day": msgspec.convert({"type": "Date", "default": "2026-11-23"}, inputs.Date),
    "Empty": inputs.Text(default=""),
}


async def test_defaults_stand_in_for_what_is_missing() -> None:
    """A missing value and null are the default, also where a value is required."""
    filled = {"Topic": "News", "Urgent": False, "Seats": 0, "Day": "2026-11-23"}
    assert await inputs.read(DEFAULTS, {"Urgent": None}) == filled


async def test_what_is_cleared_stays_empty() -> None:
    """An empty text is no wish for the default."""
    assert "Day" not in await inputs.read(DEFAULTS, {"Day": ""})
    with pytest.raises(Invalid, match="empty"):
        await inputs.read(DEFAULTS, {"Topic": ""})


@pytest.mark.parametrize(
    "rule,said",
    [
        ({"type": "Text", "maxLength": 1, "default": "xx"}, "`default` can't be used: At most 1"),
        ({"type": "Drop-down list", "options": ["A"], "default": "B"}, "`default` can't be used"),
        ({"type": "Drop-down list", "options": ["A", "B", "A"]}, "`options` hold 'A' twice"),
        ({"type": "Drop-down list", "options": []}, "length >= 1"),
        ({"type": "Drop-down list"}, "required field `options`"),
        ({"type": "Email", "default": "adele"}, "default"),
        ({"type": "File", "default": "x"}, "unknown field `default`"),
        ({"type": "Yes/No", "default": "yes"}, "Expected `bool | null`"),
        ({"type": "Number", "minimum": 2, "maximum": 1}, "`minimum` is more than `maximum`"),
        ({"type": "Number", "minimum": 2, "default": 1}, "`default` can't be used: At least 2"),
        ({"type": "Number", "default": float("nan")}, "`default` can't be used"),
        ({"type": "Number", "maximum": 1e16}, "<= 1000000000000000"),
        ({"type": "Date", "default": "tomorrow"}, "default"),
        ({"type": "Date", "options": ["A"]}, "unknown field `options`"),
        ({"type": "text"}, "Invalid value 'text'"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(rule: dict[str, Any], said: str) -> None:
    """A default that its own type refuses is a mistake of the file."""
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(rule, Input)
    assert said in str(error.value)


@pytest.mark.parametrize("rule", [*RULES.values(), *DEFAULTS.values()])
def test_rules_come_back_from_the_ledger(rule: Input) -> None:
    """A run keeps the flow that it began with."""
    assert msgspec.json.decode(msgspec.json.encode(rule), type=Input) == rule


async def test_all_inputs_together_are_limited() -> None:
    """What is stored of a run has a size that its row of the ledger can hold."""
    rules: dict[str, Input] = {f"{n}": inputs.Text(max_length=20_000) for n in range(10)}
    assert await inputs.read(rules, dict.fromkeys(rules, "\u20ac" * 13_300))
    with pytest.raises(TooLarge, match="at most 400,000 bytes") as error:
        await inputs.read(rules, dict.fromkeys(rules, "\u20ac" * 13_400))
    assert error.value.field == "inputs"


def test_prompts_get_every_placeholder() -> None:
    """Optional inputs without a value are None; a file is its text."""
    values = {"Reply to": "adele@contoso.com", "Notes": {"name": "n.txt", "text": "Read me."}}
    filled = inputs.prompt_values(RULES, values)
    assert (filled.pop("Reply_to"), filled.pop("Notes")) == ("adele@contoso.com", "Read me.")
    assert filled == dict.fromkeys(("Topic", "Tone", "Urgent", "Seats", "Any", "Day"))


@pytest.mark.parametrize(
    "name,expected",
    [
        ("Topic", "Topic"),
        ("Reply to", "Reply_to"),
        ("A - b?", "A_b_"),
        ("Stra\u00dfe", "Stra\u00dfe"),
    ],
)
def test_placeholders_have_no_blanks(name: str, expected: str) -> None:
    """What is no letter, digit or underscore becomes one underscore."""
    assert inputs.placeholder(name) == expected


@pytest.mark.parametrize(
    "value,expected",
    [
        (True, "Yes"),
        (False, "No"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (1e-7, "0.0000001"),
        ("Two\r\n lines", "Two lines"),
        ({"name": "notes.pdf", "text": "x"}, "notes.pdf"),
        (None, ""),
    ],
)
def test_values_are_shown_on_one_line(value: object, expected: str) -> None:
    """Headings and lists show what people would write."""
    assert inputs.shown(value) == expected
