"""People are known under all their names, and each mistake in people.yaml is named."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.people import (
    FILE,
    Delegate,
    Directory,
    Person,
    is_address,
    is_object_id,
    load,
    people,
    split_people,
)
from signpost.problems import BrokenFile
from tests.builders import ADELE, ALEX, MEGAN

ADELES_ID = "abcdef11-1111-1111-1111-111111111111"
STRANGERS_ID = "99999999-9999-9999-9999-99999999999f"
LINES = f"""\
people:
  - email: adele@contoso.com
    aliases: [a.vance@contoso.com]
    id: {ADELES_ID}
    name: Adele Vance
    timeZone: Europe/Berlin
    delegates:
      - to: alex@contoso.com
        from: 2026-12-20
        until: 2027-01-06
  - email: alex@contoso.com
lists:
  Editors:
    - adele@contoso.com
    - alex@contoso.com
"""


def read(folder: Path, source: str) -> Directory:
    """Read a source as the file `people.yaml`."""
    path = folder / "people.yaml"
    path.write_text(source, "utf-8")
    return load(path)


@pytest.fixture
def known(tmp_path: Path) -> Directory:
    """Read the good file."""
    return read(tmp_path, LINES)


def away(first: str, last: str, zone: str) -> Directory:
    """Build a directory in which Alex stands in for Adele on some days."""
    days: dict[str, Any] = {
        "from_": date.fromisoformat(first),
        "until": date.fromisoformat(last),
    }
    delegates = [Delegate(to=ALEX, **days)]
    return Directory([Person(email=ADELE, time_zone=zone, delegates=delegates)])


@pytest.mark.parametrize(
    "name",
    [ADELE, "Adele@Contoso.com", "A.VANCE@contoso.com", ADELES_ID, ADELES_ID.upper()],
)
def test_every_name_leads_to_the_address(known: Directory, name: str) -> None:
    """Address, alias and object id mean one person, in any casing."""
    assert known.canonical(name) == ADELE
    assert known.same(name, ADELE)
    assert known.object_id(name) == ADELES_ID
    assert known.display_name(name) == "Adele Vance"


def test_the_address_keeps_its_casing() -> None:
    """What is shown is what the file says, also where it has capitals."""
    known = Directory([Person(email="Adele@Contoso.com")])
    assert known.canonical("adele@contoso.COM") == "Adele@Contoso.com"


def test_strangers_keep_their_names(known: Directory) -> None:
    """Nobody has to be in the file; ids are compared in lower case."""
    assert known.canonical("New@Contoso.com") == "New@Contoso.com"
    assert known.canonical(STRANGERS_ID.upper()) == STRANGERS_ID
    assert known.object_id("new@contoso.com") is None
    assert known.object_id(STRANGERS_ID.upper()) == STRANGERS_ID
    assert known.display_name("new@contoso.com") is None


def test_people_without_id_have_none(known: Directory) -> None:
    """Somebody known by address alone can't be told by an object id."""
    assert known.object_id(ALEX) is None


def test_strangers_are_compared_without_casing(known: Directory) -> None:
    """One unknown address in two casings is one person, another address is not."""
    assert known.same("New@contoso.com", "new@CONTOSO.com")
    assert not known.same("new@contoso.com", "new@fabrikam.com")
    assert not known.same(ADELE, ALEX)


def test_object_ids_lead_to_people(known: Directory) -> None:
    """Who signed in is named by address where the file knows the id."""
    assert known.person_of(ADELES_ID.upper()) == ADELE
    assert known.person_of(STRANGERS_ID) == STRANGERS_ID


def test_a_person_is_their_own_only_member(known: Directory) -> None:
    """Addresses and ids are taken where a list could stand."""
    assert known.members("A.Vance@contoso.com") == [ADELE]
    assert known.members(STRANGERS_ID.upper()) == [STRANGERS_ID]


def test_lists_have_members(known: Directory) -> None:
    """A list's name, in any casing, means all who are on it."""
    assert known.members("editors") == [ADELE, ALEX]


