"""HTTP triggers that lean on details of worker and Functions host."""

from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="held", methods=["GET"], binding_arg_name="held")
def held(req: func.HttpRequest, held: func.Out[func.HttpResponse]) -> None:
    """Answer by an output binding."""
    held.set(func.HttpResponse("held", status_code=201))


@app.route(route="nothing", methods=["GET"])
def nothing(req: func.HttpRequest):
    """Return nothing."""


@app.route(route="trace", methods=["GET"])
def trace(req: func.HttpRequest, context: func.Context) -> str:
    """Tell the trace headers by their old names."""
    seen: Any = context.trace_context
    return f"{seen.Traceparent} {seen.Tracestate}"


@app.route(route="cookie", methods=["POST"])
def cookie(req: func.HttpRequest) -> func.HttpResponse:
    """Set the cookie of the body."""
    return func.HttpResponse("ok", headers={"Set-Cookie": req.get_body().decode()})


@app.route(route="of/{anything_at_all}", methods=["GET"])
def of_anything(req: func.HttpRequest) -> str:
    """Take any text."""
    return "text"


@app.route(route="of/{n:int}", methods=["GET"])
def of_number(req: func.HttpRequest) -> str:
    """Take a number."""
    return "number"
