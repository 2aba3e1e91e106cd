"""Tells the version of an orchestration and of its child."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def tell(context: df.DurableOrchestrationContext) -> str:
    """Return the version."""
    return f"{context.version}"


@app.orchestration_trigger(context_name="context")
def tell_both(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Return the version and that of a child; the input may name the child's."""
    wanted = (context.get_input() or {}).get("child")
    return [context.version, (yield context.call_sub_orchestrator("tell", version=wanted))]