def test_members_are_named_once() -> None:
    """Somebody who is on a list under two names gets one request."""
    known = Directory([Person(email=ADELE, aliases=[MEGAN])], {"All": [MEGAN, ALEX, ADELE]})
    assert known.members("All") == [ADELE, ALEX]


def test_unknown_lists_are_told(known: Directory) -> None:
    """The message says where the list belongs, and what else could be meant."""
    with pytest.raises(LookupError, match=r"'Board' is no list in people\.yaml: add it under"):
        known.members("Board")


@pytest.mark.parametrize(
    "now,expected",
    [
        ("2026-12-19T22:59:59+00:00", None),
        ("2026-12-19T23:00:00+00:00", ALEX),
        ("2027-01-06T22:59:59+00:00", ALEX),
        ("2027-01-06T23:00:00+00:00", None),
    ],
)
def test_delegates_count_in_the_persons_time_zone(now: str, expected: str | None) -> None:
    """Both days are included, from midnight to midnight where the person lives."""
    known = away("2026-12-20", "2027-01-06", "Europe/Berlin")
    assert known.stand_in(ADELE, datetime.fromisoformat(now)) == expected


@pytest.mark.parametrize(
    "now,expected",
    [("2026-03-28T22:59Z", None), ("2026-03-28T23:00Z", ALEX), ("2026-03-29T22:00Z", None)],
)
def test_the_day_of_the_clock_change_is_shorter(now: str, expected: str | None) -> None:
    """Berlin's last Sunday of March has 23 hours, as its clocks do."""
    known = away("2026-03-29", "2026-03-29", "Europe/Berlin")
    assert known.stand_in(ADELE, datetime.fromisoformat(now)) == expected


def test_delegates_are_found_by_any_name(known: Directory) -> None:
    """It doesn't matter by which name the approver was assigned."""
    now = datetime(2026, 12, 24, 10, 0, tzinfo=UTC)
    assert [known.stand_in(name, now) for name in (ADELES_ID, "A.Vance@contoso.com")] == [ALEX] * 2
    assert known.stand_in(ALEX, now) is None
    assert known.stand_in("new@contoso.com", now) is None


def test_the_first_delegate_of_a_day_counts() -> None:
    """Where days overlap, the order in the file decides."""
    days: dict[str, Any] = {"from_": date(2026, 1, 1), "until": date(2026, 12, 31)}
    delegates = [Delegate(to=ALEX, **days), Delegate(to=MEGAN, **days)]
    known = Directory([Person(email=ADELE, delegates=delegates)])
    assert known.stand_in(ADELE, datetime(2026, 6, 1, tzinfo=UTC)) == ALEX


def test_delegates_do_not_chain() -> None:
    """Who stands in was named by the person, not by their delegate."""
    days: dict[str, Any] = {"from_": date(2026, 1, 1), "until": date(2026, 12, 31)}
    known = Directory(
        [
            Person(email=ADELE, delegates=[Delegate(to=ALEX, **days)]),
            Person(email=ALEX, delegates=[Delegate(to=MEGAN, **days)]),
        ]
    )
    assert known.stand_in(ADELE, datetime(2026, 6, 1, tzinfo=UTC)) == ALEX


