"""Calls a URL from an orchestration."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def fetch(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Send the request that the input describes."""
    request = context.get_input()
    return (yield context.call_http(request["method"], request["uri"], request.get("content")))
