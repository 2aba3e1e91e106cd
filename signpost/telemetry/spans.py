"""Owns spans: those of the app's own functions, which go on with the trace that the host gives."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from signpost.telemetry import exporters, names

Function = Callable[..., Awaitable[Any]]


def traced(name: str, context_type: type) -> Callable[[Function], Function]:
    """Put a function of the app under a span that is a child of the host's.

    The host hands its trace over in an argument `context`, which it gives to functions that
    declare one of type `azure.functions.Context`: `context_type`, since the domain does not know
    the host. The function itself does not see it. Without it a new trace begins.
    """

    def wrap(function: Function) -> Function:
        @wraps(function)
        async def run(*args: Any, context: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401 - passed through
            with span(name, parent=_parent(context)):
                return await function(*args, **kwargs)

        signature = inspect.signature(function)
        added = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY)
        parameters = [*signature.parameters.values(), added.replace(annotation=context_type)]
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # what the host looks at
        run.__annotations__ = {**function.__annotations__, "context": context_type}
        return run

    return wrap


@contextmanager
def span(
    name: str,
    *,
    parent: Context | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str] | None = None,
) -> Iterator[trace.Span]:
    """Open a span. Of an exception it tells the type alone, since a message may hold a text."""
    tracer = exporters.providers().traces.get_tracer(names.SCOPE)
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception as error:
            failed(type(error).__name__)
            raise


def tell(
    *,
    run: str | None = None,
    flow: str | None = None,
    round: int | None = None,  # noqa: A002 - the project's word
    outcome: str | None = None,
    delivery: str | None = None,
) -> None:
    """Add to the span that is open what is known by now; None adds nothing."""
    given = {
        names.RUN: run,
        names.FLOW: flow,
        names.ROUND: round,
        names.OUTCOME: outcome,
        names.DELIVERY: delivery,
    }
    known = {name: value for name, value in given.items() if value is not None}
    trace.get_current_span().set_attributes(known)


def failed(kind: str) -> None:
    """Say that what the open span is about failed, and how, in a word."""
    opened = trace.get_current_span()
    opened.set_status(Status(StatusCode.ERROR))
    opened.set_attribute(names.ERROR, kind)


def _parent(context: Any) -> Context | None:  # noqa: ANN401 - the host's, which the domain does not know
    """Read W3C trace context; None leaves the span that is open, if one is.

    Not its tracestate: that is a caller's own text, for services further on, and there are none.
    """
    if context is None:
        return None
    given = context.trace_context.trace_parent
    return TraceContextTextMapPropagator().extract({"traceparent": given} if given else {})
