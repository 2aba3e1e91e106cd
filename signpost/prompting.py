"""Owns what the model is asked in a run: the prompt, its inputs, and what reviewers asked for."""

from typing import NamedTuple

from msgspec.structs import replace

from signpost import inputs, instructions, model, records, usage
from signpost.allowances import Allowances
from signpost.contracts import Work
from signpost.flows import LARGEST_DRAFT, Parameters
from signpost.instructions import Instructions, Message
from signpost.ledger import Ledger, read
from signpost.records import Calls, DraftText, Round, Run


class OverCap(Exception):  # noqa: N818 - it says what is the case
    """A run asks for more tokens than one may have; the message says so to the requester."""


class Request(NamedTuple):
    """What one call asks for; `earlier` are the drafts of the rounds before."""

    prompt: Instructions
    messages: list[Message]
    parameters: Parameters
    variants: int
    earlier: list[DraftText]

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
    values = inputs.prompt_values(run.flow.inputs, run.inputs)
    turns, earlier = await _feedback(ledger, work)
    parameters = run.parameters.over(draft.parameters.over(prompt.parameters.over(model.DEFAULTS)))
    if calls.widened:
        parameters = replace(parameters, max_tokens=larger(room(parameters)))
    messages = [*prompt.fill_in(values), *turns]
    return Request(prompt, messages, parameters, draft.variants, earlier)


def within_caps(request: Request, calls: Calls, allowances: Allowances) -> Request:
    """Give the request with no more room than the run's allowance leaves. Raises OverCap."""
    if (most := allowances.run_input_tokens) is not None:
        _refuse_long(request, calls, most)
    most, left = allowances.run_output_tokens, _left(request, calls, allowances)
    if most is not None and left < 1:
        raise OverCap(f"A run may write {most:,} tokens, and they are used up.")
    if left >= room(request.parameters):
        return request
    return request._replace(parameters=replace(request.parameters, max_tokens=left))


def _refuse_long(request: Request, calls: Calls, most: int) -> None:
    spent: list[DraftText | Calls] = [*request.earlier, calls]
    asked = usage.estimate(request.messages) + sum(each.prompt_tokens for each in spent)
    if asked > most:
        what = f"A run may read {most:,} tokens, and this draft would make it about {asked:,}"
        raise OverCap(f"{what}: shorten the input.")


def may_grow(request: Request, calls: Calls, allowances: Allowances) -> bool:
    """Say whether a text that had no room in this request can have more of it."""
    tokens = room(request.parameters)
    return min(larger(tokens), _left(request, calls, allowances)) > tokens


def _left(request: Request, calls: Calls, allowances: Allowances) -> int:
    """Say how many tokens each text may have, as far as the run's allowance goes."""
    most = allowances.run_output_tokens
    if most is None:
        return LARGEST_DRAFT
    spent = calls.completion_tokens + sum(each.completion_tokens for each in request.earlier)
    return (most - spent) // request.variants


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
