"""The hook after a deployment fails for what is broken, not by hand for URLs that are to come."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.repo.sources import read

if TYPE_CHECKING:
    from pathlib import Path

LACKS_URLS, BROKEN = 3, 1  # how scripts/smoke ends


def hook() -> str:
    """Give what azd runs after a deployment on Linux and macOS."""
    azure: dict[str, Any] = yaml.safe_load(read("azure.yaml"))
    script: str = azure["services"]["app"]["hooks"]["postdeploy"]["posix"]["run"]
    return script


@pytest.mark.parametrize(
    "ends, in_ci, expected",
    [(0, "", 0), (0, "true", 0), (LACKS_URLS, "", 0), (LACKS_URLS, "true", LACKS_URLS),
     (BROKEN, "", BROKEN), (BROKEN, "true", BROKEN), (2, "", 2)],
)  # fmt: skip
def test_hook_ends_as_the_look_at_the_app(
    tmp_path: Path, ends: int, in_ci: str, expected: int
) -> None:
    """`azd up` of a first deployment is no failure; a workflow that lacks its secrets is one."""
    program = tmp_path / "python3"
    program.write_text(f'#!/bin/sh\n[ "$1 $2" = "scripts/smoke https://x" ] && exit {ends}\n')
    program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CI": in_ci, "SERVICE_API_URI": "https://x"}
    done = subprocess.run(["sh", "-e", "-c", hook()], env=env, timeout=30, check=False)
    assert done.returncode == expected
