"""Queue triggers: one that notes what it gets, one that always fails, one that starts a run."""

import threading
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp()
seen: list[dict[str, Any]] = []
released = threading.Event()
released.set()
running: list[int] = []


@app.queue_trigger(arg_name="message", queue_name="orders", connection="QUEUES")
def note(message: func.QueueMessage) -> None:
    """Note a message and all that is known of it; wait while a test holds it."""
    running.append(1)
    released.wait(5)
    seen.append(
        {
            "body": message.get_body(),
            "id": message.id,
            "tries": message.dequeue_count,
            "inserted": message.insertion_time,
            "expires": message.expiration_time,
            "visible": message.time_next_visible,
            "receipt": message.pop_receipt,
        }
    )


@app.queue_trigger(arg_name="text", queue_name="broken", connection="QUEUES")
async def fail(text: str) -> None:
    """Note a message and fail."""
    seen.append({"body": text})
    raise ValueError(text)


@app.queue_trigger(arg_name="message", queue_name="runs", connection="QUEUES")
@app.durable_client_input(client_name="client")
async def start(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Start a run whose id is the message."""
    await client.start_new("wait", message.get_body().decode())


@app.orchestration_trigger(context_name="context")
def wait(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Wait for an event."""
    result = yield context.wait_for_external_event("go")
    return result
