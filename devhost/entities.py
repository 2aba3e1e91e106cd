"""Owns entities: runs the operations that wait for one as a batch and answers their callers.

Wire rules: the trigger body and the answer are those of section "Entities" of the SDK's
DurableEntityContext and EntityState; an answer to a caller is a ResponseMessage.
"""

import json
import logging
from datetime import datetime
from typing import Any

import azure.functions as func

from devhost.failures import said
from devhost.history import EventType, event
from devhost.loader import Function
from devhost.replay import compact
from devhost.store import Delivery, Message

_log = logging.getLogger("devhost.entities")


def entity_id(name: str, key: str) -> str:
    """Return the id of an entity; the case of its name does not matter."""
    return f"@{name.lower()}@{'' if key == '$' else key}"


class Batch:
    """The operations that wait for one entity."""

    def __init__(self, key: str, deliveries: list[Delivery]) -> None:
        _, self.name, self._key = key.split("@", 2)
        self.consumed = [d.seq for d in deliveries]
        self._requests = [json.loads(json.loads(d.event)["Input"]) for d in deliveries]
        self._results: list[dict[str, Any]] = []
        self.state: str | None = None
        self.exists = False

    def play(self, function: Function, known: tuple[str | None, str] | None) -> None:
        """Let the SDK run the operations on the state (JSON text, last change) that is known."""
        body = {
            "self": {"name": self.name, "key": self._key},
            "exists": known is not None,
            "state": known[0] if known else None,
            "batch": [
                {"name": r["op"], "input": r.get("input"), "isSignal": bool(r.get("signal"))}
                for r in self._requests
            ],
        }
        self.exists, self.state = known is not None, known[0] if known else None
        try:
            answer = json.loads(function.call(func.EntityContext(json.dumps(body))))
        except BaseException as error:  # noqa: BLE001 - whatever user code raises is told to the callers
            text = f"{type(error).__name__}: {said(error)}"
            _log.error("Entity '%s' failed: %s", function.name, text)
            failed = {"isError": True, "result": json.dumps(text)}
            self._results = [failed] * len(self._requests)
            return
        self._results = answer["results"]
        self.exists, self.state = answer["entityExists"], answer["entityState"]

    def answers(self, now: datetime) -> list[Message]:
        """Return the answers for those who called and wait."""
        found = []
        for request, result in zip(self._requests, self._results, strict=False):
            if request.get("signal"):
                continue
            answer = {"result": result.get("result")}
            if result.get("isError"):
                answer["exceptionType"] = "Error"
            raised = event(EventType.EVENT_RAISED, now, Name=request["id"], Input=compact(answer))
            found.append(
                Message(request["parent"], compact(raised), execution=request["parentExecution"])
            )
        return found
