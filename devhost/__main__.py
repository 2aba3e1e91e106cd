"""Owns the command line: python -m devhost [APP_DIR]."""

import argparse
import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
from pathlib import Path

from devhost.config import ConfigError
from devhost.host import Host, open_host
from devhost.loader import LoadError
from devhost.store import StateError

_log = logging.getLogger("devhost")


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m devhost", description="Runs an Azure Functions app (Python) on this machine."
    )
    add = parser.add_argument
    add("app_dir", nargs="?", default=".", type=Path, metavar="APP_DIR", help="default: here")
    add("--port", type=int, default=int(os.environ.get("DEVHOST_PORT", "7071")), help="0: any")
    add("--host", default=os.environ.get("DEVHOST_HOST", "127.0.0.1"), help="default: loopback")
    add(
        "--state",
        type=Path,
        default=os.environ.get("DEVHOST_STATE"),
        metavar="DIR",
        help="where orchestrations are kept; default: APP_DIR/.state/devhost",
    )
    add("--fresh", action="store_true", help="delete the state first")
    add("--reload", action="store_true", help="start again when a file of the app changes")
    add("--verbose", action="store_true", help="log more")
    add("--keys", action="store_true", help="ask for function keys, as Azure does")
    return parser.parse_args(given)


def _set_up_logging(*, verbose: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    if not verbose:
        logging.getLogger("asyncio").setLevel(logging.WARNING)


async def _serve(host: Host, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on loops
            loop.add_signal_handler(number, stop.set)
    try:
        url = await host.start(options.host, options.port)
        for line in host.describe():
            _log.info("%s", line)
        if not options.keys:
            _log.info("Function keys are not asked for; start with --keys to try them.")
        sys.stdout.write(f"Listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()
        _log.info("Stopping: waiting for running functions.")
    finally:
        await host.stop()


def main(given: list[str] | None = None) -> int:
    """Run the host until it is told to stop; returns the exit code."""
    options = _arguments(given)
    _set_up_logging(verbose=options.verbose)
    folder = options.app_dir.resolve()
    state = (options.state or folder / ".state" / "devhost").resolve()
    try:
        if options.fresh and state.exists():
            shutil.rmtree(state)
        os.chdir(folder)
        host = open_host(folder, state=state, keys=options.keys)
        asyncio.run(_serve(host, options))
    except (ConfigError, LoadError, StateError) as error:
        sys.stderr.write(f"devhost: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"devhost: {options.host}:{options.port} can't be used ({error.strerror}): "
            "choose another port with --port.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
