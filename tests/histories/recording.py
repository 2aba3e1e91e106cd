"""Records the golden histories of a release: plays the scenarios, keeps what the host kept."""

import asyncio
import json
import tempfile
from collections.abc import Collection
from pathlib import Path

from tests.doubles.timed_app import timed_app
from tests.histories.replaying import FOLDER, Json, is_out, release
from tests.histories.scenarios import SCENARIOS, SETTINGS


class IsOutError(Exception):
    """The release is out, so its histories stay as they are; the message says what to do."""


def record(
    names: Collection[str], *, root: Path = FOLDER, version: str = "", changelog: Path | None = None
) -> list[str]:
    """Record what is named, or all that is missing, of a release: that in the making by default.

    Gives what was written. Raises IsOutError.
    """
    version = version or release()
    if is_out(version, changelog):
        raise IsOutError(
            f"{version} is out: raise `version` in pyproject.toml, then record its histories."
        )
    folder = root / version
    folder.mkdir(exist_ok=True)
    wanted = names or [each for each in SCENARIOS if not (folder / f"{each}.json").exists()]
    for name in wanted:
        lines = ",\n".join(json.dumps(event) for event in asyncio.run(_played(name)))
        (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
    return [f"{version}/{name}" for name in wanted]


async def _played(name: str) -> list[Json]:
    """Play one scenario in an app of its own and give its history."""
    play, _ = SCENARIOS[name]
    with tempfile.TemporaryDirectory() as scratch:
        async with timed_app(Path(scratch), more=SETTINGS.get(name)) as app:
            return app.history(await play(app))
