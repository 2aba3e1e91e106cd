"""Owns the types of inputs: what a flow file says of each, and which values each takes."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from signpost.forms import DAY
from signpost.people import Email as Address
from signpost.people import is_address
from signpost.policy import Option, Part
from signpost.text import to_remove

LARGEST = 10**15  # every whole number up to it is exact in JSON, also where numbers are floats
_DAY = r"\d{4}-\d\d-\d\d"

Bound = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Required = Annotated[bool, Meta(description="Whether a run needs it.")]
Told = Annotated[str, Meta(max_length=1000, description="What the form says below it.")]


class Unfit(ValueError):  # noqa: N818 - it names what is wrong
    """A value that its rule refuses; the message is a sentence for whoever gave it."""


class Rule(Part, kw_only=True, frozen=True, tag_field="type"):
    """What all types of inputs have."""

    required: Required = False
    description: Told = ""

    @property
    def type(self) -> str:
        """The type's name, as it stands in the flow file."""
        return str(self.__struct_config__.tag)

    def __post_init__(self) -> None:
        """Raise ValueError, which msgspec reports, for a default that the type refuses."""
        default = getattr(self, "default", None)
        if default is None:
            return
        try:
            self.take(msgspec.to_builtins(default))
        except Unfit as error:
            raise ValueError(f"`default` can't be used: {error}") from None

    def take(self, given: Any) -> Any:  # noqa: ANN401 - any JSON in, what is stored out
        """Give what is stored for a value that is not null; None for an empty text.

        Raises Unfit.
        """
        raise NotImplementedError


class Text(Rule, kw_only=True, frozen=True, tag="Text"):
    """A text of one or more lines."""

    max_length: Annotated[int, Meta(ge=1, le=20_000, description="Characters at most.")] = 4000
    default: Annotated[str | None, Meta(description="Taken where nothing is given.")] = None

    def take(self, given: Any) -> str | None:  # noqa: ANN401 - any JSON
        """Take a text as it stands, unless readers would not see all of it."""
        text = _text(given, "Give a text.")
        if len(text) > self.max_length:
            raise Unfit(f"At most {self.max_length:,} characters; these are {len(text):,}.")
        if told := to_remove(text.replace("\r\n", "\n")):
            raise Unfit(told)
        return text if text.strip() else None


class DropDown(Rule, kw_only=True, frozen=True, tag="Drop-down list"):
    """One of several texts."""

    options: Annotated[
        list[Option], Meta(min_length=1, max_length=100, description="What to choose from.")
    ]
    default: Annotated[str | None, Meta(description="One of `options`.")] = None

    def __post_init__(self) -> None:
        """Refuse an option that stands twice, besides a default that is none."""
        if doubled := [each for each in self.options if self.options.count(each) > 1]:
            raise ValueError(f"`options` hold {doubled[0]!r} twice")
        super().__post_init__()

    def take(self, given: Any) -> str | None:  # noqa: ANN401 - any JSON
        """Take an option, spelled as in the list."""
        text = _text(given, "Give one of the options as a text.")
        if text and text not in self.options:
            raise Unfit(f"Take one of these: {', '.join(self.options)}.")
        return text or None


class Email(Rule, kw_only=True, frozen=True, tag="Email"):
    """The e-mail address of one person."""

    default: Annotated[Address | None, Meta(description="Taken where nothing is given.")] = None

    def take(self, given: Any) -> str | None:  # noqa: ANN401 - any JSON
        """Take one address, without the blanks around it."""
        text = _text(given, "Give an e-mail address as a text.").strip()
        if text and not is_address(text):
            raise Unfit("Give one e-mail address, such as adele@contoso.com.")
        return text or None


class File(Rule, kw_only=True, frozen=True, tag="File"):
    """A text, Markdown, CSV, PDF or Word file of at most 5 MB, of which the text is kept."""

    max_length: Annotated[
        int, Meta(ge=1, le=200_000, description="Characters of its text at most.")
    ] = 60_000


class YesNo(Rule, kw_only=True, frozen=True, tag="Yes/No"):
    """Yes or no."""

    default: Annotated[bool | None, Meta(description="Taken where nothing is given.")] = None

    def take(self, given: Any) -> bool:  # noqa: ANN401 - any JSON
        """Take true and false, and no text that means them."""
        if not isinstance(given, bool):
            raise Unfit("Give true or false.")
        return given


class Number(Rule, kw_only=True, frozen=True, tag="Number"):
    """A number, whole or not."""

    minimum: Annotated[Bound | None, Meta(description="The least that is taken.")] = None
    maximum: Annotated[Bound | None, Meta(description="The most that is taken.")] = None
    default: Annotated[int | float | None, Meta(description="Taken where nothing is given.")] = None

    def __post_init__(self) -> None:
        """Refuse a range that holds nothing, besides a default outside it."""
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("`minimum` is more than `maximum`")
        super().__post_init__()

    def take(self, given: Any) -> int | float:  # noqa: ANN401 - any JSON
        """Take a number of the range that can be written exactly, so no NaN and no infinity."""
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise Unfit("Give a number, without quotes: 5 or 1.5.")
        if not abs(given) <= LARGEST:
            raise Unfit(f"Give a number between {-LARGEST:,} and {LARGEST:,}.")
        if self.minimum is not None and given < self.minimum:
            raise Unfit(f"At least {_in_digits(self.minimum)}; this is {_in_digits(given)}.")
        if self.maximum is not None and given > self.maximum:
            raise Unfit(f"At most {_in_digits(self.maximum)}; this is {_in_digits(given)}.")
        return given


class Date(Rule, kw_only=True, frozen=True, tag="Date"):
    """A day."""

    default: Annotated[date | None, Meta(description="Taken where nothing is given.")] = None

    def take(self, given: Any) -> str | None:  # noqa: ANN401 - any JSON
        """Take a day of the calendar, written as ISO 8601 does."""
        text = _text(given, f"Give {DAY}.")
        if text and not _is_day(text):
            raise Unfit(f"Give {DAY}.")
        return text or None


def written(value: object) -> str:
    """Write a value as people do: True is Yes, 1.0 is 1, and what is not there is nothing."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return _in_digits(value)
    return "" if value is None else str(value)


def _in_digits(number: float) -> str:
    """Write a number without a power of ten, and a whole one without a point."""
    return f"{int(number)}" if number == int(number) else f"{Decimal(repr(number)):f}"


def _is_day(text: str) -> bool:
    try:
        return re.fullmatch(_DAY, text, re.ASCII) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _text(given: Any, otherwise: str) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(given, str):
        raise Unfit(otherwise)
    return given
