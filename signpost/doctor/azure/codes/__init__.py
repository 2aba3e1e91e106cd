"""Owns what Azure's error codes mean for Signpost: a sentence and a step for each."""

import re
from shlex import quote

from signpost.doctor.azure.codes import capacity, names, rights
from signpost.doctor.azure.codes.remedy import Remedy
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.errors import Leaf

# Those that know more of an error come first: its code and words, its code alone, its words alone.
REMEDIES = tuple(
    sorted(
        (*capacity.REMEDIES, *names.REMEDIES, *rights.REMEDIES),
        key=lambda remedy: (not remedy.codes, not remedy.where),
    )
)
NAMESPACE = r"\bMicrosoft\.[A-Za-z]+\b"
REGIONS = r"available (?:regions|locations) for the resource type (?:is|are) '([^']*)'"
UNKNOWN = "# Mend what Azure names, and then:\nazd provision"


def explain(leaf: Leaf, stand: Deployed) -> tuple[str, str]:
    """Give a sentence about an error and what mends it; an unknown one is told as it is."""
    said = ": ".join(part for part in (leaf.code, leaf.message) if part)
    found = remedy_for(leaf)
    if found is None:
        return f"{_named(leaf)} failed. Azure says: {said}", UNKNOWN
    words = _words(leaf, stand)
    meaning = found.meaning.format_map(words)
    return f"{_named(leaf)} failed: {meaning} ({said})", found.fix.format_map(
        {name: quote(word) for name, word in words.items()}
    )


def remedy_for(leaf: Leaf) -> Remedy | None:
    """Give the first remedy that is for this error."""
    fitting = (each for each in REMEDIES if each.fits(leaf.code, leaf.message, leaf.type))
    return next(fitting, None)


def _named(leaf: Leaf) -> str:
    return f"{leaf.type or 'A resource'} {leaf.target}".strip() if leaf.target else "A deployment"


def _words(leaf: Leaf, stand: Deployed) -> dict[str, str]:
    """Give the words that a remedy may name."""
    namespace = re.search(NAMESPACE, f"{leaf.message} {leaf.type}")
    regions = re.search(REGIONS, leaf.message)
    return {
        "name": leaf.target or "NAME",
        "type": leaf.type,
        "location": stand.location,
        "group": stand.group_name,
        "scope": stand.group,
        "subscription": stand.subscription,
        "namespace": namespace[0] if namespace else "NAMESPACE",
        "regions": f" (but in {regions[1]})" if regions else "",
    }
