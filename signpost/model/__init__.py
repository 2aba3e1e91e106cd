"""Owns the call of the language model, and what each of its answers means to a run."""

from datetime import datetime

from signpost.flows import Parameters
from signpost.instructions import Message
from signpost.model import client, families, reading, refusals
from signpost.model.outcomes import Answer, Completion, Kind, Refusal, Unanswered
from signpost.settings import Settings
from signpost.telemetry import logs
from signpost.text import digest

__all__ = ["DEFAULTS", "TIMEOUT_SECONDS", "Completion", "Kind", "Refusal", "complete"]

TIMEOUT_SECONDS = 240.0  # a long text takes minutes; Functions on Consumption end after five
DEFAULTS = Parameters(
    temperature=0, max_tokens=750, top_p=1, frequency_penalty=0, presence_penalty=0
)

log = logs.logger(__name__)


async def complete(
    messages: list[Message],
    parameters: Parameters,
    config: Settings,
    *,
    now: datetime,
    attempt: int,
    variants: int = 1,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Completion | Refusal:
    """Ask the model once for up to so many variants. Whatever goes wrong comes back as a Refusal.

    Where the service does not believe the token, it is asked once more with a new one. Models that
    give one text at a time give one.
    """
    name = config.model_behind or config.model_name
    body = families.body(messages, parameters.over(DEFAULTS), name, variants)
    prompt = "\n".join(message["content"] for message in messages)
    try:
        answer = await client.ask(config, body, timeout_seconds)
    except Unanswered as error:
        outcome: Completion | Refusal = refusals.unanswered(error.kind, attempt)
    else:
        outcome = _outcome(answer, config, len(prompt), now, attempt)
    _note(prompt, outcome)
    return outcome


def _outcome(
    answer: Answer, config: Settings, size: int, now: datetime, attempt: int
) -> Completion | Refusal:
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the statuses of success
        return reading.read(answer.body, config.unfiltered, attempt)
    return refusals.refused(answer, config, size=size, now=now, attempt=attempt)


def _note(prompt: str, outcome: Completion | Refusal) -> None:
    """Log what the call came to: digests and lengths, never a prompt or a text."""
    came: str = outcome.kind if isinstance(outcome, Refusal) else _named(outcome)
    told = {"action": "ask", "prompt": digest(prompt), "characters": len(prompt)}
    log.info("The model was asked: %s", came, extra=told)


def _named(completion: Completion) -> str:
    texts = ", ".join(f"{digest(text)} ({len(text)})" for text in completion.texts)
    return f"{completion.finish_reason}, {texts}"
