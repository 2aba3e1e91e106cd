"""Owns the divergence detector: it says where Azure would hang, though the code looks right.

The SDK decides what the user's code sees, the host's replay what is scheduled. Both read the
same history by different rules. Where they part, the instance hangs or goes wrong in Azure.
"""

import logging
from typing import Any

from devhost.history import Event, EventType
from devhost.replay import Action, ActionType, Outcome

_log = logging.getLogger("devhost.divergence")
_said: set[tuple[str, str]] = set()


def find(state: dict[str, Any], outcome: Outcome, history: list[Event]) -> str | None:
    """Compare the SDK's view with the host's; returns what would happen in Azure, if they differ.

    `state` is what the SDK handed back for `history`, `outcome` what the host's replay made of it.
    """
    actions: list[Action] = state["actions"][0]
    if outcome.status == "Failed" and any(map(_races_a_retry, actions)) and not state.get("error"):
        return (
            "a retried call in a task_any takes sequence ids that the host gives to other tasks "
            "once the timer beside it is cancelled: retry in a sub-orchestration instead"
        )
    if outcome.suspended or outcome.status != "Running":
        return None
    done = state["isDone"] or bool(state.get("error"))
    if outcome.blocked_at < len(actions) - (0 if done else 1):
        return _behind(actions[outcome.blocked_at], done=done)
    if done and outcome.open_timers:
        return (
            "the orchestrator has ended, but the instance stays Running until its last timer fires:"
            " cancel each timer that lost, with timer.cancel(); the SDK does not cancel timers of "
            "more than six days, so wait in shorter ones"
        )
    return None if done else _misspelt(actions, history)


def report(name: str, instance: str, finding: str | None) -> None:
    """Log a finding, once for each orchestrator."""
    if finding is None or (name, finding) in _said:
        return
    _said.add((name, finding))
    _log.warning(
        "Orchestrator '%s' (instance '%s') would hang or go wrong in Azure: %s.",
        name, instance, finding,
    )  # fmt: skip


def _behind(action: Action, *, done: bool) -> str:
    kind = ActionType(action["actionType"])
    rest = "the instance does not end" if done else "what follows is not scheduled"
    if kind is ActionType.WHEN_ALL:
        return (
            f"a task_all failed early, and {rest} before all of its tasks have ended: let the "
            "activities return their errors as values"
        )
    if kind is ActionType.WAIT_FOR_EXTERNAL_EVENT:
        return (
            f"a wait for event '{action['externalEventName']}' got an event that an earlier wait "
            f"had already used, and {rest} until a new one comes: use one name for each wait, "
            "such as decision-1, decision-2"
        )
    if kind is ActionType.WHEN_ANY:
        return (
            f"a task_any waits only for the tasks that are new in it, and {rest} until one of "
            "those ends: make new timers and waits for each task_any, and cancel the losers"
        )
    return f"the host still waits for {kind.name.lower()}, and {rest}: yield each new task once"


def _misspelt(actions: list[Action], history: list[Event]) -> str | None:
    """Find an event that the host hands to a wait and the SDK does not, for its letters."""
    waited = {name for action in actions for name in _event_names(action)}
    spelling = {name.lower(): name for name in waited}
    for event in history:
        name = event["Name"] if event["EventType"] == EventType.EVENT_RAISED else None
        if name is not None and name not in waited and name.lower() in spelling:
            return (
                f"event '{name}' was raised, the code waits for '{spelling[name.lower()]}': the "
                "host takes them for one, the SDK does not. Use the same letters"
            )
    return None


def _races_a_retry(action: Action) -> bool:
    return action["actionType"] == ActionType.WHEN_ANY and _has_retry(action)


def _has_retry(action: Action) -> bool:
    return "retryOptions" in action or any(map(_has_retry, action.get("compoundActions", ())))


def _event_names(action: Action) -> list[str]:
    if "compoundActions" in action:
        return [name for member in action["compoundActions"] for name in _event_names(member)]
    name = action.get("externalEventName")
    return [name] if name else []


def forget() -> None:
    """Let findings that were logged be logged again."""
    _said.clear()
