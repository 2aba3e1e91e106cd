"""Owns the gallery: the instructions that stand in their folder, as callers ask for them."""

from collections.abc import Mapping
from pathlib import Path

from signpost import instructions
from signpost.instructions import Instructions, Unusable
from signpost.problems import Misconfigured, Unknown


def everything(folder: Path = instructions.FOLDER) -> Mapping[str, Instructions]:
    """Give all instructions by their names. Raises Misconfigured for a file that is broken."""
    try:
        return instructions.load_all(folder)
    except Unusable as error:
        raise Misconfigured(str(error)) from error


def named(name: str) -> Instructions:
    """Give the instructions of this name. Raises Unknown and Misconfigured."""
    known = everything()
    if name not in known:
        there = ", ".join(known)
        raise Unknown(f"There are no instructions {name!r}; there is {there}.", field="name")
    return known[name]
