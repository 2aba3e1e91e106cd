"""User code that fails in ways no function should."""

import asyncio
import sys
from collections.abc import Generator
from typing import Any, NoReturn

import azure.durable_functions as df

app = df.DFApp()


class SpeechlessError(Exception):
    """An exception that can't even be told."""

    def __str__(self) -> str:
        """Fail once more."""
        raise RuntimeError("no text")


class FinalError(BaseException):
    """An exception that no `except Exception` catches."""


def speechless() -> NoReturn:
    """Raise what can't be told."""
    raise SpeechlessError


def final() -> NoReturn:
    """Raise what is hard to catch."""
    raise FinalError("the end")


def cancelled() -> NoReturn:
    """Pretend to be cancelled."""
    raise asyncio.CancelledError("not really")


def leave() -> NoReturn:
    """End the process, as far as it goes."""
    sys.exit(3)


WAYS = {f.__name__: f for f in (speechless, final, cancelled, leave)}


@app.orchestration_trigger(context_name="context")
def call(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Call the activity or entity that the input names."""
    kind, way = context.get_input()
    if kind == "orchestrator":
        WAYS[way]()
    if kind == "entity":
        return (yield context.call_entity(df.EntityId("breaks", "it"), way, "x"))
    return (yield context.call_activity(kind, way))


@app.activity_trigger(input_name="way")
def plain(way: str) -> str:
    """Fail on a thread."""
    WAYS[way]()


@app.activity_trigger(input_name="way")
async def awaiting(way: str) -> str:
    """Fail on the loop, or stop it for all."""
    if way != "stop":
        WAYS[way]()
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    return "still here"


@app.entity_trigger(context_name="context")
def breaks(context: df.DurableEntityContext) -> None:
    """Fail as the operation says."""
    WAYS[context.operation_name]()
