"""Owns looking at the files that users edit: flows, people and instructions."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from signpost import flows, instructions, people
from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import Surroundings
from signpost.problems import BrokenFile

CHECK = "files"
FOLDERS = (flows.FOLDER, instructions.FOLDER)


async def check(_: Surroundings, folders: tuple[Path, Path] = FOLDERS) -> list[Finding]:
    """Read each file by itself, and name the line of what is wrong in it."""
    return await asyncio.to_thread(lambda: list(_each(*folders)))


def _each(flow_files: Path, prompts: Path) -> Iterator[Finding]:
    told = set()
    listed = sorted(flow_files.glob("*.yaml"))
    for name, paths, read in (
        ("people", [p for p in listed if p.name == people.FILE.name], people.load),
        ("flows", [p for p in listed if p.name != people.FILE.name], flows.load),
        ("instructions", sorted(prompts.glob("*.prompty")), _prompt),
    ):
        wrong = [what for path in paths if (what := _fault(read, path)) and what not in told]
        told |= set(wrong)  # a flow fails by its instructions, too
        for what in wrong:
            fix = "Mend this line, and start the app again; in Azure: azd deploy"
            sentence = what if what.endswith("?") else f"{what.rstrip('.')}."
            yield Finding(name, "problem", sentence, fix)
        if name == "flows" and not paths:
            what = "There is no flow, so nothing can be started."
            yield Finding(name, "problem", what, "Write a file flows/NAME.yaml: see docs/flows.md.")
        elif not wrong:
            count = f"{len(paths)} file{'s' * (len(paths) != 1)}"
            yield Finding(name, "ok", f"All can be used ({count}).")


def _prompt(path: Path) -> object:
    return instructions.load(path.stem, path.parent)


def _fault(read: Callable[[Path], object], path: Path) -> str | None:
    try:
        read(path)
    except BrokenFile as error:
        return str(error)
    except instructions.Unusable as error:  # told as the flow tells it that needs them
        return str(BrokenFile(f"instructions/{path.name}", error.line or 1, error.what))
    except OSError as error:
        return f"{path.parent.name}/{path.name} can't be read: {error.strerror}"
    return None
