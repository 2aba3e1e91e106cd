"""What crosses between orchestrator and activities is plain JSON and comes back as it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost import contracts
from signpost.contracts import Contract, Drafted, Ending, Posted, Standing, Work, pack, unpack

KINDS = [Work, Drafted, Standing, Posted, Ending]
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
        "delivery", "work",
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
