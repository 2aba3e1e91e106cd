"""Owns one run for each shape that a flow can have, and the rows that they make.

`python -m tests.unit.flow_shapes` writes the rows of the release in the making. Those of a
release that is out stay as they are: runs like them are still waiting somewhere.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from signpost.flows import Flow, Parameters
from signpost.records import Run
from tests.builders import MEGAN, NOW
from tests.histories.replaying import is_out, release

EARLIER = Path(__file__).parent / "earlier"
FIRST = "Approve/Reject - First to respond"
ALL = "Approve/Reject - Everyone must approve"
QUORUM = "Approve/Reject - Quorum"
PEOPLE = ["adele@contoso.com", "alex@contoso.com", "diego@contoso.com"]
HEIRS = {"escalateTo": ["diego@contoso.com"]}
OPTIONS = [{"name": "Ship it", "posts": True}, {"name": "Hold it"}]
EVERY_PARAMETER = {
    "temperature": 0.7,
    "max_tokens": 300,
    "top_p": 0.9,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
}
INPUTS: dict[str, dict[str, Any]] = {
    "Tone": {"type": "Drop-down list", "options": ["Formal", "Kind"], "default": "Kind"},
    "Reply to": {"type": "Email", "default": "adele@contoso.com"},
    "Notes": {"type": "File", "maxLength": 1000, "required": True, "description": "As a file."},
    "Urgent": {"type": "Yes/No", "default": False},
    "Seats": {"type": "Number", "minimum": 0, "maximum": 500.5, "default": 12},
    "Day": {"type": "Date", "default": "2026-12-24"},
    "Closing": {"type": "Text", "maxLength": 80, "default": "See you there.\nThe team"},
}
VALUES = {
    "Topic": "The terrace",
    "Tone": "Formal",
    "Notes": {"name": "notes.md", "text": "It opens.", "digest": "sha256:0", "characters": 9},
    "Urgent": True,
    "Seats": 1.5,
    "Day": "2026-12-25",
}
QUIET = {"at": "09:00", "quietHours": {"from": "18:00", "until": "8:00"}}

# By name: the fields of the approval that differ from the plainest, or whole parts of the flow.
APPROVALS: dict[str, dict[str, Any]] = {
    "plain": {},
    "everyone": {"type": ALL},
    "quorum": {"type": QUORUM, "approvals": 2},
    "custom for one": {
        "type": "Custom Responses - Wait for one response",
        "responseOptions": OPTIONS,
        "requireComment": ["Hold it"],
        "allowEdits": True,
    },
    "custom for all": {
        "type": "Custom Responses - Wait for all responses",
        "responseOptions": OPTIONS,
    },
    "sequential": {
        "type": "Sequential approval",
        "assignedTo": None,
        "stages": [
            {"assignedTo": PEOPLE[:1]},
            {"assignedTo": PEOPLE, "type": QUORUM, "approvals": 2},
            {"assignedTo": "adele@contoso.com; alex@contoso.com", "type": ALL},
        ],
    },
    "one text of people": {"assignedTo": "adele@contoso.com; alex@contoso.com;"},
    "people from an input": {"assignedTo": "{{ Reply to }}"},
    "a list of people": {"assignedTo": ["Editors"], "requestor": "diego@contoso.com"},
    "told in full": {
        "title": "Sign: {{ Topic }} for {{ Day }}",
        "details": "Please check **facts**, names and tone.",
        "itemLink": "https://contoso.com/terrace",
        "itemLinkDescription": "The terrace",
    },
    "permissive": {
        "allowEdits": True,
        "allowRequestChanges": True,
        "maxRounds": 10,
        "enableReassignment": True,
        "allowSelfApproval": True,
        "requireComment": ["Reject", "Request changes"],
    },
    "silent": {"enableNotifications": False, "expiresAfter": "P365D"},
    "reminded at intervals": {"reminders": "P1D"},
    "reminded by day": {"reminders": {"every": "PT12H", "timeZone": "Europe/Berlin"}},
    "reminded by the clock": {"reminders": QUIET | {"timeZone": "Asia/Tokyo"}},
    "reminded by minutes of a day": {
        "reminders": {"at": 540, "quietHours": {"from": 1080, "until": 480}}
    },
    "escalated after a time": HEIRS | {"escalateAfter": "P2D"},
    "escalated at the deadline": HEIRS | {"onExpiry": "escalate"},
    "rejected at the deadline": {"onExpiry": "Reject", "expiresAfter": "PT1S"},
}
PARTS: dict[str, dict[str, Any]] = {
    "every input": {"inputs": {"Topic": {"type": "Text", "required": True}} | INPUTS},
    "every input needed": {
        "inputs": {
            name: rule | {"required": True, "description": "Needed."}
            for name, rule in INPUTS.items()
        }
    },
    "no input": {"inputs": {}},
    "every parameter": {"draft": {"instructions": "topic-post", "parameters": EVERY_PARAMETER}},
    "four drafts": {"draft": {"instructions": "topic-post", "variants": 4}},
    "links": {"post": {"location": "Channel", "title": "News", "links": ["*.contoso.com"]}},
    "purged": {"purgeAfter": "P90D", "description": "Texts are deleted."},
}


def shapes() -> dict[str, Run]:
    """Build the runs, by the names of their shapes."""
    approvals = {name: {"approval": PLAIN["approval"] | a} for name, a in APPROVALS.items()}
    for each in approvals.values():
        each["approval"] = {k: v for k, v in each["approval"].items() if v is not None}
    return {
        name: _run(number, name, PLAIN | parts)
        for number, (name, parts) in enumerate((approvals | PARTS).items(), start=1)
    }


PLAIN: dict[str, Any] = {
    "name": "news",
    "title": "News",
    "inputs": {"Topic": {"type": "Text", "required": True}, "Day": {"type": "Date"},
               "Reply to": {"type": "Email"}},
    "draft": {"instructions": "topic-post"},
    "approval": {"type": FIRST, "title": "Sign it", "assignedTo": PEOPLE},
    "post": {"location": "Channel", "title": "News"},
}  # fmt: skip


def _run(number: int, name: str, flow: dict[str, Any]) -> Run:
    fields: dict[str, Any] = {}
    if name == "purged":
        fields = {"purged_at": NOW + timedelta(days=99), "failed_at": NOW}
    if name == "silent":
        fields = {"canceled_at": NOW, "canceled_by": MEGAN, "cancel_reason": "Too late."}
    every = name == "every input"
    return Run(
        id=f"{number:032x}",
        flow=msgspec.convert(flow, Flow),
        inputs=VALUES if every else {"Topic": "The terrace", "Reply to": PEOPLE[0]},
        parameters=Parameters(temperature=0.1, max_tokens=100) if every else Parameters(),
        requestor=None if name == "plain" else MEGAN,
        created_at=NOW,
        **fields,
    )


def rows() -> dict[str, str]:
    """Give the rows of all shapes as the ledger holds them, as text."""
    return {name: msgspec.json.encode(run).decode() for name, run in shapes().items()}


if __name__ == "__main__":
    if is_out(release()):
        sys.exit(f"{release()} is out: raise `version` in pyproject.toml, then write its rows.")
    text = json.dumps(rows(), indent=1, ensure_ascii=False)
    (EARLIER / f"{release()}.json").write_text(f"{text}\n", "utf-8")
