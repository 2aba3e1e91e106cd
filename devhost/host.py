"""Owns the whole: an app, its state and a listening server, put together and taken apart."""

import logging
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from devhost import config as configuration
from devhost import exporting
from devhost import keys as function_keys
from devhost.clock import Clock, SystemClock
from devhost.engine import Engine
from devhost.invoke import Worker
from devhost.loader import SERVED_TRIGGERS, App, load
from devhost.management import Management
from devhost.server import Server
from devhost.store import Store
from devhost.tracing import Tracing
from devhost.triggers import Source, open_sources
from devhost.window import Window

_log = logging.getLogger("devhost.host")


@dataclass(slots=True)
class Host:
    """A running app. Make it with `open_host`, then `start` it on an event loop."""

    app: App
    config: configuration.HostConfig
    engine: Engine
    worker: Worker
    management: Management
    server: Server
    store: Store
    runner: web.AppRunner | None = None
    url: str = ""
    sources: list[Source] = field(default_factory=list)
    exporter: exporting.Exporter | None = None

    async def start(self, address: str = "127.0.0.1", port: int = 0) -> str:
        """Listen and take up what the state holds; returns the base URL. Port 0: any free one."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family)
        self.runner = web.AppRunner(
            self.server.application(),
            access_log=None,
            auto_decompress=False,  # bodies reach functions as they were sent
            handle_signals=False,
            shutdown_timeout=5,
        )
        await self.runner.setup()
        await web.SockSite(self.runner, listener).start()
        shown = "127.0.0.1" if address in ("0.0.0.0", "::") else address  # noqa: S104 - compared, not bound
        shown = f"[{shown}]" if ":" in shown else shown
        self.url = f"http://{shown}:{listener.getsockname()[1]}"
        self.management.origin = self.url
        self.engine.start()
        for source in self.sources:
            source.start()
        return self.url

    async def stop(self) -> None:
        """Finish what is under way and let go of port, threads and state."""
        if self.runner is None:
            return
        await self.runner.cleanup()
        self.runner = None
        for source in self.sources:
            await source.stop()
        await self.engine.stop()
        await self.worker.stop()
        self.store.close()
        if self.exporter is not None:
            await self.exporter.stop()

    def describe(self) -> list[str]:
        """Return one line for each function: its name, trigger and, for HTTP, methods and URL."""
        urls = {r.function.name: r for r in self.server.routes}
        lines = []
        for function in sorted(self.app.functions, key=lambda f: (f.kind, f.name)):
            line = f"{function.name}: {function.kind}"
            if function.name in urls:
                route = urls[function.name]
                methods = ",".join(sorted(route.methods)) or "any method"
                line += f" [{methods}] {self.url}/{route.template}"
            elif called := function.trigger.get("schedule") or function.trigger.get("queueName"):
                line += f" {called}"
            elif function.kind not in SERVED_TRIGGERS:
                line += " - devhost does not serve this trigger; the function never runs"
            if function.unserved:
                line += f" - devhost does not serve its bindings {', '.join(function.unserved)}"
            lines.append(line)
        return lines


def open_host(
    folder: Path,
    *,
    state: Path | None,
    clock: Clock | None = None,
    keys: bool = False,
    app: App | None = None,
    tracing: Tracing | None = None,
) -> Host:
    """Load the app in `folder`, with its state in the folder `state`, or in memory for None.

    `tracing` says where spans go, in place of the environment.

    Raises ConfigError, LoadError and StateError, each with a message for the user.
    """
    configuration.apply_local_settings(folder)
    config = configuration.read_host(folder)
    store = Store(state / "state.db" if state else None)
    try:
        app = app or load(folder, config.disabled)
        worker = Worker()
        clock = clock or SystemClock()
        exporter = None if tracing else exporting.wanted(os.environ)
        tracing = tracing or exporting.tracing(exporter, config)
        engine = Engine(app, config, store, clock, worker, tracing=tracing)
        allowed = (
            function_keys.kept((state or folder) / "keys.json") if keys else function_keys.made_up()
        )
        management = Management(engine, allowed)
        window = Window(app, store, clock, inputs_kept=config.store_inputs)
        server = Server(
            app, worker, management, allowed, config.route_prefix,
            window=window, tracing=tracing, clock=clock,
        )  # fmt: skip
        sources = open_sources(
            app,
            folder=folder,
            state=state,
            clock=clock,
            worker=worker,
            client=management.binding,
        )
    except BaseException:
        store.close()
        raise
    return Host(
        app, config, engine, worker, management, server, store, sources=sources, exporter=exporter
    )
