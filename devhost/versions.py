"""Owns orchestration versions: which instance this app's version may run.

host.json names the app's version (`defaultVersion`), which instances it takes
(`versionMatchStrategy`) and what becomes of the others (`versionFailureStrategy`).
"""

import re
from itertools import zip_longest

from devhost.config import HostConfig


def accepts(config: HostConfig, version: str | None) -> bool:
    """Tell whether an instance of that version may run here."""
    if config.default_version is None or config.version_match == "None":
        return True
    order = compare(version or "", config.default_version)
    return order == 0 or (order < 0 and config.version_match == "CurrentOrOlder")


def compare(one: str, other: str) -> int:
    """Order two versions: -1, 0 or 1; the parts between dots count as numbers where they are."""
    for a, b in zip_longest(one.split("."), other.split("."), fillvalue=""):
        if a == b:
            continue
        if re.fullmatch(r"\d*", a) and re.fullmatch(r"\d*", b):
            if int(a or -1) != int(b or -1):
                return 1 if int(a or -1) > int(b or -1) else -1
        else:
            return 1 if a.lower() > b.lower() else -1
    return 0


MISMATCH = "Orchestration version did not comply with Worker Versioning"
