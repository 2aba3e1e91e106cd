"""Owns the life of orchestrations: takes messages in, runs episodes and activities, wakes timers.

It keeps nothing in memory for an instance that waits: what is to do is in the store, and one
alarm is set for the next timer. All methods run on the host's event loop.
"""

import asyncio
import logging
import sqlite3
import uuid
from collections import deque
from collections.abc import Coroutine
from typing import Any

from azure.functions.meta import Datum

from devhost import call_http, entities, episode, failures, faults, rewind
from devhost.clock import Alarm, Clock
from devhost.config import HostConfig
from devhost.history import Event, EventType, event, moment_of, stamp
from devhost.invoke import TraceContext, Worker
from devhost.loader import App
from devhost.replay import HTTP_ACTIVITY, compact
from devhost.store import BATCH, Activity, Changes, Instance, Message, Store, Work
from devhost.traces import Trace, of_started
from devhost.tracing import Tracing

_log = logging.getLogger("devhost.engine")
_DRAIN = 30.0  # seconds that running functions get to finish when the host is told to stop
_RETRY_AFTER = 1.0  # seconds until a write that failed, on a full disk perhaps, is tried again


class ConflictError(Exception):
    """An orchestration of that id is running."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(
            f"An Orchestration instance with the status {instance.status} already exists: "
            f"{instance.id}."
        )


class Engine:
    """Runs the orchestrations and entities of one app."""

    def __init__(
        self,
        app: App,
        config: HostConfig,
        store: Store,
        clock: Clock,
        worker: Worker,
        *,
        tracing: Tracing,
    ) -> None:
        self.app, self.config, self.store, self.clock = app, config, store, clock
        self._worker, self.tracing = worker, tracing
        self._calls = call_http.Caller()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()  # instances with an episode under way
        self._again: set[str] = set()  # those that got a message meanwhile
        self._ready: deque[str] = deque()
        self._queued: set[str] = set()
        self._activities: deque[int] = deque()
        self._running = 0
        self._newest = 0
        self._alarm: Alarm | None = None
        self._next_due: str | None = None
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._stopping = False

    def start(self) -> None:
        """Take up all that the store holds."""
        for instance in self.store.ready():
            self.wake(instance)
        self._collect_activities()
        self._wake_timers()

    async def stop(self) -> None:
        """Take up nothing new, wait for what is under way, and end."""
        self._stopping = True
        if self._alarm:
            self._alarm.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_DRAIN)
        await self._calls.close()

    @property
    def idle(self) -> bool:
        """Tell whether nothing is under way: all that is left waits for time or messages."""
        return not (self._busy or self._ready or self._running or self._activities)

    # Messages

    def begin(self, name: str, key: str, text: str | None, version: str | None,
              trace: Trace | None, *, replace_active: bool) -> None:  # fmt: skip
        """Start an orchestration of an id; `text` is its input as JSON. Raises ConflictError."""
        existing = self.store.instance(key)
        if existing is not None and existing.active and not replace_active:
            raise ConflictError(existing)
        began, mine = self.clock.now(), self.tracing.start(trace)
        instance, message = episode.new_instance(name, key, text, version, began, trace=mine)
        self.store.create(instance, message)
        self.tracing.created(instance, mine, trace, began, self.clock.now())
        _log.info("%s: Function '%s (Orchestrator)' scheduled.", key, name)
        self.wake(key)

    def send(self, instance: str, kind: EventType, **fields: Any) -> None:  # noqa: ANN401 - JSON
        """Put a message into an instance's inbox; it is durable when this returns."""
        message = compact(event(kind, self.clock.now(), **fields))
        self.store.post(Message(instance, message))
        self.wake(instance)

    def rewind(self, instance: Instance, reason: str) -> None:
        """Let a failed orchestration try again what failed."""
        family = rewind.rewound(self.store, instance, reason, self.clock.now())
        self.store.commit(*family)
        for changes in family:
            self._follow(changes.messages)

    def signal(self, entity: str, operation: str, text: str | None) -> None:
        """Send an operation to an entity; nobody waits for its answer."""
        request: dict[str, Any] = {"op": operation, "id": str(uuid.uuid4()), "signal": True}
        if text is not None:
            request["input"] = text
        self.send(entity, EventType.EVENT_RAISED, Name="op", Input=compact(request))

    async def until_changed(self, instance: str, seconds: float) -> None:
        """Wait until an episode of the instance was written, but not longer than `seconds`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(instance, []).append(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            left = [w for w in self._waiting.get(instance, []) if w is not waiter]
            self._waiting[instance] = left
            if not left:
                del self._waiting[instance]

    # Dispatching

    def wake(self, instance: str) -> None:
        """Run an episode of an instance as soon as there is room."""
        if instance in self._busy:
            self._again.add(instance)
        elif instance not in self._queued:
            self._queued.add(instance)
            self._ready.append(instance)
            self._dispatch()

    def _dispatch(self) -> None:
        while self._ready and len(self._busy) < self.config.max_orchestrators:
            instance = self._ready.popleft()
            self._queued.discard(instance)
            self._busy.add(instance)
            self._spawn(self._run_instance(instance))
        while self._activities and self._running < self.config.max_activities:
            self._running += 1
            self._spawn(self._run_activity(self._activities.popleft()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._stopping:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_instance(self, instance: str) -> None:
        try:
            if instance.startswith("@"):
                await self._run_entity(instance)
            else:
                await self._run_episode(self.store.work(instance, stamp(self.clock.now())))
        except sqlite3.Error as error:
            self._later(instance, error)
        except Exception:  # noqa: BLE001 - a fault of the host itself must not stop the other instances
            _log.exception("The host failed on instance '%s'; it is tried again later.", instance)
            self._later(instance, None)
        finally:
            self._busy.discard(instance)
            for waiter in self._waiting.pop(instance, ()):
                if not waiter.done():
                    waiter.set_result(None)
        if instance in self._again:
            self._again.discard(instance)
            self.wake(instance)
        self._dispatch()

    def _later(self, instance: str, error: Exception | None) -> None:
        if error is not None:
            _log.error(
                "The state can't be written (%s); nothing is lost, instance '%s' goes on when it "
                "can: free disk space, or make the state folder writable.", error, instance,
            )  # fmt: skip
        asyncio.get_running_loop().call_later(_RETRY_AFTER, self.wake, instance)

    async def _run_episode(self, work: Work) -> None:
        instance = work.instance
        if instance is None or not instance.active:
            self.store.drop([d.seq for d in work.inbox])
            return
        run = episode.Episode(work, self.app, self.config, self.clock.now())
        if run.idle or run.rejected:
            return
        function = self.app.find("orchestrator", instance.name)
        outcome = run.verdict()
        if outcome is None and function is not None:
            outcome = await self._worker.compute(function, lambda: run.play(function))
        elif outcome is None:
            outcome = run.fail(self.app.unknown("orchestrator", instance.name))
        changes = run.changes(outcome, self.clock.now())
        self._refuse_twins(changes)
        if self.store.commit(changes):
            if len(work.inbox) == BATCH:
                self._again.add(instance.id)
            self._log_end(changes)
            self.tracing.turned(work, changes, self.clock.now())
            self._follow(changes.messages + changes.carried + [m for _, m in changes.starts])
            if changes.activities:
                self._collect_activities()

    def _refuse_twins(self, changes: Changes) -> None:
        """Fail the start of a child whose id is that of a running orchestration."""
        for start in list(changes.starts):
            child = start[0]
            twin = self.store.instance(child.id)
            if twin is not None and twin.active:
                changes.starts.remove(start)
                answer = episode.refusal(child, str(ConflictError(twin)), self.clock.now())
                changes.messages.append(answer)

    def _log_end(self, changes: Changes) -> None:
        instance = changes.instance
        if instance.active:
            return
        level = logging.ERROR if instance.status == "Failed" else logging.INFO
        reason = f" Reason: {instance.output}" if instance.status != "Completed" else ""
        _log.log(
            level, "%s: Function '%s (Orchestrator)' %s.%s",
            instance.id, instance.name, instance.status.lower(), reason,
        )  # fmt: skip

    async def _run_entity(self, key: str) -> None:
        batch = entities.Batch(key, self.store.inbox(key, stamp(self.clock.now())))
        function = self.app.find("entity", batch.name)
        if function is None:
            _log.warning("Operations on '%s' dropped: %s", key, self.app.unknown("entity", key))
            self.store.drop(batch.consumed)
        elif batch.consumed:
            known = self.store.entity(key)
            await self._worker.compute(function, lambda: batch.play(function, known))
            answers = batch.answers(self.clock.now())
            now = stamp(self.clock.now())
            self.store.put_entity(
                batch.consumed, key, batch.state, now, answers, exists=batch.exists
            )
            self._follow(answers)
            if len(batch.consumed) == BATCH:
                self._again.add(key)

    def _follow(self, messages: list[Message]) -> None:
        for message in messages:
            if message.due is None:
                self.wake(message.instance)
        self._arm(min((m.due for m in messages if m.due), default=None))

    # Activities

    def _collect_activities(self) -> None:
        found = self.store.activities(self._newest)
        if found:
            self._newest = found[-1]
            self._activities.extend(found)
            self._dispatch()

    async def _run_activity(self, seq: int) -> None:
        activity = self.store.activity(seq)
        try:
            if activity is not None:
                answer = compact(await self._answer(activity))
                faults.reach("after activity, before its answer is written")
                if self.store.finish(activity, answer):
                    self.wake(activity.instance)
        except sqlite3.Error as error:
            _log.error("The answer of an activity can't be written (%s); it will run again.", error)
            asyncio.get_running_loop().call_later(_RETRY_AFTER, self._activities.append, seq)
        finally:
            self._running -= 1
            self._dispatch()

    async def _answer(self, activity: Activity) -> Event:
        """Run an activity; returns TaskCompleted or TaskFailed."""
        began, trace = self.clock.now(), of_started(self.store.started(activity.instance))
        mine = self.tracing.run(trace)
        try:
            result = await self._result(activity, mine)
        except Exception as error:  # noqa: BLE001 - whatever user code raises is its answer
            self.tracing.ran(activity, mine, began, self.clock.now(), failed=True)
            _log.exception("%s: Function '%s (Activity)' failed.", activity.instance, activity.name)
            reason, details = failures.of_activity(activity.name, error)
            return event(
                EventType.TASK_FAILED, self.clock.now(),
                TaskScheduledId=activity.task, Reason=reason, Details=details,
            )  # fmt: skip
        self.tracing.ran(activity, mine, began, self.clock.now(), failed=False)
        return event(
            EventType.TASK_COMPLETED, self.clock.now(), TaskScheduledId=activity.task, Result=result
        )

    async def _result(self, activity: Activity, trace: Trace | None) -> str | None:
        faults.reach(f"call {activity.name}")
        if activity.name == HTTP_ACTIVITY:
            return await self._calls.call(activity.input or "{}")
        function = self.app.find("activity", activity.name)
        if function is None:
            raise LookupError(self.app.unknown("activity", activity.name))
        data = Datum(activity.input or "null", "string")
        given = TraceContext(trace.parent, trace.state) if trace else None
        limit = self.config.function_timeout
        try:
            seconds = limit.total_seconds() if limit else None
            result = await asyncio.wait_for(self._worker.call(function, data, trace=given), seconds)
        except TimeoutError as error:
            raise failures.FunctionTimeoutError(activity.name, limit) from error
        return str(result.value.value) if result.value is not None else None

    # Timers

    def _arm(self, due: str | None) -> None:
        if due is None or (self._next_due is not None and self._next_due <= due):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._next_due = due
        self._alarm = self.clock.call_at(moment_of(due), self._wake_timers)

    def _wake_timers(self) -> None:
        if self._stopping:
            return
        self._next_due = None
        due, later = self.store.due(stamp(self.clock.now()))
        for instance in due:
            self.wake(instance)
        self._arm(later)
