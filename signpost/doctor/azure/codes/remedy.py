"""Owns the shape of a remedy: which errors of Azure it is for, what they mean, what to do."""

import re
from typing import NamedTuple


class Remedy(NamedTuple):
    """What errors with these codes mean, and what mends them.

    `where` is a pattern that the sentence or the type of resource has to match as well. `meaning`
    and `fix` may name {name} and {type} of the resource, {location}, {group}, {scope} of the group,
    {subscription}, {namespace} and {regions}. A fix is for a shell: what is no command in it is a
    comment, and names are quoted.
    """

    codes: tuple[str, ...]
    meaning: str
    fix: str
    where: str = ""

    def fits(self, code: str, message: str, kind: str) -> bool:
        """Say whether it is for this error."""
        known = not self.codes or code.lower() in (each.lower() for each in self.codes)
        return known and bool(re.search(self.where, f"{kind} {message}", re.IGNORECASE))
