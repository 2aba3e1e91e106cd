"""Measures what Signpost's own code adds to a draft, around a model that answers at once.

    python -m bench.drafts --drafts 300

Prints the CPU of a draft and of its parts, and what the first draft after a cold start costs. The
model answers from another process, so none of its work is counted.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import process_time
from typing import Any

from tests.doubles.quick_model import QuickModel

Figures = dict[str, float]
ROUNDS = 3


async def cold(url: str, folder: Path) -> Figures:
    """Give the milliseconds of CPU that a fresh process spends up to its second draft."""
    marks = [process_time()]

    def mark() -> float:
        marks.append(process_time())
        return 1000 * (marks[-1] - marks[-2])

    import function_app  # noqa: F401, PLC0415 - its import is what is measured

    figures = {"import of the app": mark()}
    import signpost.drafting  # noqa: F401, PLC0415 - as above

    figures["import of what writes drafts"] = mark()
    drafts = _Drafts(url, folder)
    await drafts.whole("1")
    figures["first draft, all else of it"] = mark()
    await drafts.whole("2")
    figures["second draft"] = mark()
    await drafts.close()
    return figures


async def warm(url: str, folder: Path, count: int) -> Figures:
    """Give the milliseconds of CPU of a draft and of its parts, the least of some rounds."""
    drafts = _Drafts(url, folder)
    parts = {
        "whole draft": drafts.whole,
        "the call of the model": drafts.call,
        "filling in the prompt": drafts.prompt,
        "reading and writing the ledger": drafts.ledger,
    }
    least: Figures = {}
    await _cpu(drafts.whole, "warm", 20)
    for number in range(ROUNDS):
        for name, part in parts.items():
            took = await _cpu(part, f"{name}-{number}".replace(" ", "-"), count)
            least[name] = min(took, least.get(name, took))
    await drafts.close()
    return least


async def _cpu(part: Callable[[str], Awaitable[Any]], name: str, count: int) -> float:
    began = process_time()
    for number in range(count):
        await part(f"{name}-{number}")
    return 1000 * (process_time() - began) / count


class _Drafts:
    """The parts of a draft, each for a run of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        from signpost.ledger import open_ledger  # noqa: PLC0415 - after the import of the app
        from tests import builders  # noqa: PLC0415 - as above

        self._build = builders
        self._store = open_ledger(f"sqlite:{folder / 'ledger.db'}")
        self._config = builders.a_config(model_base_url=url)

    async def whole(self, run: str) -> None:
        """Write a draft as the activity does."""
        from signpost.drafting import write_draft  # noqa: PLC0415 - as above

        await self._begin(run)
        drafted = await write_draft(self._store, self._config, self._work(run))
        if drafted.outcome:
            raise SystemExit(drafted.failure)

    async def call(self, run: str) -> None:
        """Make the same call alone."""
        from signpost import instructions  # noqa: PLC0415 - as above
        from signpost.model import client  # noqa: PLC0415 - as above

        messages = instructions.load("topic-post").fill_in({"Topic": run})
        await client.ask(self._config, {"messages": messages, "n": 1, "max_tokens": 300}, 60)

    async def prompt(self, run: str) -> None:
        """Fill in the instructions."""
        from signpost import prompting, records  # noqa: PLC0415 - as above

        record = self._build.a_run(id=run)
        await prompting.build(self._store, record, self._work(run), records.Calls())

    async def ledger(self, run: str) -> None:
        """Read and write what a draft reads and writes."""
        from signpost import records  # noqa: PLC0415 - as above
        from signpost.ledger import put, read, write_once  # noqa: PLC0415 - as above

        await self._begin(run)
        await read(self._store, run, records.draft_row(1), records.DraftText)
        await read(self._store, run, records.RUN, records.Run)
        await read(self._store, run, records.calls_row(1), records.Calls)
        await put(self._store, run, records.calls_row(1), records.Calls())
        await write_once(self._store, run, records.draft_row(1), self._build.a_draft())

    async def close(self) -> None:
        """Close the connections to the model."""
        from signpost.model import client  # noqa: PLC0415 - as above

        await client.close()

    async def _begin(self, run: str) -> None:
        from signpost import records  # noqa: PLC0415 - as above
        from signpost.ledger import write_once  # noqa: PLC0415 - as above

        await write_once(self._store, run, records.RUN, self._build.a_run(id=run))

    def _work(self, run: str) -> Any:  # noqa: ANN401 - its module is imported late
        import msgspec  # noqa: PLC0415 - as above

        return msgspec.structs.replace(self._build.work(), run=run)


def main(drafts: int) -> None:
    """Measure in fresh processes, and print the figures with their shares."""
    with tempfile.TemporaryDirectory() as folder, QuickModel() as model:
        first = _measured(f"--cold={model.url}", Path(folder))
        parts = _measured(f"--warm={model.url}", Path(folder), drafts)
    print("the first draft after a cold start, CPU")
    _table(first, sum(first.values()) - first["second draft"])
    whole = parts["whole draft"]
    parts["all else"] = 2 * whole - sum(parts.values())
    print(f"\na draft, warm, CPU, least of {ROUNDS} rounds of {drafts}")
    _table(parts, whole)


def _measured(option: str, folder: Path, drafts: int = 1) -> Figures:
    command = [sys.executable, "-m", "bench.drafts", option, f"--drafts={drafts}", f"--in={folder}"]
    told: Figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return told


def _table(figures: Figures, whole: float) -> None:
    for name, milliseconds in figures.items():
        print(f"  {name:32} {milliseconds:8.2f} ms {milliseconds / whole:6.0%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drafts", type=int, default=300)
    parser.add_argument("--cold", help=argparse.SUPPRESS)
    parser.add_argument("--warm", help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cold:
        print(json.dumps(asyncio.run(cold(options.cold, options.folder))))
    elif options.warm:
        print(json.dumps(asyncio.run(warm(options.warm, options.folder, options.drafts))))
    else:
        main(options.drafts)
