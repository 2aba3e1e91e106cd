"""Time stamps are read quickly, and as the SDK reads them."""

import sys
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from devhost.history import stamp
from tests.engine.conftest import Open

_MODULE = "azure.durable_functions.models.history.HistoryEvent"


async def test_the_sdk_reads_the_same_from_a_stamp(open_app: Open):
    """The quick reader gives what the SDK's own gives, zone included, for every stamp."""
    await open_app("chain")
    quick = sys.modules[_MODULE].dt_parse
    assert quick is not quick.thorough

    @given(st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - a bound has no zone
    def same(moment: datetime) -> None:
        text = stamp(moment)
        read, expected = quick(text), quick.thorough(text)
        assert (read, repr(read)) == (expected, repr(expected))

    same()


async def test_other_forms_are_read_by_the_sdk_itself(open_app: Open):
    """A stamp with an offset keeps it."""
    await open_app("chain")
    read = sys.modules[_MODULE].dt_parse("2030-01-01T10:00:00+02:00")
    assert read == datetime(2030, 1, 1, 10, tzinfo=timezone(timedelta(hours=2)))