LIST = "  Editors:\n    - adele@contoso.com\n"
SECOND = "  - email: alex@contoso.com\n"
MISTAKES = [
    ("email: adele@contoso.com", "email: adele", 2, "people[0].email: Expected an e-mail address"),
    ("email: adele@contoso.com", f"email: {'a' * 102}@contoso.com", 2, "of length <= 113"),
    (
        "email: adele@contoso.com",
        "email: adèle@contoso.com",
        2,
        "email: Expected an e-mail address",
    ),
    (
        "email: adele@contoso.com",
        'email: "a@b\\n"',
        2,
        "people[0].email: Expected an e-mail address",
    ),
    (
        "name: Adele",
        "nme: Adele",
        5,
        "people[0].nme: There is no field of this name: is it `name`?",
    ),
    ("name: Adele Vance", 'name: "A\\u202Edele"', 5, "people[0].name: Remove U+202E RIGHT-TO-LEFT"),
    ("email: adele@contoso.com\n    ", "", 2, "people[0].email: This field is missing"),
    ("name: Adele", "nickname: Adele", 5, "people[0].nickname: There is no field of this name"),
    ("lists:", "groups:", 12, "groups: There is no field of this name"),
    (ADELES_ID, "adele", 4, "people[0].id: Invalid UUID"),
    ("Europe/Berlin", "Europe/Bärlin", 6, "people[0].timeZone: there is no time zone 'Europe/B"),
    ("Europe/Berlin", "Europe", 6, "people[0].timeZone: there is no time zone 'Europe'"),
    ("Europe/Berlin", "../../etc/passwd", 6, "people[0].timeZone: there is no time zone '../.."),
    ("Europe/Berlin", "''", 6, "people[0].timeZone: there is no time zone ''"),
    ("from: 2026-12-20", "from: soon", 9, "delegates[0].from: Expected a day, such as 2026-12-20"),
    ("from: 2026-12-20", "from: 2026-02-30", 9, "delegates[0].from: Expected a day, such as 2026"),
    ("from: 2026-12-20", "from: 2026-12-20 09:00:00", 9, "delegates[0].from: Expected a day, such"),
    ("from: 2026-12-20", "from: 20261220", 9, "people[0].delegates[0].from: Expected `date`, got"),
    ("until: 2027-01-06", "until: 2026-12-19", 10, "delegates[0].until: `until` is before `from`"),
    ("        until: 2027-01-06\n", "", 8, "people[0].delegates[0].until: This field is missing"),
    ("to: alex@", "to: a.vance@", 8, "delegates[0].to: nobody stands in for themselves"),
    ("to: alex@", "to: megan@", 8, "delegates[0].to: megan@contoso.com is nobody under `people`"),
    ("to: alex@contoso.com", "to: Editors", 8, "delegates[0].to: Editors is nobody under"),
    (
        SECOND,
        "  - email: ADELE@contoso.com\n",
        11,
        "people[1].email: ADELE@contoso.com stands twice",
    ),
    (SECOND, "  - email: a.vance@contoso.com\n", 11, "people[1].email: a.vance@contoso.com stands"),
    (SECOND, f"{SECOND}    aliases: [adele@contoso.com]\n", 12, "people[1].aliases[0]: adele@"),
    (
        SECOND,
        f"{SECOND}    id: {ADELES_ID.upper()}\n",
        12,
        f"people[1].id: {ADELES_ID} stands twice",
    ),
    ("    - alex@", "    - megan@", 15, "lists.Editors[1]: megan@contoso.com is nobody under"),
    ("    - alex@contoso.com", "    - Editors", 15, "lists.Editors[1]: Editors is nobody under"),
    ("    - alex@contoso.com", "    - 5", 15, "lists.Editors[1]: Expected `str`, got `int`"),
    ("  Editors:", "  Editors: []\n  More:", 13, "lists.Editors: Expected `array` of length >= 1"),
    ("  Editors:", "  e@x:", 13, "lists.e@x: a list's name holds no `@` and no `;`"),
    ("  Editors:", "  E;F:", 13, "lists.E;F: a list's name holds no `@` and no `;`"),
    ("  Editors:", f"  {STRANGERS_ID}:", 13, "and is no object id"),
    ("  Editors:", "  editors: [adele@contoso.com]\n  Editors:", 14, "Editors stands twice"),
    ("  Editors:", "  Editors: [adele@contoso.com]\n  Editors:", 14, "this key stands twice"),
    (LIST, f"  a: [{ALEX}]\n  a[7:\n    - {MEGAN}\n", 13, "lists.a[7[0]: megan@contoso.com is"),
]


@pytest.mark.parametrize("old,new,line,said", MISTAKES, ids=[said for *_, said in MISTAKES])
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    """File, line and field are told, and what is wrong there."""
    assert old in LINES
    with pytest.raises(BrokenFile) as error:
        read(tmp_path, LINES.replace(old, new, 1))
    assert str(error.value).startswith(f"{tmp_path.name}/people.yaml, line {line}, ")
    assert said in str(error.value)


