"""Owns the check of the Durable Task Scheduler: that it stands, is the app's, and lets it in."""

from collections.abc import Iterator

from signpost.doctor.azure.arm import Json, listed, text
from signpost.doctor.azure.deployed import SCHEDULER, Deployed
from signpost.doctor.azure.scopes import SCHEDULERS, is_closed, is_private, label, task_hubs
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION
from signpost.doctor.surroundings import SCHEDULER_SETTING

CHECK = "azure scheduler"


async def check(stand: Deployed) -> list[Finding]:
    """Find why the scheduler would refuse the app."""
    if not stand.uses_scheduler:
        return [Finding(CHECK, "ok", "Runs are kept in storage; no scheduler is used.")]
    near = [await stand.arm.get(each.id, SCHEDULERS) for each in stand.of(SCHEDULER)]
    if not near:
        detail = f"{SCHEDULER_SETTING} is set, and the group has no Durable Task Scheduler."
        return [Finding(CHECK, "problem", detail, PROVISION)]
    asked = _parts(stand.setting(SCHEDULER_SETTING))
    host = label(asked.get("endpoint", ""))
    used = next((each for each in near if host in ("", _label(each))), None)
    if used is None:
        detail = f"The endpoint in {SCHEDULER_SETTING} is not that of {text(near[0], 'name')}."
        return [Finding(CHECK, "problem", detail, PROVISION)]
    found = [*_state(used), *_doors(used), *_strangers(asked, stand)]
    found += _hubs(await task_hubs(stand), stand)
    return found or [Finding(CHECK, "ok", f"The scheduler {text(used, 'name')} is ready.")]


def _parts(connection: str) -> dict[str, str]:
    """Take a connection string apart; names in lower case."""
    pairs = (part.partition("=") for part in connection.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _label(scheduler: Json) -> str:
    return label(text(scheduler, "properties", "endpoint"))


def _state(scheduler: Json) -> Iterator[Finding]:
    state = text(scheduler, "properties", "provisioningState")
    if state != "Succeeded":
        detail = f"The scheduler {text(scheduler, 'name')} is not ready: {state}."
        yield Finding(CHECK, "problem", detail, PROVISION)


def _doors(scheduler: Json) -> Iterator[Finding]:
    """Find that the network lets nobody in: an empty list of addresses admits none."""
    properties = scheduler.get("properties")
    if is_closed(properties):
        why = "its public address is off, and no private endpoint is approved"
    elif not listed(properties, "ipAllowlist") and not is_private(properties):
        why = "its list of addresses is empty, which admits none"
    else:
        return
    fix = (
        f"{PROVISION}\n# lets in the addresses in schedulerIpAllowlist of "
        "infra/main.parameters.json, or all where it names none. Behind a virtual network:\n"
        f"azd env set VNET_ENABLED true && {PROVISION}"
    )
    name = text(scheduler, "name")
    yield Finding(CHECK, "problem", f"The scheduler {name} refuses the app: {why}.", fix)


def _strangers(asked: dict[str, str], stand: Deployed) -> Iterator[Finding]:
    """Find a connection that is not made as the app's identity."""
    if not asked or stand.identity is None:
        return
    way = asked.get("authentication", "").lower()
    client = asked.get("clientid", "").lower()
    if way != "managedidentity" or client != stand.identity.client_id.lower():
        detail = f"{SCHEDULER_SETTING} does not sign in as the app's identity."
        yield Finding(CHECK, "problem", detail, PROVISION)


def _hubs(hubs: list[Json], stand: Deployed) -> Iterator[Finding]:
    asked = stand.setting("TASKHUB_NAME")
    there = [hub for hub in hubs if asked.lower() in ("", text(hub, "name").lower())]
    if not there:
        detail = f"The scheduler has no task hub {asked}".rstrip() + "."
        yield Finding(CHECK, "problem", detail, PROVISION)
    for hub in there:
        state = text(hub, "properties", "provisioningState")
        if state != "Succeeded":
            detail = f"The task hub {text(hub, 'name')} is not ready: {state}."
            yield Finding(CHECK, "problem", detail, PROVISION)
