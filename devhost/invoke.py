"""Owns running user code, away from the host's event loop, with the SDK's own converters.

As in Azure, async functions share one event loop and all others run on a thread pool, so user
code that calls the host over HTTP never waits for itself.
"""

import asyncio
import functools
import json
import logging
import os
import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import azure.functions as func
from azure.functions.meta import Datum

from devhost.failures import said
from devhost.loader import Function, converter

if TYPE_CHECKING:
    from collections.abc import Generator

_log = logging.getLogger("devhost.invoke")
_T = TypeVar("_T")
_MARKER = "\n\n$OutOfProcData$:"
_SLOW = 30.0  # seconds after which the log says that a function is still running
_SLOW_TURN = 2.0  # the same for one turn of an orchestrator, which only schedules
_HISTORY_EVENT = "azure.durable_functions.models.history.HistoryEvent"
_HTTP = "azure.durable_functions.models.utils.http_utils"
_REMEMBERED_STAMPS = 2**12  # the history of a thousand activities, in a megabyte
_THREADS = "PYTHON_THREADPOOL_THREAD_COUNT"
_PATIENCE = 2.0  # seconds that async functions get to let go of their loop


@dataclass(frozen=True, slots=True)
class TraceContext(func._abc.TraceContext):  # noqa: SLF001 - the SDK exports no public name for it
    """The W3C trace headers of the call that led to this invocation."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def Traceparent(self) -> str:  # noqa: N802 - the worker's old name, which samples still use
        """The same as trace_parent."""
        return self.trace_parent

    @property
    def Tracestate(self) -> str:  # noqa: N802 - as above
        """The same as trace_state."""
        return self.trace_state


@dataclass(frozen=True, slots=True)
class RetryContext(func._abc.RetryContext):  # noqa: SLF001 - the SDK exports no public name for it
    """How often the host has retried this invocation; the devhost itself never retries one."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: Any = None


@dataclass(frozen=True, slots=True)
class Context(func.Context):
    """What a function learns of its own invocation."""

    function_name: str
    function_directory: str
    invocation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_context: TraceContext = field(default_factory=TraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)
    thread_local_storage: Any = field(default_factory=threading.local)


class Output(func.Out[Any]):
    """The holder that a function puts the value of an output binding into."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:  # noqa: ANN401 - any value
        """Set the value."""
        self._value = val

    def get(self) -> Any:  # noqa: ANN401 - any value
        """Return the value."""
        return self._value


@dataclass(slots=True)
class Result:
    """What an invocation gave: its return value and those of its output bindings, encoded."""

    value: Datum | None
    outputs: dict[str, Datum]


class Invocation:
    """One call of a function: decodes what goes in and encodes what comes out."""

    def __init__(
        self,
        function: Function,
        data: Datum,
        client: str,
        trace: TraceContext,
        metadata: dict[str, Datum],
    ) -> None:
        self._function = function
        self._data = data
        self._metadata = metadata
        self._client = client
        self._trace = trace
        self._outputs = {name: Output() for name in function.outputs}

    def arguments(self) -> dict[str, Any]:
        """Decode the arguments of the call."""
        function = self._function
        found: dict[str, Any] = {**self._outputs}
        if missing := [name for name in function.unserved if name.split()[0] in function.inputs]:
            raise NotImplementedError(
                f"function {function.name!r}: devhost has no input binding {', '.join(missing)}; "
                "read what you need with a client library instead"
            )
        for name, kind in function.inputs.items():
            if name == function.trigger["name"]:
                used = converter(kind)
                found[name] = self._data.value
                if used is not None:
                    found[name] = used.decode(self._data, trigger_metadata=self._metadata)
            else:
                found[name] = self._client
        if function.wants_context:
            context = Context(function.name, str(function.folder), trace_context=self._trace)
            context.thread_local_storage.invocation_id = context.invocation_id
            found["context"] = context
        return found

    def result(self, value: Any) -> Result:  # noqa: ANN401 - whatever user code returns
        """Encode what the call returned."""
        function = self._function
        outputs = {
            name: _encode(function.outputs[name], holder.get(), None)
            for name, holder in self._outputs.items()
            if holder.get() is not None
        }
        if function.returns is None and value is not None:
            raise RuntimeError(
                f"function {function.name!r} without a $return binding returned a non-None value"
            )
        if function.returns is None:
            return Result(None, outputs)
        return Result(_encode(str(function.returns), value, function.return_type), outputs)

    def run(self) -> Result:
        """Call a plain function."""
        with _contained(self._function.name):
            return self.result(self._function.call(**self.arguments()))

    async def run_async(self) -> Result:
        """Call an async function."""
        with _contained(self._function.name):
            return self.result(await self._function.call(**self.arguments()))


def _encode(kind: str, value: Any, expected: Any) -> Datum:  # noqa: ANN401 - any value and type
    used = converter(kind)
    try:
        if used is None:
            return Datum(value if isinstance(value, str | bytes) else json.dumps(value), "string")
        return used.encode(value, expected_type=expected)  # type: ignore[no-any-return] # no hints in the SDK
    except NotImplementedError as error:
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{kind}" for Python type '
            f'"{type(value).__name__}"'
        ) from error


@contextmanager
def _contained(name: str) -> "Generator[None]":
    """Keep user code from ending a thread or the loop of all async functions."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and _given_up():
            raise
        raise RuntimeError(
            f"function {name!r} tried to end its thread with {type(error).__name__}: {error}"
        ) from error