def test_without_a_file_nobody_is_known(tmp_path: Path) -> None:
    """The file is optional: addresses and ids work without it."""
    known = people(tmp_path / "people.yaml")
    assert known.members(ADELE) == [ADELE]
    assert not known.knows(ADELE)


@pytest.mark.parametrize("source", ["", "# nobody yet\n", "{}", "people: []\nlists: {}\n"])
def test_a_file_may_be_empty(tmp_path: Path, source: str) -> None:
    """Somebody who takes all people out ends with nobody, not with a broken file."""
    assert not read(tmp_path, source).knows(ADELE)


def test_the_shipped_file_is_good() -> None:
    """It knows the people of the shipped flow by id, and has a list."""
    known = load(FILE)
    flow = (FILE.parent / "topic-post.yaml").read_text("utf-8")
    assert all(known.object_id(name) for name in re.findall(r"\S+@contoso\.com", flow))
    assert known.members("Editors") == [ADELE, ALEX]


def test_the_file_is_read_once() -> None:
    """Asking again costs nothing."""
    assert people() is people()


def test_zones_are_loaded_when_needed(tmp_path: Path) -> None:
    """Reading a file without time zones leaves their library alone."""
    (tmp_path / "people.yaml").write_text("people: [{email: adele@contoso.com}]", "utf-8")
    program = (
        "import pathlib, sys; from signpost import people; "
        "people.load(pathlib.Path(sys.argv[1])); print('zoneinfo' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "people.yaml")]
    assert subprocess.check_output(command, cwd=FILE.parents[1], text=True).strip() == "False"


@pytest.mark.parametrize(
    "text,expected",
    [
        ("", []),
        (" ; ;; ", []),
        ("a@x", ["a@x"]),
        (" a@x ;\tb@y;", ["a@x", "b@y"]),
        ("b@y;A@x;B@Y;a@X;c@z", ["b@y", "A@x", "c@z"]),
        (f"a@x;{ADELES_ID};Editors", ["a@x", ADELES_ID, "Editors"]),
        ("a@x,b@y", ["a@x,b@y"]),
    ],
)
def test_assigned_to_is_split_at_semicolons(text: str, expected: list[str]) -> None:
    """In order, without blanks, and nobody twice; the first spelling stays."""
    assert split_people(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        ADELE,
        "o'neil+news@contoso.com",
        "#ext#_x@contoso.onmicrosoft.com",
        "a,b@c",
        f"{'a' * 101}@contoso.com",
    ],
)
def test_addresses_have_entras_form(name: str) -> None:
    """Up to 113 ASCII characters, with what Entra allows in them."""
    assert is_address(name)


@pytest.mark.parametrize(
    "name",
    [
        f"{'a' * 102}@contoso.com",
        "adele",
        "@contoso.com",
        "adele@",
        "a@b@c",
        "a@b;c@d",
        "Adele <a@b>",
        '"a"@b',
        "a\\b@c",
        "ad\u200bele@contoso.com",
        "a@b\n",
    ],
)
def test_what_splits_quotes_or_deceives_is_no_address(name: str) -> None:
    """Nothing that a list, a card or a reader could take for something else."""
    assert not is_address(name)


@given(st.lists(st.emails(), max_size=5))
def test_splitting_what_was_joined_gives_it_back(names: list[str]) -> None:
    """No address is changed or lost, apart from repetitions."""
    parts = split_people(";".join(names))
    assert {name.casefold() for name in parts} == {name.casefold() for name in names}
    assert set(parts) <= set(names)


@pytest.mark.parametrize(
    "name",
    [f"{{{ADELES_ID}}}", ADELES_ID.replace("-", ""), f"urn:uuid:{ADELES_ID}", f"{ADELES_ID}\n"],
)
def test_object_ids_have_one_form(name: str) -> None:
    """Other spellings of a GUID are no names of people."""
    assert UUID(name.strip()) == UUID(ADELES_ID)
    assert not is_object_id(name)
