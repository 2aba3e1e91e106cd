"""Importing the app stays cheap: the host does it on every cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.repo.sources import ROOT

BUDGET = 1.15  # of what the two SDK packages cost alone
ROUNDS = 5
MOST_ROUNDS = 20
HEAVY = ("openai", "azure.identity", "azure.data.tables", "pydantic", "jinja2")
SDK = "import azure.functions, azure.durable_functions"
APP = "import function_app"
MEASURE = "import time; b = time.process_time(); {0}; print(time.process_time() - b)"
LIST = "import json, sys; {0}; print(json.dumps(sorted(sys.modules)))"


def run(program: str) -> str:
    """Return what a fresh interpreter prints.

    Bytecode is kept, as it is for installed packages: only imports shall be compared.
    """
    env = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def cost(statement: str) -> float:
    """Return the seconds of processor time that an import takes in a fresh interpreter."""
    return float(run(MEASURE.format(statement)))


def test_import_costs_little_more_than_the_sdk() -> None:
    """The app adds at most 15 % to the processor time of importing the SDK.

    Other work on the machine only ever adds time, so the least of alternating measurements
    is compared, and more of them are taken before the budget counts as broken.
    """
    sdk, app = cost(SDK), cost(APP)
    for taken in range(MOST_ROUNDS):
        sdk, app = min(sdk, cost(SDK)), min(app, cost(APP))
        if taken >= ROUNDS and app <= BUDGET * sdk:
            break
    assert app <= BUDGET * sdk


def test_import_loads_nothing_heavy() -> None:
    """Heavy libraries are imported where they are used."""
    loaded = set(json.loads(run(LIST.format(APP))))
    assert "azure.durable_functions" in loaded
    assert loaded & set(HEAVY) == set()
