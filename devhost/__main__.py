"""Owns the command line: python -m devhost [APP_DIR]."""

import argparse
import asyncio
import atexit
import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from devhost import reload
from devhost.config import ConfigError
from devhost.host import Host, open_host
from devhost.loader import LoadError
from devhost.store import StateError

_log = logging.getLogger("devhost")


_LAST_PORT = 65535
_LAST_SECONDS = 5.0
_SWITCHES = {
    "fresh": "delete the state first",
    "reload": "start again when a file of the app changes",
    "verbose": "log more",
    "keys": "ask for function keys, as Azure does",
}


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m devhost", description="Runs an Azure Functions app (Python) on this machine."
    )
    add = parser.add_argument
    add("app_dir", nargs="?", default=".", type=Path, metavar="APP_DIR", help="default: here")
    add("--port", type=_port, default=os.environ.get("DEVHOST_PORT", "7071"), help="0: any")
    add("--host", default=os.environ.get("DEVHOST_HOST", "127.0.0.1"), help="default: loopback")
    add(
        "--state",
        type=Path,
        default=os.environ.get("DEVHOST_STATE"),
        metavar="DIR",
        help="where orchestrations are kept; default: APP_DIR/.state/devhost",
    )
    for name, text in _SWITCHES.items():
        on = os.environ.get(f"DEVHOST_{name.upper()}", "").lower() in ("1", "true")
        add(f"--{name}", action="store_true", default=on, help=text)
    return parser.parse_args(given)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number up to {_LAST_PORT}")
    return number


def _set_up_logging(*, verbose: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    if not verbose:
        logging.getLogger("asyncio").setLevel(logging.WARNING)


async def _serve(host: Host, options: argparse.Namespace, before: dict[str, int]) -> bool:
    """Run until told to stop; returns whether to start anew."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on loops
            loop.add_signal_handler(number, _stop, stop)
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
    try:
        url = await host.start(options.host, options.port)
        _announce(host, url, options)
        if options.reload:
            waits.append(asyncio.create_task(reload.changed(Path.cwd(), before)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        _log.info("Stopping: waiting for running functions.")
    finally:
        for wait in waits:
            wait.cancel()
        await host.stop()
    options.port = int(url.rpartition(":")[2])
    return not stop.is_set()


def _stop(stop: asyncio.Event) -> None:
    if stop.is_set():  # asked twice: do not wait for what still runs
        os._exit(1)
    stop.set()


def _announce(host: Host, url: str, options: argparse.Namespace) -> None:
    for line in host.describe():
        _log.info("%s", line)
    if not options.keys:
        _log.info("Function keys are not asked for; start with --keys to try them.")
        if options.host not in ("127.0.0.1", "localhost", "::1"):
            _log.warning("Other machines can reach this host at %s, without keys.", options.host)
    sys.stdout.write(f"Listening on {url}\n")
    sys.stdout.flush()


def main(given: list[str] | None = None) -> int:
    """Run the host until it is told to stop; returns the exit code."""
    options = _arguments(given)
    _set_up_logging(verbose=options.verbose)
    start = Path.cwd()
    folder = options.app_dir.resolve()
    state = (options.state or folder / ".state" / "devhost").resolve()
    before = reload.stamps(folder) if options.reload else {}
    if not folder.is_dir():
        sys.stderr.write(f"devhost: {folder} is no folder: give that of a Functions app.\n")
        return 1
    try:
        if options.fresh and state.exists():
            shutil.rmtree(state)
        os.chdir(folder)
        host = open_host(folder, state=state, keys=options.keys)
        again = asyncio.run(_serve(host, options, before))
    except (ConfigError, LoadError, StateError) as error:
        sys.stderr.write(f"devhost: {error}\n")
        if not options.reload:
            return 1
        asyncio.run(reload.changed(folder, before))
        again = True
    except OSError as error:
        sys.stderr.write(
            f"devhost: {options.host}:{options.port} can't be used ({error.strerror}): "
            "choose another port with --port, or address with --host.\n"
        )
        return 1
    if again:
        reload.start_anew(start, options.port)
    return 0


def _leave(code: int) -> None:
    """End the process, after what the app asked for by `atexit`, which gets seconds at most.

    Not by sys.exit: a function that is stuck in its thread would keep the process.
    """
    leaving = threading.Thread(target=atexit._run_exitfuncs, daemon=True)  # noqa: SLF001 - there is no public name
    leaving.start()
    leaving.join(_LAST_SECONDS)
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main())
