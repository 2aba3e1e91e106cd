"""Owns *Test it out*: instructions sent to the model, with nothing stored or posted."""

from datetime import datetime
from time import monotonic
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from signpost import gallery, inputs, instructions, model, pacing, prompting, usage
from signpost.findings import findings
from signpost.flows import Parameters, Variants
from signpost.inputs.rules import Unfit
from signpost.instructions import Instructions, Message, Unusable
from signpost.ledger import Ledger
from signpost.model import Refusal
from signpost.problems import Invalid, TooMany
from signpost.prompting import OverCap, Request
from signpost.records import Calls
from signpost.settings import Settings
from signpost.shapes import CostView, View
from signpost.telemetry import calls
from signpost.views import cost_view

ANY_TEXT = inputs.Text(max_length=60_000)
TIMEOUT_SECONDS = 200.0  # Azure's front door answers in the app's place after 230


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is tried: instructions by `name`, or the `source` of a file that is not there yet.

    With both, the source is tried under this name. `n` is how many drafts to write.
    """

    name: Annotated[str, Meta(max_length=instructions.LONGEST_NAME)] | None = None
    source: Annotated[str, Meta(max_length=instructions.LARGEST_SOURCE)] | None = None
    inputs: dict[str, Any] = {}
    parameters: Parameters = Parameters()
    n: Variants = 1


class Turn(View, frozen=True):
    """One message as the model gets it."""

    role: str
    content: str


class Draft(View, frozen=True):
    """One text, and what to look at in it."""

    text: str
    findings: list[str]


class Failure(View, frozen=True):
    """Why there is no text; `retry_after` is in seconds, null when another try is no use."""

    kind: str
    reason: str
    retry_after: float | None


class Tried(View, frozen=True):
    """What the model was asked and wrote, or why it did not; `milliseconds` is its time."""

    prompt: list[Turn]
    parameters: Parameters
    variants: list[Draft]
    removed: list[str]
    finish_reason: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str | None = None
    system_fingerprint: str | None = None
    milliseconds: int = 0
    estimated_cost: CostView | None = None
    failure: Failure | None = None


async def try_out(
    ledger: Ledger, config: Settings, trial: Trial, who: str | None, now: datetime
) -> Tried:
    """Fill in instructions and ask the model once.

    Raises Unknown, Invalid, and TooMany when the day's tokens of who asks are used up.
    """
    request = _request(trial, read(trial))
    try:
        request = prompting.within_caps(request, Calls(), config.allowances)
    except OverCap as error:
        raise Invalid(str(error), field="inputs") from error
    most = request.largest
    await usage.reserve(ledger, config.allowances, who, most, now)
    wait = await pacing.step_in(ledger, config.allowances, most, now)
    if wait:
        await usage.spend(ledger, config.allowances, who, 0, now, reserved=most)
        raise TooMany("Runs use all of the model's rate right now.", retry_after=wait)
    began = monotonic()
    asking = model.complete(
        request.messages,
        request.parameters,
        config,
        now=now,
        attempt=1,
        variants=trial.n,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    answer = await calls.told(config, asking)
    took = round(1000 * (monotonic() - began))
    spent = answer.prompt_tokens + answer.completion_tokens
    await usage.spend(ledger, config.allowances, who, spent, now, reserved=most)
    return _told(request, config, answer, took)


def read(trial: Trial) -> Instructions:
    """Give the instructions that are tried. Raises Unknown or Invalid."""
    if trial.source is None:
        if trial.name is None:
            raise Invalid("Name instructions, or send their `source`.", field="name")
        return gallery.named(trial.name)
    try:
        return instructions.parse(trial.source, trial.name or "untitled")
    except Unusable as error:
        raise Invalid(str(error), field="source") from error


def _request(trial: Trial, prompt: Instructions) -> Request:
    inputs.refuse_unknown([each.name for each in prompt.inputs], trial.inputs)
    values = {name: _plain(name, value) for name, value in trial.inputs.items()}
    try:
        messages = prompt.fill_in(values)
    except Unusable as error:
        raise _refusal(error, trial) from error
    parameters = trial.parameters.over(prompt.parameters.over(model.DEFAULTS))
    return Request(prompt, messages, parameters, trial.n, [])


def _plain(name: str, value: object) -> object:
    """Refuse a text that no flow would take; an empty one means nothing, as there."""
    try:
        return ANY_TEXT.take(value) if isinstance(value, str) else value
    except Unfit as error:
        raise Invalid(str(error), field=f"inputs.{name}") from None


def _refusal(error: Unusable, trial: Trial) -> Invalid:
    """Tell which value is at fault, or else which line of the file."""
    told = str(error) if error.line else f"{error.what[0].upper()}{error.what[1:]}."
    return Invalid(told, field=error.field or ("name" if trial.source is None else "source"))


def _told(
    request: Request, config: Settings, answer: model.Completion | Refusal, took: int
) -> Tried:
    cost = usage.cost(config.allowances, answer.prompt_tokens, answer.completion_tokens)
    shown = Tried(
        prompt=[_turn(each) for each in request.messages],
        parameters=request.parameters,
        variants=[],
        removed=[],
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        milliseconds=took,
        estimated_cost=cost_view(cost),
    )
    if isinstance(answer, Refusal):
        wait = answer.retry_after.total_seconds() if answer.retry_after else None
        failure = Failure(kind=answer.kind, reason=answer.reason, retry_after=wait)
        return msgspec.structs.replace(shown, failure=failure)
    return msgspec.structs.replace(
        shown,
        variants=[_draft(text) for text in answer.texts[: request.variants]],
        removed=answer.removed,
        finish_reason=answer.finish_reason,
        model=answer.model,
        system_fingerprint=answer.system_fingerprint,
    )


def _draft(text: str) -> Draft:
    return Draft(text=text, findings=findings(text, []))


def _turn(message: Message) -> Turn:
    return Turn(role=message["role"], content=message["content"])
