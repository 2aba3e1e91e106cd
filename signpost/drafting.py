"""Owns a draft's way into the ledger."""

from signpost import instructions, model, records
from signpost.contracts import Drafted, Work
from signpost.instructions import Message
from signpost.ledger import Ledger, read, write_once
from signpost.records import DraftText, Round, Run
from signpost.settings import Settings


async def write_draft(ledger: Ledger, config: Settings, work: Work) -> Drafted:
    """Have the model write the draft of a round; a draft that is there stays."""
    if await read(ledger, work.run, records.draft_row(work.round), DraftText):
        return Drafted()
    run = await read(ledger, work.run, records.RUN, Run)
    if run is None:
        raise LookupError("a run is in the ledger before it is started")
    if run.canceled_at:
        return Drafted(outcome="Canceled")
    try:
        answer = await _ask(run, config, work, await _feedback(ledger, work))
    except instructions.Unusable as error:
        return Drafted(outcome="Failed", failure=str(error))
    if isinstance(answer, model.Refusal):
        return Drafted(outcome="Failed", failure=answer.reason, retry_after=answer.retry_after)
    await write_once(ledger, work.run, records.draft_row(work.round), answer)
    return Drafted()


async def _feedback(ledger: Ledger, work: Work) -> list[Message]:
    """Give the turns that follow the prompt: each earlier draft, and what was asked about it."""
    turns: list[Message] = []
    for number in range(1, work.round):
        draft = await read(ledger, work.run, records.draft_row(number), DraftText)
        standing = await read(ledger, work.run, records.round_row(number), Round)
        if draft and standing and standing.decision:
            turns += instructions.feedback(draft.text, standing.decision.comments)
    return turns


async def _ask(
    run: Run, config: Settings, work: Work, feedback: list[Message]
) -> DraftText | model.Refusal:
    prompt = instructions.load(run.flow.draft.instructions)
    parameters = run.parameters.over(run.flow.draft.parameters.over(prompt.parameters))
    values = {name: run.inputs.get(name) or "" for name in run.flow.inputs}
    answer = await model.complete(
        [*prompt.fill_in(values), *feedback],
        parameters,
        config,
        now=work.now,
        attempt=work.attempt,
    )
    if isinstance(answer, model.Refusal):
        return answer
    return DraftText(
        text=answer.text,
        finish_reason=answer.finish_reason,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        model=answer.model,
        parameters=parameters,
        instructions=prompt.name,
        instructions_digest=prompt.digest,
        content_filter=answer.content_filter,
        created_at=work.now,
    )
