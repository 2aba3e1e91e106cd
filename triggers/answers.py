"""Owns what every HTTP answer has in common: JSON, security headers, problems, size limits."""

from collections.abc import Awaitable, Callable
from functools import wraps
from math import ceil
from typing import Any, TypeVar

import azure.functions as func
import msgspec

from signpost import views
from signpost.forms import asked_for
from signpost.ledger import LedgerAway
from signpost.problems import (
    Away,
    Broken,
    Invalid,
    Misconfigured,
    NotJson,
    Problem,
    TooLarge,
    Unreadable,
    fault,
)
from signpost.records import Response
from signpost.settings import variables
from signpost.telemetry import logs

MAX_BODY_BYTES = 256 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

ENVIRONMENT = "SIGNPOST_ENVIRONMENT"
UNTOLD = "Who operates Signpost finds in its log, or by python -m signpost.doctor, what is missing."

Handler = Callable[..., Awaitable[func.HttpResponse]]
T = TypeVar("T")

log = logs.logger(__name__)


def answer(
    body: Any,  # noqa: ANN401 - any JSON
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> func.HttpResponse:
    """Answer with JSON."""
    return func.HttpResponse(
        msgspec.json.encode(body),
        status_code=status,
        headers=SECURITY_HEADERS | (headers or {}),
        mimetype="application/json",
    )


def answer_raw(body: bytes) -> func.HttpResponse:
    """Answer with JSON that is written already."""
    return func.HttpResponse(body, headers=SECURITY_HEADERS, mimetype="application/json")


def problem(error: Problem) -> func.HttpResponse:
    """Answer with problem details (RFC 9457)."""
    wait = error.retry_after
    more = {"Retry-After": str(ceil(wait.total_seconds()))} if wait else {}
    document = error.document()
    if isinstance(decision := document.get("decision"), Response):
        document["decision"] = views.decision_view(decision)
    return func.HttpResponse(
        msgspec.json.encode(document),
        status_code=error.status,
        headers=SECURITY_HEADERS | more,
        mimetype="application/problem+json",
    )


def guarded(handler: Handler) -> Handler:
    """Turn the problems that a handler raises into answers; log ours, not the caller's."""
    action = {"action": handler.__name__}

    @wraps(handler)
    async def run(*args: Any, **kwargs: Any) -> func.HttpResponse:  # noqa: ANN401 - passed through
        try:
            return await handler(*args, **kwargs)
        except Misconfigured as error:
            log.error("%s", error.detail, extra=action)  # noqa: TRY400 - the sentence says it all
            return problem(_for_strangers(error))
        except Problem as error:
            return problem(error)
        except LedgerAway as error:
            log.warning("The ledger is away: %s", error, extra=action)
            return problem(Away())
        except Exception:  # the host would answer without a body and without our headers
            log.exception("%s failed", handler.__name__, extra=action)
            return problem(Broken("Something went wrong here; the app's log says what."))

    return run


def _for_strangers(error: Misconfigured) -> Misconfigured:
    """Name the setting, but repeat none of its value, but to who runs all on one machine."""
    if variables([ENVIRONMENT]).get(ENVIRONMENT) == "local":
        return error
    return Misconfigured(UNTOLD, field=error.field)


def read_body(request: func.HttpRequest, kind: type[T], most: int = MAX_BODY_BYTES) -> T:
    """Read a JSON body of so many bytes. Raises TooLarge, NotJson, Unreadable or Invalid."""
    body = request.get_body()
    if len(body) > most:
        raise TooLarge(f"At most {most:,} bytes are read; these are {len(body):,}.")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise NotJson("Send the header Content-Type: application/json.")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        from signpost.remedies import remedy  # noqa: PLC0415 - a good body needs none

        message, trail = fault(error)
        told = asked_for(message) + remedy(message, trail, kind)
        stop = "" if told.endswith("?") else "."
        raise Invalid(told + stop, field=trail or None) from error
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not JSON: it is no UTF-8 text.") from error
    except msgspec.DecodeError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise Unreadable("The body is nested too deeply.") from error