def _given_up() -> bool:
    """Tell whether the host cancelled what runs here; a plain function it never cancels."""
    with suppress(RuntimeError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return False


class Worker:
    """The threads that user code runs on."""

    def __init__(self) -> None:
        size = _thread_count()
        self._functions = ThreadPoolExecutor(size, "functions")
        self._replays = ThreadPoolExecutor(size, "replays")
        self._loop = asyncio.new_event_loop()
        self._ending = False
        self._thread = threading.Thread(target=self._run_loop, name="async", daemon=True)
        self._thread.start()
        _read_stamps_quickly()

    def _run_loop(self) -> None:
        while not self._ending:  # user code may stop the loop, which is not its own
            self._loop.run_forever()

    async def call(
        self,
        function: Function,
        data: Datum,
        client: str = "",
        trace: TraceContext | None = None,
        metadata: dict[str, Datum] | None = None,
    ) -> Result:
        """Run a function of the app; raises what user code raised."""
        invocation = Invocation(function, data, client, trace or TraceContext(), metadata or {})
        with _watched(function):
            if function.is_async:
                waiting = asyncio.run_coroutine_threadsafe(invocation.run_async(), self._loop)
                return await asyncio.wrap_future(waiting)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._functions, invocation.run)

    async def compute(self, function: Function, work: Callable[[], _T]) -> _T:
        """Run an orchestrator's or entity's episode, away from the host's event loop."""
        with _watched(function):
            return await asyncio.get_running_loop().run_in_executor(self._replays, work)

    async def stop(self) -> None:
        """Let go of the threads; one that is stuck in user code is left behind."""
        self._functions.shutdown(wait=False, cancel_futures=True)
        self._replays.shutdown(wait=False, cancel_futures=True)
        closing = asyncio.run_coroutine_threadsafe(_close_session(), self._loop)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(closing), _PATIENCE)
        self._ending = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, _PATIENCE)
        if not self._thread.is_alive():
            self._loop.close()


def _thread_count() -> int:
    text = os.environ.get(_THREADS, "")
    if text.isdecimal() and int(text) > 0:
        return int(text)
    default = min(32, (os.cpu_count() or 1) + 4)
    if text:
        _log.warning("%s is %r, no number above 0; %d threads are used.", _THREADS, text, default)
    return default


@contextmanager
def _watched(function: Function) -> "Generator[None]":
    seconds = _SLOW_TURN if function.kind == "orchestrationTrigger" else _SLOW
    alarm = asyncio.get_running_loop().call_later(seconds, _warn_slow, function, seconds)
    try:
        yield
    finally:
        alarm.cancel()


def _warn_slow(function: Function, seconds: float) -> None:
    advice = "other functions keep running, but its thread is taken"
    if function.kind == "orchestrationTrigger":
        advice = "an orchestrator only schedules: move loops, waiting and I/O into an activity"
    elif function.is_async:
        advice = "if it blocks instead of awaiting, no other async function runs"
    _log.warning("Function '%s' has been running for %.0f s: %s.", function.name, seconds, advice)


def run_orchestrator(function: Function, body: str) -> dict[str, Any]:
    """Let the SDK replay an orchestration; returns its state: isDone, actions, output, error.

    This is the only place that knows the SDK's 1.x protocol for orchestrators. A failure comes
    as an exception that carries the state behind a marker, or none when the SDK itself failed;
    "stack" is where it was raised.
    """
    try:
        state: dict[str, Any] = json.loads(function.call(func.OrchestrationContext(body)))
    except BaseException as error:  # noqa: BLE001 - whatever user code raises fails only this instance
        text = said(error)
        _, found, carried = text.partition(_MARKER)
        state = json.loads(carried) if found else {}  # without a state there is nothing to replay
        state.setdefault("error", text or type(error).__name__)
        state["stack"] = "".join(traceback.format_exception(error.__cause__ or error)).strip()
    return state


async def _close_session() -> None:
    """Close the client that the SDK keeps for its calls to the host, and its lock with it."""
    module = sys.modules.get(_HTTP)
    if module is not None:
        await module._close_session()  # noqa: SLF001 - the SDK has no public way
        module._session_lock = asyncio.Lock()  # type: ignore[attr-defined] # noqa: SLF001 - bound to the loop that ends


def _read_stamps_quickly() -> None:
    """Let the SDK read the host's time stamps forty times faster, with the same result.

    It spends four fifths of a replay on a parser that takes dates in any form.
    """
    module: Any = sys.modules.get(_HISTORY_EVENT)
    if module is None or hasattr(module.dt_parse, "thorough"):
        return
    thorough = module.dt_parse
    zone = thorough("2000-01-01T00:00:00Z").tzinfo

    @functools.lru_cache(_REMEMBERED_STAMPS)
    def read(text: str) -> datetime:
        if text.endswith("Z"):
            return datetime.fromisoformat(text[:-1]).replace(tzinfo=zone)
        found: datetime = thorough(text)
        return found

    module.dt_parse = read
    module.dt_parse.thorough = thorough
