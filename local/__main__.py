"""The launcher: `make run` serves Signpost, local Teams and a local model until Ctrl-C."""

from __future__ import annotations

import argparse
import shutil
import signal
import time
from pathlib import Path
from typing import NoReturn

from local.stack import ROOT, SIGNING_KEY, Plan, StackError, free_port, held, require_free, running
from signpost import flows, settings
from signpost.problems import Misconfigured

WATCH_SECONDS = 0.2
HIGHEST_PORT = 65535


class StopAskedError(Exception):
    """Ctrl-C, or a signal that asks to stop."""


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=port, default=7071, help="of Signpost (7071)")
    parser.add_argument("--teams-port", type=port, default=7072, help="of local Teams (7072)")
    parser.add_argument("--state", type=Path, default=ROOT / ".state", help="folder (.state)")
    parser.add_argument("--fresh", action="store_true", help="forget all runs of earlier starts")
    return parser.parse_args()


def port(given: str) -> int:
    """Read a port that can be printed before it is used, so not 0. Raises ValueError."""
    number = int(given)
    if not 1 <= number <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{given} is no port: use 1 to {HIGHEST_PORT}")
    return number


def ask_to_stop(number: int, _frame: object) -> NoReturn:
    """Turn a signal into an exception, once: later ones can't interrupt the stopping."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise StopAskedError(number)


def check(given: argparse.Namespace) -> None:
    """Find before anything is started what would stop it. Raises StackError or Misconfigured."""
    if given.port == given.teams_port:
        raise StackError(f"PORT and TEAMS_PORT are both {given.port}; choose two ports")
    require_free(given.port, "PORT")
    require_free(given.teams_port, "TEAMS_PORT")
    flows.load_all()


def serve(plan: Plan) -> None:
    """Run until a signal comes or a child dies. Raises StackError or Misconfigured."""
    settings.read(plan.environment())  # with a bad one every request would fail
    print("Starting Signpost, local Teams and the model ...", flush=True)
    with running(plan) as children:
        print(welcome(plan), flush=True)
        while True:
            for child in children:
                child.check()
            time.sleep(WATCH_SECONDS)


def forget(state: Path) -> None:
    """Empty a state folder; any other folder lacks the key and is left alone."""
    if not (state / SIGNING_KEY).exists():
        return
    for kept in state.iterdir():
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink()


def welcome(plan: Plan) -> str:
    """Say where to click, and how to stop."""
    return f"""
  Signpost      {plan.url}   start a run here
  local Teams   {plan.teams_url}   approvers' chats, and the channel with the posts
  model         {plan.model_url}
  state         {plan.state.name}/ is kept; make run FRESH=1 forgets it

  Ctrl-C stops everything.
"""


def main() -> None:
    """Start, serve, stop; exit code 1 when something went wrong."""
    given = options()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, ask_to_stop)
    try:
        check(given)
        state = given.state.resolve()
        with held(state):
            if given.fresh:
                forget(state)
            serve(Plan(state, given.port, given.teams_port, free_port()))
    except StopAskedError:
        print("\nStopped.")
    except (StackError, Misconfigured) as error:
        raise SystemExit(f"signpost: {error}") from None


if __name__ == "__main__":
    main()
