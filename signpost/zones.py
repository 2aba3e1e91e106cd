"""Owns time zones by their IANA names."""

from datetime import UTC, tzinfo


def is_zone(name: str) -> bool:
    """Say whether there is a time zone of this name."""
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):  # no such file, no such path, a folder of zones
        return False
    return True


def zone_of(name: str) -> tzinfo:
    """Give a time zone by its IANA name. Raises KeyError, ValueError or OSError."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - most people need none

    return ZoneInfo(name)
