"""Owns the span of an activity: which run it works for, and how that ended."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import azure.functions as func

from signpost.contracts import is_away
from signpost.telemetry import spans

Activity = Callable[..., Awaitable[Any]]


def traced(name: str) -> Callable[[Activity], Activity]:
    """Put an activity under a span; what it is given and answers holds ids and states alone."""

    def wrap(activity: Activity) -> Activity:
        @wraps(activity)
        async def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed through
            [asked] = [*args, *kwargs.values()]
            work = asked.get("work", asked)
            spans.tell(run=work["run"], round=work["round"])
            answer = await activity(*args, **kwargs)
            if is_away(answer):
                spans.failed("LedgerAway")
            else:
                spans.tell(outcome=answer.get("outcome"), delivery=answer.get("delivery"))
            return answer

        return spans.traced(name, func.Context)(run)

    return wrap
