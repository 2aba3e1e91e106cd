"""Measures the devhost: a process of its own, driven over HTTP, everything written with FULL.

    python -m bench.devhost                  every part, about five minutes
    python -m bench.devhost latency parked   some of them
    python -m bench.devhost --parked 1000    fewer parked runs

Prints one line for each figure, with the bar where there is one.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp
import psutil

ROOT = Path(__file__).parent.parent
APP = Path(__file__).parent / "app"
MOUNT = "/runtime/webhooks/durabletask"
REPEATS = 3
AT_ONCE = 16  # requests under way while something is only prepared
PATIENCE = 600  # seconds that a run may take before the bench gives up
QUIET = 0.02  # seconds of CPU in half a second: nothing is under way
CHAIN = {"length": 3}
MB = 2**20


class Running:
    """A started devhost and the means to drive and to weigh it."""

    def __init__(self, pid: int, url: str, state: Path, http: aiohttp.ClientSession) -> None:
        self._process, self._state, self._http = psutil.Process(pid), state, http
        self._url = url + MOUNT
        self._numbers = itertools.count()

    async def run(self, name: str, given: object, key: str = "") -> object:
        """Run an orchestration to its end and return its output."""
        path = f"/orchestrators/{name}" + (f"/{key}" if key else "")
        status, answer = await self._post(f"{path}?timeout={PATIENCE}&pollingInterval=1", given)
        if status != HTTPStatus.OK:
            raise RuntimeError(f"{name} ended with HTTP {status}: {answer}")
        return answer

    async def start(self, name: str, given: object) -> None:
        """Start an orchestration and wait for no more than that."""
        await self._post(f"/orchestrators/{name}", given)

    async def react(self) -> float:
        """Return the seconds from an event, when it was sent, to the activity it led to."""
        key = f"park-{next(self._numbers)}"
        ended = asyncio.create_task(self.run("park", {}, key))
        while await self._status(key) != "Running":  # noqa: ASYNC110 - only the host knows
            await asyncio.sleep(0.01)
        sent = time.monotonic()
        await self._post(f"/instances/{key}/raiseEvent/go", {})
        return float(str(await ended)) - sent

    async def _post(self, path: str, body: object) -> tuple[int, object]:
        async with self._http.post(self._url + path, json=body) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def _status(self, key: str) -> str:
        async with self._http.get(f"{self._url}/instances/{key}") as answer:
            return str((await answer.json())["runtimeStatus"]) if answer.ok else ""

    async def many(self, count: int, at_once: int, work: Callable[[], Awaitable[object]]) -> None:
        """Do something `count` times, so many at a time."""
        numbers = iter(range(count))

        async def one_by_one() -> None:
            for _ in numbers:
                await work()

        await asyncio.gather(*(one_by_one() for _ in range(at_once)))

    async def chains(self, count: int, at_once: int) -> float:
        """Run three-activity chains; returns the seconds they took together."""
        began = time.perf_counter()
        await self.many(count, at_once, lambda: self.run("chain", CHAIN))
        return time.perf_counter() - began

    async def quiet(self) -> None:
        """Wait until the process has done all that it was given to do."""
        before = -1.0
        while self.cpu() - before > QUIET:
            before = self.cpu()
            await asyncio.sleep(0.5)

    def cpu(self) -> float:
        """Return the seconds of CPU used so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the bytes that belong to this process alone."""
        return int(self._process.memory_full_info().uss)

    def disk(self) -> int:
        """Return the bytes of the state folder."""
        return sum(file.stat().st_size for file in self._state.rglob("*") if file.is_file())


@contextlib.asynccontextmanager
async def devhost(state: Path) -> AsyncIterator[Running]:
    """Start a devhost on a state folder, and end it."""
    given = [sys.executable, "-m", "devhost", str(APP), "--port", "0", "--state", str(state)]
    log = (state.parent / f"{state.name}.log").open("a", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *given, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log, env=os.environ | {"LANG": "C"}
    )
    assert process.stdout
    try:
        line = (await process.stdout.readline()).decode()
        if not line:
            raise RuntimeError(f"the devhost did not start; read {log.name}")
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
            yield Running(process.pid, line.split()[-1], state, http)
    finally:
        log.close()
        process.terminate()
        await process.wait()


def show(part: str, what: str, measured: str, bar: str = "") -> None:
    """Print a line of the table."""
    print(f"{part:<11} {what:<44} {measured:>18}  {bar}", flush=True)


async def throughput(folder: Path, options: argparse.Namespace) -> None:
    """Run three-activity chains, some at a time."""
    async with devhost(folder / "state") as host:
        await host.chains(30, 4)
        for at_once, bar in ((1, ""), (16, ">= 60 with 16 at a time"), (64, "")):
            count = options.runs if at_once > 1 else options.runs // 3
            cpu = host.cpu()
            took = [await host.chains(count, at_once) for _ in range(REPEATS)]
            cpu = (host.cpu() - cpu) / count / REPEATS
            show("throughput", f"chains of 3, {at_once} at a time",
                 f"{count / min(took):.0f} a second", bar)  # fmt: skip
            show("", "    CPU of the devhost", f"{1000 * cpu:.1f} ms a chain")


async def latency(folder: Path, options: argparse.Namespace) -> None:
    """Time events, from being sent to the activity that waited for them, one by one."""
    async with devhost(folder / "state") as host:
        await host.chains(30, 4)
        found = sorted([await host.react() for _ in range(options.runs)])
    p50, p95 = statistics.median(found), found[int(len(found) * 0.95)]
    show("latency", "event to next activity, p50", f"{1000 * p50:.1f} ms")
    show("", "event to next activity, p95", f"{1000 * p95:.1f} ms", "< 15 ms")


async def parked(folder: Path, options: argparse.Namespace) -> None:
    """Weigh runs that wait for an event and a deadline."""
    state, count = folder / "state", options.parked
    async with devhost(state) as host:
        await host.chains(200, AT_ONCE)
        await host.quiet()
        memory, disk = host.memory(), host.disk()
        await host.many(count, AT_ONCE, lambda: host.start("park", {}))
        await host.quiet()
        grown = (host.memory() - memory) / MB
        show("parked", f"memory of {count} parked runs", f"{grown:.1f} MB", "<= 20 MB")
        show("", "    each", f"{1024 * grown / count:.1f} KB")
        show("", "disk, each", f"{(host.disk() - disk) / count / 1024:.1f} KB")
        idle = min([await _idle(host) for _ in range(REPEATS)])
        show("", f"idle CPU with {count} parked", f"{100 * idle:.2f} %", "< 1 %")
    async with devhost(state) as host:
        await host.quiet()
        show("", "memory after a restart with them", f"{host.memory() / MB:.1f} MB")
    async with devhost(folder / "empty") as host:
        await host.quiet()
        show("", "memory after a start without any", f"{host.memory() / MB:.1f} MB")


async def _idle(host: Running) -> float:
    cpu, began = host.cpu(), time.perf_counter()
    await asyncio.sleep(10)
    return (host.cpu() - cpu) / (time.perf_counter() - began)


async def startup(folder: Path, options: argparse.Namespace) -> None:
    """Time the start of the process until it says where it listens."""
    del options
    found = []
    for _ in range(REPEATS + 2):
        began = time.perf_counter()
        async with devhost(folder / "state") as host:
            found.append((time.perf_counter() - began, host.cpu()))
    show("startup", "start to listening", f"{min(f[0] for f in found):.2f} s")
    show("", "    CPU", f"{min(f[1] for f in found):.2f} s")


async def _timed(folder: Path, name: str, given: dict[str, int]) -> tuple[float, float]:
    """Run one orchestration on a host of its own; returns seconds and seconds of CPU."""
    async with devhost(folder / f"state-{max(given.values())}") as host:
        await host.chains(30, 4)
        began, cpu = time.perf_counter(), host.cpu()
        await host.run(name, given)
        return time.perf_counter() - began, host.cpu() - cpu


async def chain(folder: Path, options: argparse.Namespace) -> None:
    """Time orchestrations that call 100 and 1,000 activities, one after the other."""
    del options
    for length in (100, 1000):
        seconds, cpu = await _timed(folder, "chain", {"length": length})
        show("chain", f"{length} activities in a row", f"{seconds:.2f} s")
        show("", "    CPU", f"{1000 * cpu / length:.1f} ms a step")


async def fan(folder: Path, options: argparse.Namespace) -> None:
    """Time orchestrations that call 100 and 1,000 activities at once."""
    del options
    for width in (100, 1000):
        seconds, cpu = await _timed(folder, "fan", {"width": width})
        show("fan", f"{width} activities at once", f"{seconds:.2f} s")
        show("", "    CPU", f"{1000 * cpu / width:.1f} ms a call")


async def flat(folder: Path, options: argparse.Namespace) -> None:
    """Compare the CPU of a chain beside many parked and finished runs with an empty host's."""
    async with devhost(folder / "empty") as empty, devhost(folder / "full") as full:
        await full.many(options.parked, AT_ONCE, lambda: full.start("park", {}))
        await full.many(options.parked, AT_ONCE, lambda: full.run("finish", {}))
        await full.quiet()
        found: dict[Running, list[float]] = {empty: [], full: []}
        for host in (empty, full) * (REPEATS + 3):
            cpu = host.cpu()
            await host.chains(60, 4)
            found[host].append(1000 * (host.cpu() - cpu) / 60)
    cheap, dear = min(found[empty]), min(found[full])
    show("flat", "CPU of a chain on an empty host", f"{cheap:.1f} ms")
    show("", f"CPU beside {options.parked} parked and as many finished", f"{dear:.1f} ms")
    show("", "    ratio", f"{dear / cheap:.2f}", "about 1")


PARTS = {part.__name__: part for part in (startup, throughput, latency, chain, fan, parked, flat)}


async def main(options: argparse.Namespace) -> None:
    """Measure the parts asked for, each with a state folder of its own."""
    show("part", "what", "measured", "bar")
    for name in options.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            await PARTS[name](Path(folder), options)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--parked", type=int, default=10_000)
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(unknown)}; choose of {', '.join(PARTS)}")
    asyncio.run(main(given))
