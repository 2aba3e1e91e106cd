"""Owns the examination from inside: all checks side by side, each within its time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from signpost.doctor.checks import (
    host_storage,
    identity,
    ledger,
    model,
    scheduler,
    settings,
    user_files,
    vault,
    webhooks,
)
from signpost.doctor.finding import Finding
from signpost.doctor.surroundings import Surroundings

CHECK_SECONDS = 10.0
Check = Callable[[Surroundings], Awaitable[list[Finding]]]
CHECKS: Mapping[str, Check] = {
    settings.CHECK: settings.check,
    vault.CHECK: vault.check,
    user_files.CHECK: user_files.check,
    identity.CHECK: identity.check,
    ledger.CHECK: ledger.check,
    host_storage.CHECK: host_storage.check,
    scheduler.CHECK: scheduler.check,
    model.CHECK: model.check,
    webhooks.CHECK: webhooks.check,
}


async def examine(
    around: Surroundings,
    *,
    checks: Mapping[str, Check] = CHECKS,
    seconds: float = CHECK_SECONDS,
) -> list[Finding]:
    """Look at everything that an installation needs."""
    looks = (_within(name, check, around, seconds) for name, check in checks.items())
    return [finding for found in await asyncio.gather(*looks) for finding in found]


async def _within(name: str, check: Check, around: Surroundings, seconds: float) -> list[Finding]:
    """Let no check keep the others waiting, or take them down."""
    try:
        async with asyncio.timeout(seconds):
            return await check(around)
    except TimeoutError:
        what = f"There was no answer in {seconds:g} seconds."
        return [Finding(name, "problem", what, "Ask again; if it stays, look at the network.")]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other findings are worth having
        what = f"This could not be looked at ({type(error).__name__})."
        return [Finding(name, "unknown", what)]
