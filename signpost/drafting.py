"""Owns a draft's way into the ledger: its turn at the model, its calls, and what they took."""

from datetime import timedelta
from time import monotonic

from msgspec.structs import replace

from signpost import model, pacing, prompting, records, usage
from signpost.contracts import MAX_ATTEMPTS, Drafted, Work
from signpost.instructions import Unusable
from signpost.ledger import Ledger, put, read, write_once
from signpost.model import (
    Completion,
    Refusal,
    client,  # noqa: F401 - loading it takes a second, which no turn at the model should wait for
)
from signpost.problems import TooMany
from signpost.prompting import OverCap, Request
from signpost.records import Calls, DraftText, Run
from signpost.rounds import post_size
from signpost.settings import Settings
from signpost.teams import MAX_BYTES
from signpost.telemetry import calls as model_calls
from signpost.telemetry import metrics, spans

BEHIND_OTHERS = "Other drafts are ahead of this one at the model."
CUT = "The draft did not fit in its length limit; it is written again with more room."
STOPPED_CALLS = "The app stopped each time while the model was writing."
GIVEN_UP = f"Signpost tried {MAX_ATTEMPTS} times; start the run again later."


async def write_draft(ledger: Ledger, config: Settings, work: Work) -> Drafted:
    """Have the model write the draft of a round; a draft that is there stays."""
    if await read(ledger, work.run, records.draft_row(work.round), DraftText):
        return Drafted(calls=0)
    run = await read(ledger, work.run, records.RUN, Run)
    if run is None:
        raise LookupError("a run is in the ledger before it is started")
    spans.tell(flow=run.flow.name)
    if run.canceled_at:
        return Drafted(outcome="Canceled", calls=0)
    return await _Drafting(ledger, config, work, run).proceed()


