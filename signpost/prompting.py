"""Owns what the model is asked in a run: the prompt, its inputs, and what reviewers asked for."""

from typing import NamedTuple

from msgspec.structs import replace

from signpost import inputs, instructions, model, records, usage
from signpost.allowances import Allowances
from signpost.contracts import Work
from signpost.flows import Parameters
from signpost.instructions import Instructions, Message
from signpost.ledger import Ledger, read
from signpost.records import Calls, DraftText, Round, Run

LARGEST_DRAFT = 16_384  # tokens; what `max_tokens` may be at most


class OverCap(Exception):  # noqa: N818 - it says what is the case
    """A run asks for more tokens than one may have; the message says so to the requester."""


class Request(NamedTuple):
    """What one call asks for.

    `earlier` are the drafts of the rounds before; `is_capped` says that the run's allowance, and
    no parameter, ends the text.
    """

    prompt: Instructions
    messages: list[Message]
    parameters: Parameters
    variants: int
    earlier: list[DraftText]
    is_capped: bool = False

    @property
    def largest(self) -> int:
        """The tokens that the call may take, as the service counts them against its rate."""
        return usage.estimate(self.messages) + self.variants * room(self.parameters)


async def build(ledger: Ledger, run: Run, work: Work, calls: Calls) -> Request:
    """Fill in the instructions of a run's flow. Raises Unusable.

    Where the room was too little before, there is twice of it.
    """
    draft = run.flow.draft
    prompt = instructions.load(draft.instructions)
    given = inputs.prompt_values(run.flow.inputs, run.inputs)
    values = {each.name: each.default for each in prompt.inputs}
    values |= {name: value for name, value in given.items() if value is not None}
    turns, earlier = await _feedback(ledger, work)
    parameters = run.parameters.over(draft.parameters.over(prompt.parameters.over(model.DEFAULTS)))
    if calls.widened:
        parameters = replace(parameters, max_tokens=larger(room(parameters)))
    messages = [*prompt.fill_in(values), *turns]
    return Request(prompt, messages, parameters, draft.variants, earlier)


def within_caps(request: Request, calls: Calls, allowances: Allowances) -> Request:
    """Give the request with no more room than the run's allowance leaves. Raises OverCap."""
    spent: list[DraftText | Calls] = [*request.earlier, calls]
    most = allowances.run_input_tokens
    asked = usage.estimate(request.messages) + sum(each.prompt_tokens for each in spent)
    if most is not None and asked > most:
        raise OverCap(f"The drafts of a run may read {most:,} tokens; it would be about {asked:,}.")
    most = allowances.run_output_tokens
    if most is None:
        return request
    left = (most - sum(each.completion_tokens for each in spent)) // request.variants
    if left < 1:
        raise OverCap(f"The drafts of a run may have {most:,} tokens, which are used up.")
    if left >= room(request.parameters):
        return request
    parameters = replace(request.parameters, max_tokens=left)
    return request._replace(parameters=parameters, is_capped=True)


def room(parameters: Parameters) -> int:
    """Say how many tokens a text may have."""
    return parameters.max_tokens or model.DEFAULTS.max_tokens or LARGEST_DRAFT


def larger(tokens: int) -> int:
    """Say how many tokens a text may have that had no room in so many."""
    return min(2 * tokens, LARGEST_DRAFT)


async def _feedback(ledger: Ledger, work: Work) -> tuple[list[Message], list[DraftText]]:
    """Give the turns that follow the prompt: each earlier draft, and what was asked about it."""
    turns: list[Message] = []
    earlier: list[DraftText] = []
    for number in range(1, work.round):
        draft = await read(ledger, work.run, records.draft_row(number), DraftText)
        standing = await read(ledger, work.run, records.round_row(number), Round)
        earlier += [draft] if draft else []
        if draft and standing and standing.decision:
            about = draft.variants.get(standing.chosen_digest(standing.decision), draft.text)
            turns += instructions.feedback(about, standing.decision.comments)
    return turns, earlier
