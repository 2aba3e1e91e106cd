"""Owns which triggers besides HTTP an app has, and what calls their functions."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from devhost.clock import Clock
from devhost.invoke import Worker
from devhost.loader import App, LoadError
from devhost.ticks import open_tickers


class Source(Protocol):
    """Something that calls a function of the app by itself."""

    def start(self) -> None:
        """Begin to call it; runs on the host's event loop."""

    async def stop(self) -> None:
        """Call it no more, and wait while it runs."""


def open_sources(
    app: App,
    *,
    folder: Path,
    state: Path | None,
    clock: Clock,
    worker: Worker,
    client: Callable[[], str],
) -> list[Source]:
    """Make the timers and queue listeners of an app; raises LoadError and ConfigError.

    `client` gives what a durable client parameter is made from.
    """
    sources: list[Source] = [*open_tickers(app, clock, worker, state, client)]
    listening = [f.name for f in app.functions if f.kind == "queueTrigger"]
    if listening:
        try:
            from devhost.queues import open_listeners  # noqa: PLC0415 - slow, and few apps need it
        except ImportError as error:
            raise LoadError(
                f"function {listening[0]} has a queue trigger: pip install azure-storage-queue"
            ) from error
        sources += open_listeners(app, folder, worker, client)
    return sources
