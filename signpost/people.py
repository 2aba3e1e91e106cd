"""Owns `people.yaml`: who is who, which lists they are on, and who stands in for them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from signpost.forms import ADDRESS
from signpost.zones import is_zone, zone_of

FILE = Path(__file__).parent.parent / "flows" / "people.yaml"

LONGEST_ADDRESS = 113  # characters of a user principal name

Email = Annotated[str, Meta(pattern=ADDRESS, max_length=LONGEST_ADDRESS)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]

_OBJECT_ID = r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A block of the file; unknown keys are errors."""


class Delegate(_Part, kw_only=True, frozen=True):
    """Who answers for a person; both days are included, in that person's time zone."""

    to: Annotated[Name, Meta(description="Somebody who stands under `people`, too.")]
    from_: Annotated[date, Meta(description="The first day.")] = msgspec.field(name="from")
    until: Annotated[date, Meta(description="The last day.")]


class Person(_Part, kw_only=True, frozen=True):
    """One person, under all names."""

    email: Annotated[Email, Meta(description="The name that Signpost shows and compares.")]
    aliases: Annotated[list[Email], Meta(description="Other addresses of the same person.")] = []
    id: Annotated[UUID | None, Meta(description="The Entra object id.")] = None
    name: Annotated[Name | None, Meta(description="The name to show.")] = None
    time_zone: Annotated[str, Meta(description="Such as Europe/Berlin; of `delegates`.")] = "UTC"
    delegates: Annotated[list[Delegate], Meta(description="Who stands in, and when.")] = []


class Content(_Part, frozen=True):
    """Who is who, and on which list; people may be named twice or not at all in it."""

    people: Annotated[list[Person], Meta(description="Everybody who is known by more names.")] = []
    lists: Annotated[
        dict[Name, Annotated[list[Name], Meta(min_length=1)]],
        Meta(description="People of `people` whom a flow names together."),
    ] = {}


