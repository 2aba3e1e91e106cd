"""Owns the JSON Schemas by which editors complete and check what users edit.

`python -m signpost.schemas` writes them anew after a type changed.
"""

import inspect
import json
import re
from typing import Any

import msgspec

from signpost import forms
from signpost.flows import FOLDER, Flow
from signpost.people import Content

DIALECT = "http://json-schema.org/draft-07/schema#"  # what YAML extensions of editors know
SAID = "patternErrorMessage"  # the YAML language server shows it instead of the pattern
KINDS: dict[str, type] = {"flow": Flow, "people": Content}

_PART = r"(\d+(\.\d+)?{0})?"
_DURATION = (
    rf"^P(?=.){_PART.format('D')}"
    rf"(T(?=.){_PART.format('H')}{_PART.format('M')}{_PART.format('S')})?$"
)


def schema_of(kind: type) -> dict[str, Any]:
    """Describe a file as JSON Schema: what its types hold, without what they mean together."""
    described = msgspec.json.schema(kind)
    parts = described["$defs"]
    top = parts.pop(kind.__name__)
    fields = top["properties"].items()
    top["properties"] = {name: field for name, field in fields if not field.get("readOnly")}
    tidied: dict[str, Any] = _tidy({"$schema": DIALECT, **top, "$defs": parts})
    return tidied


def text_of(kind: type) -> str:
    """Write a schema as it is kept in its file."""
    return json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def write() -> None:
    """Write the schemas beside the files that they describe."""
    for name, kind in KINDS.items():
        (FOLDER / f"{name}.schema.json").write_text(text_of(kind), "utf-8")


def _tidy(node: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Say it as editors read it: their patterns, names as they stand in the file."""
    if isinstance(node, list):
        return [_tidy(each) for each in node]
    if not isinstance(node, dict):
        return node
    tidied = {key: _tidy(value) for key, value in node.items() if key != "discriminator"}
    if isinstance(node.get("pattern"), str):
        tidied["pattern"] = node["pattern"].replace(r"\Z", "$")  # JavaScript has no \Z
        tidied[SAID] = f"Expected {forms.NAMES[node['pattern']]}"
    if node.get("format") == "duration":  # which editors don't check
        tidied |= {"pattern": _DURATION, SAID: f"Expected {forms.DURATION}"}
    if isinstance(node.get("description"), str):
        tidied["description"] = _as_in_the_file(node["description"])
    return tidied


def _as_in_the_file(description: str) -> str:
    """Give a docstring on one line, with fields spelled as in YAML."""
    told = " ".join(inspect.cleandoc(description).split())
    return re.sub(r"`[a-z]+(_[a-z]+)+`", _camel, told)


def _camel(name: re.Match[str]) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name[0])


if __name__ == "__main__":
    write()