class _Drafting:
    """One attempt at the draft of a round, at which the model is called once at most."""

    def __init__(self, ledger: Ledger, config: Settings, work: Work, run: Run) -> None:
        self._ledger, self._config, self._work, self._run = ledger, config, work, run
        self._allowances = config.allowances

    async def proceed(self) -> Drafted:
        """Ask the model if it may be asked now, and say what came of it."""
        row = records.calls_row(self._work.round)
        calls = await read(self._ledger, self._work.run, row, Calls) or Calls()
        if calls.answer and calls.attempt == self._work.attempt:
            return calls.answer
        if calls.made >= MAX_ATTEMPTS:
            told = f"{STOPPED_CALLS} {GIVEN_UP}"
            return await self._end(calls, Drafted(outcome="Failed", failure=told))
        try:
            request = await prompting.build(self._ledger, self._run, self._work, calls)
            request = prompting.within_caps(request, calls, self._allowances)
            await self._check_day()
        except (Unusable, OverCap) as error:
            told = error.plain if isinstance(error, Unusable) else str(error)
            return await self._end(calls, Drafted(outcome="Failed", failure=told, calls=0))
        except TooMany as error:
            later = _later(error.detail, error.retry_after, called=0)
            return await self._end(calls, later) if calls.cut else later
        calls, wait = await self._queue(request, calls)
        if wait:
            return _later(BEHIND_OTHERS, wait, called=0)
        return await self._call(request, calls)

    async def _call(self, request: Request, calls: Calls) -> Drafted:
        """Ask the model; counted first, so that no crash, and no full disk, brings a sixth call."""
        calls = await self._note(replace(calls, made=calls.made + 1))
        began = monotonic()
        answer = await self._ask(request)
        took = timedelta(seconds=monotonic() - began)
        calls = await self._spend(calls, answer)
        if isinstance(answer, Refusal):
            return await self._refused(request, calls, answer, took)
        return await self._written(request, calls, answer)

    async def _check_day(self) -> None:
        who, now = self._run.requestor, self._work.now
        await usage.check_tokens(self._ledger, self._allowances, who, now)

    async def _queue(self, request: Request, calls: Calls) -> tuple[Calls, timedelta]:
        """Take a place among all who want the model, once, and say how long it is to its turn."""
        ledger, allowances, now = self._ledger, self._allowances, self._work.now
        tokens, place = request.largest if allowances.is_paced else 0, calls.place
        if place is None:
            place = await pacing.join(ledger, allowances, tokens, now)
            if place is None:
                return calls, timedelta()
            calls = await self._note(replace(calls, place=place))
        return calls, await pacing.wait_for(ledger, allowances, place, tokens, now)

    async def _ask(self, request: Request) -> Completion | Refusal:
        asking = model.complete(
            request.messages,
            request.parameters,
            self._config,
            now=self._work.now,
            attempt=self._work.attempt,
            variants=request.variants,
        )
        return await model_calls.told(self._config, asking)

    async def _refused(
        self, request: Request, calls: Calls, refusal: Refusal, took: timedelta
    ) -> Drafted:
        """Go on after a call without a text; whom the service sent away keeps the place."""
        if refusal.cut and self._may_grow(request, calls):
            return await self._widen(calls)
        wait, is_last = refusal.retry_after, self._work.attempt >= MAX_ATTEMPTS
        if wait and refusal.kind == "throttled":
            until = self._work.now + took + wait
            await pacing.hold(self._ledger, calls.place, until, self._work.now)
        else:
            calls = replace(calls, place=None)
        if wait is None or is_last:
            reason = f"{refusal.reason} {GIVEN_UP}" if wait else refusal.reason
            return await self._end(calls, Drafted(outcome="Failed", failure=reason))
        return await self._answer(calls, _later(refusal.reason, wait, called=1))

    async def _written(self, request: Request, calls: Calls, answer: Completion) -> Drafted:
        draft = self._draft(request, calls, answer)
        if answer.finish_reason == "length" and self._may_grow(request, calls):
            return await self._widen(replace(calls, cut=draft))
        return await self._keep(draft, called=1)

    def _may_grow(self, request: Request, calls: Calls) -> bool:
        """Say whether a cut draft is written again: once, where there is more room to be had."""
        is_first = not calls.widened and self._work.attempt < MAX_ATTEMPTS
        return is_first and prompting.may_grow(request, calls, self._allowances)

    async def _widen(self, calls: Calls) -> Drafted:
        calls = replace(calls, widened=True, place=None)
        return await self._answer(calls, _later(CUT, timedelta(), called=1))

    def _draft(self, request: Request, calls: Calls, answer: Completion) -> DraftText:
        first, *others = self._fitting(answer.texts)[: request.variants]
        return DraftText(
            text=first,
            others=others,
            finish_reason=answer.finish_reason,
            prompt_tokens=calls.prompt_tokens,
            completion_tokens=calls.completion_tokens,
            model=answer.model,
            parameters=request.parameters,
            instructions=request.prompt.name,
            instructions_digest=request.prompt.digest,
            removed=answer.removed,
            content_filter=answer.content_filter,
            system_fingerprint=answer.system_fingerprint,
            calls=calls.made,
            cost=calls.cost,
            created_at=self._work.now,
        )

    def _fitting(self, texts: list[str]) -> list[str]:
        """Leave out what is too large for Teams, unless nothing else is there."""
        fits = [t for t in texts if post_size(self._run, t, edited=False) <= MAX_BYTES]
        return fits or texts[:1]

    async def _spend(self, calls: Calls, spent: Completion | Refusal) -> Calls:
        """Count the tokens of a call, for the run and for who asked for it."""
        asked, written = spent.prompt_tokens, spent.completion_tokens
        who, now = self._run.requestor, self._work.now
        await usage.spend(self._ledger, self._allowances, who, asked + written, now)
        asked, written = calls.prompt_tokens + asked, calls.completion_tokens + written
        return replace(
            calls,
            prompt_tokens=asked,
            completion_tokens=written,
            cost=usage.cost(self._allowances, asked, written),
        )

    async def _end(self, calls: Calls, ended: Drafted) -> Drafted:
        """Give up; a draft that was cut is better than none, and says that it is cut."""
        if calls.cut:
            draft = replace(
                calls.cut,
                prompt_tokens=calls.prompt_tokens,
                completion_tokens=calls.completion_tokens,
                calls=calls.made,
                cost=calls.cost,
            )
            return await self._keep(draft, called=ended.calls)
        return await self._answer(calls, ended) if ended.calls else ended

    async def _answer(self, calls: Calls, answer: Drafted) -> Drafted:
        """Note what a call came to, so that a crash after it brings no second one, nor an early."""
        await self._note(replace(calls, attempt=self._work.attempt, answer=answer))
        return answer

    async def _keep(self, draft: DraftText, *, called: int) -> Drafted:
        run, number = self._work.run, self._work.round
        standing = await write_once(self._ledger, run, records.draft_row(number), draft)
        if standing is draft:
            metrics.drafted(self._run.flow.name)
        return Drafted(calls=called)

    async def _note(self, calls: Calls) -> Calls:
        await put(self._ledger, self._work.run, records.calls_row(self._work.round), calls)
        return calls


def _later(reason: str, wait: timedelta | None, *, called: int) -> Drafted:
    return Drafted(outcome="Failed", failure=reason, retry_after=wait, calls=called)