class Directory:
    """Knows people under all their names: e-mail address, aliases, and Entra object id.

    Names are compared without regard to case. People who are not in it keep the name that
    they are given, so a flow may name anybody by e-mail address.
    """

    def __init__(
        self, people: Sequence[Person] = (), lists: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._people = {name.casefold(): person for person in people for name in _names(person)}
        self._lists = {name.casefold(): members for name, members in (lists or {}).items()}

    def everybody(self) -> list[Person]:
        """List the people of the file, in its order."""
        return list({person.email: person for person in self._people.values()}.values())

    def knows(self, name: str) -> bool:
        """Say whether the file has a person of this name."""
        return name.casefold() in self._people

    def canonical(self, name: str) -> str:
        """Give the one name of a person: the e-mail address in the file, else what is given.

        An object id that the file doesn't have is given in lower case.
        """
        if person := self._people.get(name.casefold()):
            return person.email
        return name.lower() if is_object_id(name) else name

    def members(self, name: str) -> list[str]:
        """Give whom a name means: one person, or those on the list of that name.

        Raises LookupError, which tells a person what to mend, for a list that is not there.
        """
        if is_person(name):
            return [self.canonical(name)]
        if name.casefold() not in self._lists:
            raise LookupError(
                f"{name!r} is no list in {FILE.name}: add it under `lists` there, or name a person "
                "by e-mail address or Entra object id."
            )
        listed = self._lists[name.casefold()]
        return list(dict.fromkeys(self.canonical(member) for member in listed))

    def object_id(self, person: str) -> str | None:
        """Give a person's Entra object id in lower case; an object id gives itself."""
        if is_object_id(person):
            return person.lower()
        known = self._people.get(person.casefold())
        return str(known.id) if known and known.id else None

    def display_name(self, person: str) -> str | None:
        """Give the name to show for a person, where the file has one."""
        known = self._people.get(person.casefold())
        return known.name if known else None

    def person_of(self, object_id: str) -> str:
        """Give the e-mail address of who has an object id, else the object id."""
        return self.canonical(object_id)

    def same(self, a: str, b: str) -> bool:
        """Say whether two names are known to mean one person."""
        return self.canonical(a).casefold() == self.canonical(b).casefold()

    def stand_in(self, person: str, now: datetime) -> str | None:
        """Give who answers for a person at this instant: the first delegate whose days it is in.

        A delegate's own delegates don't count: nobody asked them.
        """
        known = self._people.get(person.casefold())
        if known is None or not known.delegates:
            return None
        today = now.astimezone(zone_of(known.time_zone)).date()
        active = (d.to for d in known.delegates if d.from_ <= today <= d.until)
        return next((self.canonical(to) for to in active), None)


@cache
def people(path: Path = FILE) -> Directory:
    """Read the file once; without one nobody is known. Raises BrokenFile."""
    return load(path) if path.exists() else Directory()


def load(path: Path) -> Directory:
    """Read a file of people. Raises BrokenFile for the first thing in it that can't be used."""
    from signpost import yaml_files  # noqa: PLC0415 - reading YAML takes long to load: cold start

    source = yaml_files.read(path)
    if source.content is None:
        return Directory()
    content = source.into(Content)
    known = Directory(content.people)
    for trail, what in _faults(content, known):
        raise source.broken(trail, what)
    return Directory(content.people, content.lists)


def is_address(name: str) -> bool:
    """Say whether a name has the form of an e-mail address or a user principal name."""
    return len(name) <= LONGEST_ADDRESS and re.fullmatch(ADDRESS, name) is not None


def is_object_id(name: str) -> bool:
    """Say whether a name has the form of an Entra object id."""
    return re.fullmatch(_OBJECT_ID, name) is not None


def is_person(name: str) -> bool:
    """Say whether a name has the form of a person's: with `@`, or of an object id."""
    return "@" in name or is_object_id(name)


def split_people(text: str) -> list[str]:
    """Split `a@x; b@y` as *Assigned To* does: in order, without blanks and repetitions."""
    found: dict[str, str] = {}
    for name in filter(None, map(str.strip, text.split(";"))):
        found.setdefault(name.casefold(), name)
    return list(found.values())


def _names(person: Person) -> list[str]:
    return [person.email, *person.aliases, *([str(person.id)] if person.id else [])]


def _faults(content: Content, known: Directory) -> Iterator[tuple[str, str]]:
    """Find what the types can't: each fault's field, and a sentence about it."""
    yield from _doubled(content)
    for i, person in enumerate(content.people):
        if not is_zone(person.time_zone):
            yield f"people[{i}].timeZone", f"there is no time zone {person.time_zone!r}"
        for j, delegate in enumerate(person.delegates):
            trail = f"people[{i}].delegates[{j}]"
            if delegate.until < delegate.from_:
                yield f"{trail}.until", "`until` is before `from`"
            if known.same(delegate.to, person.email):
                yield f"{trail}.to", "nobody stands in for themselves"
            yield from _unknown(f"{trail}.to", delegate.to, known)
    for name, members in content.lists.items():
        if is_person(name) or ";" in name:
            yield f"lists.{name}", "a list's name holds no `@` and no `;`, and is no object id"
        for i, member in enumerate(members):
            yield from _unknown(f"lists.{name}[{i}]", member, known)


def _doubled(content: Content) -> Iterator[tuple[str, str]]:
    """Find the second person or list of a name."""
    seen = set()
    for i, person in enumerate(content.people):
        trails = ["email", *(f"aliases[{j}]" for j in range(len(person.aliases))), "id"]
        for trail, name in zip(trails, _names(person), strict=False):
            if name.casefold() in seen:
                yield f"people[{i}].{trail}", f"{name} stands twice"
            seen.add(name.casefold())
    for name in content.lists:
        if name.casefold() in seen:
            yield f"lists.{name}", f"{name} stands twice"
        seen.add(name.casefold())


def _unknown(trail: str, name: str, known: Directory) -> Iterator[tuple[str, str]]:
    if not known.knows(name):
        yield trail, f"{name} is nobody under `people`"
