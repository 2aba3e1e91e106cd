"""An activity that takes a moment and writes down its begin and end."""

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def slow(context: df.DurableOrchestrationContext) -> Generator[Any, Any, str]:
    """Run the slow activity."""
    return (yield context.call_activity("nap", "x"))


@app.activity_trigger(input_name="value")
def nap(value: str) -> str:
    """Sleep a little."""
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as file:
        file.write("begun ")
        file.flush()
        time.sleep(0.05)
        file.write("ended ")
    return value
