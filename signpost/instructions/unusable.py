"""Owns the error that tells what is wrong with instructions, and where."""

LONGEST = 400  # characters: what is wrong may quote what a stranger sent


class Unusable(Exception):  # noqa: N818 - it names what is wrong, as the message does
    """Instructions can't be used, or not with these values; the message names file and line.

    `line` counts from 1 and is 0 where no line is at fault; `field` is the input whose value is,
    as `inputs.Topic`. `plain` is the message for what is kept: without `quoting`, the end of it
    that repeats values.
    """

    def __init__(
        self, name: str, line: int, what: str, field: str | None = None, quoting: str = ""
    ) -> None:
        self.line = line
        self.what = what + quoting
        if len(self.what) > LONGEST:
            self.what = f"{self.what[:LONGEST]}\u2026"
        self.field = field
        where = f"instructions/{name}.prompty{f', line {line}' * bool(line)}"
        self.plain = f"{where}: {what[:LONGEST]}."
        super().__init__(f"{where}: {self.what}")
