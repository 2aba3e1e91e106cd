"""Owns the check of the app itself: that it runs, was filled, and can be reached only one way."""

from collections.abc import Iterator
from shlex import quote

from signpost.doctor.azure.arm import Json, text, within
from signpost.doctor.azure.deployed import SITE, SITES, Deployed
from signpost.doctor.finding import Finding

CHECK = "azure app"
POLICIES = "basicPublishingCredentialsPolicies"


async def check(stand: Deployed) -> list[Finding]:
    """Find that the app is missing, stopped, empty, or open in a way that it need not be."""
    site = stand.site
    if site is None:
        detail = "The group has no function app: its deployment stopped before it was made."
        return [Finding(CHECK, "problem", detail, "azd up")]
    id_ = text(site, "id") or stand.of(SITE)[0].id
    found = list(_state(site, stand))
    for policy in await stand.arm.every(f"{id_}/{POLICIES}", SITES):
        if within(policy, "properties", "allow") is True:
            way = text(policy, "name").rpartition("/")[2] or "basic"
            detail = f"The app can be changed with a publishing password ({way})."
            one = quote(f"{id_}/{POLICIES}/{way}")
            fix = f"az resource update --ids {one} --set properties.allow=false"
            found.append(Finding(CHECK, "problem", detail, fix))
    if not await stand.arm.every(f"{id_}/functions", SITES):
        detail = "The app has no functions: no package was deployed, or it did not start."
        found.append(Finding(CHECK, "problem", detail, "azd deploy"))
    ready = f"The app runs at https://{text(site, 'properties', 'defaultHostName')}."
    return found or [Finding(CHECK, "ok", ready)]


def _state(site: Json, stand: Deployed) -> Iterator[Finding]:
    name, state = text(site, "name"), text(site, "properties", "state")
    which = f"--resource-group {quote(stand.group_name)} --name {quote(name)}"
    if state != "Running":
        detail = f"The app {name} does not run: {state or 'it has no state'}."
        yield Finding(CHECK, "problem", detail, f"az functionapp start {which}")
    if text(site, "properties", "usageState") == "Exceeded":
        detail = f"The app {name} has used up its quota."
        yield Finding(CHECK, "problem", detail, "Ask for more in the portal under Quotas.")
    if within(site, "properties", "httpsOnly") is not True:
        detail = f"The app {name} answers in the clear, too."
        fix = f"az functionapp update {which} --set httpsOnly=true"
        yield Finding(CHECK, "problem", detail, fix)
