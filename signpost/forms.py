"""Owns the forms of the texts that our types hold: each one's pattern, and its name in words."""

import re

# What Entra allows in a name: no spaces, quotes, semicolons or other scripts; so each character
# is one byte of a card.
ADDRESS = r"^[!#-'*-:<-?A-\[\]^-~]+@[!#-'*-:<-?A-\[\]^-~]+\Z"
OPTION = r"^\S(.{0,62}\S)?\Z"
LINK = r"^https://[^\s]+\Z"
HOST = r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+\Z"
CLOCK = r"^([01]?\d|2[0-3]):[0-5]\d\Z"
MINUTES_A_DAY = 24 * 60  # YAML 1.1 reads an unquoted 18:30 as the number 1110, its minutes

DURATION = "a duration, such as P30D or PT12H"
DAY = "a day, such as 2026-12-20"
INSTANT = "a time with its offset, such as 2026-12-20T12:00:00Z"
TIME_OF_DAY = "a time of day, such as 09:30"

NAMES = {
    ADDRESS: "an e-mail address",
    OPTION: "1 to 64 characters on one line, without blanks around them",
    LINK: "a link that starts with https://",
    HOST: "a host's name in small letters, such as contoso.com or *.contoso.com",
    CLOCK: TIME_OF_DAY,
}

TYPES = {"int": "a whole number", "float": "a number", "str": "a text", "bool": "true or false"}


def in_words(message: str) -> str:
    """Say what msgspec says of a pattern, a duration, a day or a time so that people know it."""
    for pattern, name in NAMES.items():
        if message.endswith(f"matching regex {pattern!r}"):
            return f"Expected {name}"
    if message.endswith(f"Expected `int` <= {MINUTES_A_DAY - 1}"):
        return f"Expected {TIME_OF_DAY}"
    if message == "Invalid RFC3339 encoded date":
        return f"Expected {DAY}"
    if message == "Invalid RFC3339 encoded datetime":
        return f"Expected {INSTANT}"
    if "ISO8601 duration" in message:
        return f"Expected {DURATION}"
    return re.sub("`duration.*?`", DURATION, message)


def asked_for(message: str) -> str:
    """Ask for a number, a text or a truth value in words, where msgspec names a type of Python."""
    if bound := re.fullmatch(r"Expected `(?:int|float)` ([<>])= (-?[\d.]+)", message):
        return f"Give a number of at {'most' if bound[1] == '<' else 'least'} {float(bound[2]):,g}"
    if other := re.fullmatch(r"Expected `(int|float|str|bool)(?: \| null)?`, got `.+`", message):
        return f"Give {TYPES[other[1]]}"
    return message
