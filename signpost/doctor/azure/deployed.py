"""Owns what stands in a resource group: its resources, the app, and the app's settings.

Everything is asked for once, and the checks read it from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from signpost.doctor.azure.arm import Arm, Json, Refused, text, within
from signpost.doctor.surroundings import SCHEDULER_SETTING

GROUPS, RESOURCES, SITES = "2024-11-01", "2024-11-01", "2024-11-01"
SITE = "microsoft.web/sites"
SCHEDULER = "microsoft.durabletask/schedulers"
ACCOUNT = "microsoft.cognitiveservices/accounts"
STORAGE = "microsoft.storage/storageaccounts"
INSIGHTS = "microsoft.insights/components"
VAULT = "microsoft.keyvault/vaults"
IDENTITY = "microsoft.managedidentity/userassignedidentities"


class Resource(NamedTuple):
    """One resource; `type` is in lower case, since Azure compares types without case."""

    id: str
    name: str
    type: str
    location: str


class Identity(NamedTuple):
    """A user-assigned identity of the app: its resource id, object id and client id."""

    id: str
    principal_id: str
    client_id: str


@dataclass(frozen=True)
class Deployed:
    """What stands in one resource group.

    `group` is its id. `site` is the app as Azure describes it, or None. `settings` are the app's
    own, or None where `refusal` says why they can't be read; their values are never shown.
    """

    arm: Arm
    subscription: str
    group: str
    location: str
    environment: str
    resources: tuple[Resource, ...] = ()
    site: Json | None = None
    settings: Mapping[str, str] | None = field(default=None, repr=False)
    refusal: Refused | None = None

    @property
    def group_name(self) -> str:
        """The name of the resource group."""
        return self.group.rpartition("/")[2]

    @property
    def identity(self) -> Identity | None:
        """The app's identity: that of AZURE_CLIENT_ID, or its first user-assigned one."""
        assigned = within(self.site, "identity", "userAssignedIdentities")
        if not isinstance(assigned, Mapping) or not assigned:
            return None
        known = [
            Identity(id_, text(each, "principalId"), text(each, "clientId"))
            for id_, each in assigned.items()
        ]
        asked = self.setting("AZURE_CLIENT_ID").lower()
        return next((each for each in known if each.client_id.lower() == asked), known[0])

    @property
    def uses_scheduler(self) -> bool:
        """Whether runs are kept in a Durable Task Scheduler, rather than in storage."""
        return bool(self.of(SCHEDULER)) or SCHEDULER_SETTING in (self.settings or {})

    def holds(self, resource_id: str) -> bool:
        """Say whether a resource lies in the group, where a deployment may change it."""
        return resource_id.lower().startswith(f"{self.group}/".lower())

    def of(self, kind: str) -> list[Resource]:
        """Give the resources of a type in the group."""
        return [each for each in self.resources if each.type == kind]

    def setting(self, name: str) -> str:
        """Give the value of an app setting, for comparing; empty where it is not known."""
        return (self.settings or {}).get(name, "").strip()


async def look(arm: Arm, subscription: str, group: str) -> Deployed:
    """Read what stands in a resource group. Raises Refused, where not even that can be read."""
    found = await arm.get(f"/subscriptions/{subscription}/resourceGroups/{group}", GROUPS)
    id_ = text(found, "id") or f"/subscriptions/{subscription}/resourceGroups/{group}"
    environment = text(found, "tags", "azd-env-name") or text(found, "name").removeprefix("rg-")
    resources = tuple(
        Resource(text(r, "id"), text(r, "name"), text(r, "type").lower(), text(r, "location"))
        for r in await arm.every(f"{id_}/resources", RESOURCES)
    )
    known = Deployed(arm, subscription, id_, text(found, "location"), environment, resources)
    sites = known.of(SITE)
    if not sites:
        return known
    site = await arm.get(sites[0].id, SITES)
    settings, refusal = await _settings(arm, sites[0].id)
    return replace(known, site=site, settings=settings, refusal=refusal)


async def _settings(arm: Arm, site: str) -> tuple[dict[str, str] | None, Refused | None]:
    """Read the app's settings, which Azure gives only to whoever may change them."""
    try:
        answer = await arm.post(f"{site}/config/appsettings/list", SITES)
    except Refused as refusal:
        return None, refusal
    properties = within(answer, "properties")
    pairs = properties.items() if isinstance(properties, Mapping) else ()
    return {str(name): str(value) for name, value in pairs}, None
