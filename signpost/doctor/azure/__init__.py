"""Owns the doctor's look at Azure from a laptop: reads only, as whoever signed in there."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import MappingProxyType

import aiohttp

from signpost.doctor.azure import (
    app,
    app_settings,
    deleted,
    deployments,
    model,
    references,
    roles,
    scheduler,
)
from signpost.doctor.azure.arm import Arm, Refused, text
from signpost.doctor.azure.credentials import CLOUDS, PUBLIC, NotSignedIn, sign_in, token_for
from signpost.doctor.azure.deployed import Deployed, look
from signpost.doctor.azure.refusals import unreadable
from signpost.doctor.finding import Finding

CHECK = "azure group"
SUBSCRIPTIONS = "2022-12-01"
GROUP_NAME = r"[\w.()-]{1,90}"  # Azure's own rule for names of resource groups
SUBSCRIPTION_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
LIST_SUBSCRIPTIONS = (
    'az account list --query "[].[name, id]" --output table\n# Then add --subscription ID'
)
Check = Callable[[Deployed], Awaitable[list[Finding]]]
CHECKS: MappingProxyType[str, tuple[str, Check]] = MappingProxyType(  # each with what it reads
    {
        deployments.CHECK: ("the group's deployments", deployments.check),
        deleted.CHECK: ("what was deleted in the subscription", deleted.check),
        app.CHECK: ("the app", app.check),
        app_settings.CHECK: ("the app's settings", app_settings.check),
        references.CHECK: ("the app's vault references", references.check),
        roles.CHECK: ("who has which role", roles.check),
        model.CHECK: ("the model's deployment", model.check),
        scheduler.CHECK: ("the Durable Task Scheduler", scheduler.check),
    }
)


async def examine(
    resource_group: str,
    subscription: str | None = None,
    *,
    cloud: str = PUBLIC,
    endpoint: str | None = None,
) -> list[Finding]:
    """Ask Azure Resource Manager what is wrong with an installation; nothing is changed.

    `cloud` is a name of `az cloud list`; `endpoint` another address to ask than that cloud's. What
    the caller may not read is `unknown`, with the role that it takes.
    """
    if cloud not in CLOUDS:
        detail = f"The cloud {cloud} is not known: name one of {', '.join(CLOUDS)}."
        return [Finding(CHECK, "problem", detail, 'az cloud list --query "[].name" --output tsv')]
    if wrong := _misnamed(resource_group, subscription):
        return [wrong]
    try:
        token = await token_for(CLOUDS[cloud])
    except NotSignedIn:
        return [Finding(CHECK, "unknown", "Nobody is signed in to Azure here.", sign_in(cloud))]
    async with aiohttp.ClientSession() as session:
        arm = Arm(session, endpoint or CLOUDS[cloud], token)
        return await _examine(arm, subscription, resource_group)


def _misnamed(group: str, subscription: str | None) -> Finding | None:
    """Refuse what is no name before it becomes a part of an address."""
    if not re.fullmatch(GROUP_NAME, group):
        detail = f"{group!r} is no name of a resource group."
        return Finding(CHECK, "problem", detail, 'az group list --query "[].name" --output tsv')
    if subscription and not re.fullmatch(SUBSCRIPTION_ID, subscription):
        detail = f"{subscription!r} is no id of a subscription."
        return Finding(CHECK, "problem", detail, LIST_SUBSCRIPTIONS)
    return None


async def _examine(arm: Arm, subscription: str | None, group: str) -> list[Finding]:
    try:
        chosen = subscription or await _only_subscription(arm)
        if chosen is None:
            detail = "You have several subscriptions, or none: say which one holds the group."
            return [Finding(CHECK, "problem", detail, LIST_SUBSCRIPTIONS)]
        stand = await look(arm, chosen, group)
    except Refused as refusal:
        return [_no_group(refusal, group, subscription)]
    return [f for told in await asyncio.gather(*(_guarded(c, stand) for c in CHECKS)) for f in told]


async def _only_subscription(arm: Arm) -> str | None:
    found = await arm.every("/subscriptions", SUBSCRIPTIONS)
    return text(found[0], "subscriptionId") if len(found) == 1 else None


def _no_group(refusal: Refused, group: str, subscription: str | None) -> Finding:
    if refusal.absent:
        where = f"the subscription {subscription}" if subscription else "your subscription"
        fix = (
            "azd env get-values\n# names group and subscription; before a first deployment:\nazd up"
        )
        return Finding(CHECK, "problem", f"There is no resource group {group} in {where}.", fix)
    scope = f"/subscriptions/{subscription or 'ID'}/resourceGroups/{group}"
    return unreadable(CHECK, f"the resource group {group}", refusal, scope)


async def _guarded(name: str, stand: Deployed) -> list[Finding]:
    """Run one check; what Azure refuses to tell is unknown, not a fault."""
    what, check = CHECKS[name]
    try:
        return await check(stand)
    except Refused as refusal:
        return [unreadable(name, what, refusal, stand.group)]
