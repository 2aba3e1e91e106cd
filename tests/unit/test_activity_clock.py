"""An activity goes by the time at which it runs, however long it was queued."""

from datetime import UTC, datetime, timedelta

from activities.clock import at_hand
from tests.builders import NOW, work

HOUR = timedelta(hours=1)


def test_what_was_queued_is_of_now() -> None:
    """A claim on a post that waited its turn is not old when it is made."""
    began = datetime.now(UTC)
    asked = work(after=began - NOW - HOUR)
    assert began <= at_hand(asked).now <= datetime.now(UTC)


def test_an_orchestration_ahead_is_followed() -> None:
    """Its clock never runs backwards, whatever the instance's says."""
    asked = work(after=datetime.now(UTC) - NOW + HOUR)
    assert at_hand(asked) == asked
