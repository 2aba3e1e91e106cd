"""Measures whole runs on the devhost, with a model and a Teams that answer at once.

    python -m bench.runs --runs 300 --concurrency 16 --parked 500

Prints runs per second, CPU a run, the time from a decision to its post, and what a parked run
takes of memory and disk. Everything is written with synchronous=FULL, as always.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import psutil

from bench.sink import Sink
from local.stack import Child, Plan, free_port
from tests.doubles.quick_model import QuickModel

START_SECONDS = 30.0


class Bench:
    """A started dev host, and the means to drive it."""

    def __init__(self, http: aiohttp.ClientSession, sink: Sink, child: Child, state: Path) -> None:
        self._http = http
        self._sink = sink
        self._state = state
        self._process = psutil.Process(child.process.pid if child.process else None)

    async def start(self, topic: str) -> str:
        """Start a run and give its id."""
        body = {"inputs": {"Topic": topic}}
        async with self._http.post("/api/flows/topic-post/runs", json=body) as answer:
            run: str = (await answer.json())["id"]
            return run

    async def straight_run(self, number: int) -> float:
        """Go from topic to post, and give the seconds from the decision to the post."""
        run = await self.start(f"Run {number}")
        link = await self._sink.link(run)
        path, _, token = link.partition("#")
        approval, text = path.rsplit("/", 1)[1], f"Post {run}"
        headers = {"X-Approval-Token": token}
        async with self._http.get(f"/api/approvals/{approval}", headers=headers) as answer:
            digest = (await answer.json())["digest"]
        body = {"response": "Approve", "acceptedText": text, "digest": digest}
        decided = time.perf_counter()
        async with self._http.post(
            f"/api/approvals/{approval}", json=body, headers=headers
        ) as answer:
            answer.raise_for_status()
        return await self._sink.posted(text) - decided

    async def many(self, runs: int, concurrency: int) -> list[float]:
        """Do straight runs, so many at a time, and give their latencies."""
        numbers = iter(range(runs))

        async def worker() -> list[float]:
            return [await self.straight_run(number) for number in numbers]

        done = await asyncio.gather(*(worker() for _ in range(concurrency)))
        return [latency for latencies in done for latency in latencies]

    async def park(self, runs: int) -> None:
        """Start runs that nobody answers, and wait until all of them wait."""
        for number in range(runs):
            await self._sink.link(await self.start(f"Parked {number}"))

    def cpu(self) -> float:
        """Give the seconds of CPU that the dev host has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Give the bytes that the dev host holds in memory."""
        return int(self._process.memory_info().rss)

    def disk(self) -> int:
        """Give the bytes of all state on disk."""
        return sum(file.stat().st_size for file in self._state.rglob("*") if file.is_file())


async def measure(bench: Bench, runs: int, concurrency: int, parked: int) -> None:
    """Print the figures."""
    await bench.many(20, 4)
    one_by_one = sorted(await bench.many(min(runs, 100), 1))
    print(f"decision to post, one at a time: {_milliseconds(one_by_one)}")
    began, cpu = time.perf_counter(), bench.cpu()
    await bench.many(runs, concurrency)
    seconds, cpu = time.perf_counter() - began, bench.cpu() - cpu
    print(f"{runs} runs at concurrency {concurrency}: {runs / seconds:.1f} runs/s")
    print(f"CPU of the dev host: {1000 * cpu / runs:.1f} ms a run")
    memory, disk = bench.memory(), bench.disk()
    await bench.park(parked)
    print(
        f"{parked} parked runs: {(bench.memory() - memory) / parked / 1024:.1f} KB of memory each"
    )
    print(f"{parked} parked runs: {(bench.disk() - disk) / parked / 1024:.1f} KB of disk each")


def _milliseconds(latencies: list[float]) -> str:
    p95 = latencies[int(len(latencies) * 0.95)]
    return f"p50 {1000 * statistics.median(latencies):.1f} ms, p95 {1000 * p95:.1f} ms"


async def main(runs: int, concurrency: int, parked: int) -> None:
    """Start everything, measure, and stop."""
    scratch = tempfile.TemporaryDirectory
    with scratch() as folder, scratch() as logs, QuickModel() as model:
        async with Sink() as sink:
            plan = Plan(Path(folder), free_port(), 0, 0, given={"MODEL_BASE_URL": model.url})
            child = replace(plan.children()[-1], log=Path(logs, "devhost.log"))
            environment = plan.environment() | {
                "MODEL_NAME": "quick",
                "TEAMS_CHANNEL_WEBHOOK_URL": f"{sink.url}/channel",
                "TEAMS_CHAT_WEBHOOK_URL": f"{sink.url}/chat",
            }
            child.start(environment)
            try:
                await asyncio.to_thread(child.wait, time.monotonic() + START_SECONDS)
                async with aiohttp.ClientSession(plan.url) as http:
                    bench = Bench(http, sink, child, Path(folder))
                    await measure(bench, runs, concurrency, parked)
            finally:
                child.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--parked", type=int, default=500)
    asyncio.run(main(**vars(parser.parse_args())))
