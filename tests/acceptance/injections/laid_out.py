"""Lays out the app with the flow `linked`: it takes a file, and keeps links to two hosts active."""

import shutil
from pathlib import Path

from local.stack import ROOT
from tests.acceptance.client import FLOWS, app_with

FOLDER = Path(__file__).parent


def linked_app(folder: Path) -> Path:
    """Lay out the app in a folder, with the flows of the other acceptance tests, too."""
    app = app_with(folder, FOLDER / "linked.yaml", *FLOWS.glob("*.yaml"))
    (app / "instructions").unlink()
    shutil.copytree(ROOT / "instructions", app / "instructions")
    shutil.copy(FOLDER / "linked.prompty", app / "instructions")
    return app
