"""What crosses between orchestrator and activities is plain JSON and comes back as it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost import contracts
from signpost.contracts import (
    LONGEST_PAUSE,
    Away,
    Contract,
    Drafted,
    Ending,
    Posted,
    Standing,
    Work,
    away_for,
    is_away,
    next_round,
    pack,
    unpack,
)
from tests.builders import work

KINDS = [Work, Drafted, Standing, Posted, Ending, Away]
instants = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
waits = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=365))


def values(kind: type[Contract]) -> st.SearchStrategy[Any]:
    """Give any value of a contract."""
    st.register_type_strategy(datetime, instants)
    st.register_type_strategy(timedelta, waits)
    fields = {field.name: st.from_type(field.type) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_contracts_survive_the_history(kind: type[Contract], data: st.DataObject) -> None:
    """Written as JSON and read again, each is the same."""
    value = data.draw(values(kind))
    assert unpack(json.loads(json.dumps(pack(value))), kind) == value


def test_every_contract_is_tested() -> None:
    """A new contract joins the list above."""
    assert set(KINDS) == set(Contract.__subclasses__())


@pytest.mark.parametrize("kind", KINDS)
def test_contracts_hold_no_text_and_no_address(kind: type[Contract]) -> None:
    """Histories get ids, states, instants and why something failed, nothing that was written."""
    allowed = {
        "run", "round", "attempt", "now", "outcome", "failure", "retry_after", "slot", "wake_at",
        "delivery", "work", "signed", "away", "calls",
    }  # fmt: skip
    assert set(kind.__struct_fields__) <= allowed


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_each_wait_has_its_own_event(a: int, b: int, c: int, d: int) -> None:
    """No two waits share a name, and names are lower case."""
    here, there = contracts.wake_up(a, b), contracts.wake_up(c, d)
    assert (here == there) == ((a, b) == (c, d))
    assert here == here.lower()


@pytest.mark.parametrize("value", [None, {}, [], "x", {"delivery": "lost"}, {"delivery": None}])
def test_other_shapes_are_refused(value: Any) -> None:
    """An answer of another version is an error, not a guess."""
    with pytest.raises(msgspec.ValidationError):
        unpack(value, Posted)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10)
@given(data=st.data())
def test_only_an_outage_looks_like_one(kind: type[Contract], data: st.DataObject) -> None:
    """No other answer of an activity is taken for a ledger that is away."""
    assert is_away(pack(data.draw(values(kind)))) == (kind is Away)


@pytest.mark.parametrize("kind", [Drafted, Standing])
def test_an_outage_read_as_an_answer_decides_nothing(kind: Any) -> None:
    """Even if nobody looked, an outage holds no outcome and no signature."""
    assert unpack(pack(Away(away="The disk is full.")), kind) == kind()


def test_a_ledger_that_is_away_is_asked_ever_more_rarely() -> None:
    """The pauses double from 5 seconds up to an hour, for as long as it takes."""
    pauses = [away_for(tried) for tried in range(1, 12)]
    assert pauses[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert pauses == sorted(pauses)
    assert {away_for(tried) for tried in (11, 12, 100, 10_000)} == {LONGEST_PAUSE}


def test_the_next_round_belongs_to_the_same_run() -> None:
    """Only the number changes."""
    assert next_round(work()) == msgspec.structs.replace(work(), round=2)
