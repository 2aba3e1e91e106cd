"""Owns the check of deployments: what failed, and was not mended by a later one."""

import re
from collections.abc import Iterable, Iterator

from signpost.doctor.azure.arm import Json, Refused, text, within
from signpost.doctor.azure.codes import explain
from signpost.doctor.azure.deployed import Deployed
from signpost.doctor.azure.errors import Leaf, leaves
from signpost.doctor.azure.refusals import unreadable
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION

CHECK = "azure deployments"
DEPLOYMENTS = "2024-11-01"
NESTED = "microsoft.resources/deployments"
# What makes the name of each attempt its own: azd's time, and the hash of Bicep's modules.
SUFFIX = r"-(?:[0-9]{6,}|[a-z2-7]{13})$"


async def check(stand: Deployed) -> list[Finding]:
    """Find the deployments that failed, in the group and for it in the subscription."""
    found: list[Finding] = []
    above: list[Json] = []
    scope = f"/subscriptions/{stand.subscription}"
    try:
        above = [each for each in await _deployments(stand, scope) if _ours(each, stand)]
    except Refused as refusal:
        found.append(unreadable(CHECK, "the subscription's deployments", refusal, scope))
    mended = max((_when(each) for each in above if _state(each) == "Succeeded"), default="")
    inside = newest_of_each(await _deployments(stand, stand.group))
    ours = [each for each in [*inside, *above[-1:]] if _when(each) > mended]
    found += [finding for each in ours for finding in _unfinished(each)]
    found += [Finding(CHECK, "problem", *explain(leaf, stand)) for leaf in await _told(stand, ours)]
    return found or [Finding(CHECK, "ok", "The last deployment succeeded.")]


def newest_of_each(deployments: Iterable[Json]) -> list[Json]:
    """Give the last deployment of each name, whatever the suffix of the attempt."""
    last: dict[str, Json] = {}
    for each in sorted(deployments, key=_when):
        last[re.sub(SUFFIX, "", text(each, "name"))] = each
    return list(last.values())


async def _deployments(stand: Deployed, scope: str) -> list[Json]:
    """List the deployments at a scope, the newest last."""
    path = f"{scope}/providers/Microsoft.Resources/deployments"
    return sorted(await stand.arm.every(path, DEPLOYMENTS), key=_when)


def _ours(deployment: Json, stand: Deployed) -> bool:
    """Say whether a deployment of the subscription is for the group's environment."""
    asked = text(deployment, "properties", "parameters", "environmentName", "value")
    named = {text(deployment, "tags", "azd-env-name").lower(), asked.lower()}
    return stand.environment.lower() in named - {""}


def _state(deployment: Json) -> str:
    return text(deployment, "properties", "provisioningState")


def _when(deployment: Json) -> str:
    """Give the time of a deployment, as text: ISO 8601 in UTC sorts by time."""
    return text(deployment, "properties", "timestamp")


def _unfinished(deployment: Json) -> Iterator[Finding]:
    name, state = text(deployment, "name"), _state(deployment)
    if state == "Canceled":
        yield Finding(CHECK, "problem", f"The deployment {name} was cancelled half-way.", PROVISION)
    elif state not in ("Succeeded", "Failed"):
        detail = f"The deployment {name} is not over yet: {state or 'it has no state'}."
        yield Finding(CHECK, "unknown", detail, "Wait until it ends, and run this again.")


async def _told(stand: Deployed, deployments: Iterable[Json]) -> list[Leaf]:
    """Give what failed, each once: a deployment tells again what failed in those inside it."""
    found: dict[tuple[str, str], Leaf] = {}
    for deployment in deployments:
        if _state(deployment) == "Failed":
            for leaf in await _failures(stand, deployment):
                known = found.get((leaf.code, leaf.message))
                if known is None or not known.target:
                    found[leaf.code, leaf.message] = leaf
    return sorted(found.values())


async def _failures(stand: Deployed, deployment: Json) -> list[Leaf]:
    """Give what failed in a deployment, as far down as Azure tells it."""
    found: list[Leaf] = []
    for operation in await stand.arm.every(f"{text(deployment, 'id')}/operations", DEPLOYMENTS):
        if _state(operation) == "Failed":
            target = within(operation, "properties", "targetResource")
            kind, name = text(target, "resourceType"), text(target, "resourceName")
            about = ("", "") if kind.lower() == NESTED else (name, kind)
            found += leaves(within(operation, "properties", "statusMessage"), *about)
    found = found or list(leaves(within(deployment, "properties", "error")))
    nothing = Leaf("DeploymentFailed", f"{text(deployment, 'name')} failed, without a reason")
    return found or [nothing]
