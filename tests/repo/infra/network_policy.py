"""Checks the private mode: endpoints, names and subnets are complete, and elsewhere absent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.repo.infra.project import MODES, SHARED_MODEL, Project
from tests.repo.infra.values import Deployed, Finding, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.infra.deployment import Deployment


class Link(NamedTuple):
    """A private endpoint as it must be: to a type, for a group, named in a zone."""

    type: str
    group: str
    zone: str


ALWAYS = {
    Link("Microsoft.Storage/storageAccounts", "blob", "privatelink.blob.core.windows.net"),
    Link("Microsoft.Storage/storageAccounts", "queue", "privatelink.queue.core.windows.net"),
    Link("Microsoft.Storage/storageAccounts", "table", "privatelink.table.core.windows.net"),
    Link("Microsoft.KeyVault/vaults", "vault", "privatelink.vaultcore.azure.net"),
    Link("Microsoft.CognitiveServices/accounts", "account", "privatelink.openai.azure.com"),
}
SCHEDULED = Link("Microsoft.DurableTask/schedulers", "scheduler", "privatelink.durabletask.io")
# What Azure asks of a rule beyond its shape.
ASKED_FOR = {"sourcePortRange", "sourceAddressPrefix", "destinationAddressPrefix"}
ASKED_FOR |= {"destinationPortRange"}
POLICIES = "privateEndpointNetworkPolicies"
RANGE = r"10\.0\.[\d.]+/2[4-8]"
INSIDE = {"10.0.0.0/24"}  # the app's subnet


def private_endpoints_are_complete(project: Project) -> Iterator[Finding]:
    """Demand that each service has endpoint and zone with a network, else none."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        wanted = set(ALWAYS) if given.get("vnetEnabled") else set()
        if wanted and given.get("durableBackend") != "AzureStorage":
            wanted.add(SCHEDULED)
        found = {_link(deployment, held) for held in deployment.of_type("Network/privateEndpoints")}
        for link in sorted(wanted - found):
            yield Finding(_file(project), 1, f"{mode}: no endpoint as {link}")
        for link in sorted(found - wanted):
            yield Finding(_file(project), 1, f"{mode}: {link} is no endpoint that is needed")


def _file(project: Project) -> str:
    """Return the file that makes endpoints."""
    held = project.deployed("private").of_type("Network/privateEndpoints")
    return held[0].path if held else project.main.path


def _link(deployment: Deployment, endpoint: Deployed) -> Link:
    """Read what an endpoint leads to, and under which names by its zone group."""
    connections = endpoint.get("properties.privateLinkServiceConnections") or [{}]
    to = connections[0].get("properties", {})
    groups = [
        held
        for held in deployment.of_type("Network/privateEndpoints/privateDnsZoneGroups")
        if held.id.startswith(f"{endpoint.id}/")
    ]
    configs = groups[0].get("properties.privateDnsZoneConfigs") if groups else None
    zone = (configs or [{}])[0].get("properties", {}).get("privateDnsZoneId", "no zone group")
    leads_to = "/".join(str(to.get("privateLinkServiceId")).split("/")[-3:-1])
    return Link(leads_to, ",".join(to.get("groupIds", [])), zone.rpartition("/")[2])


def endpoints_lead_to_what_is_there(project: Project) -> Iterator[Finding]:
    """Demand that endpoints lead to what is deployed, or to the account of others."""
    for mode, given in MODES.items():
        deployment = project.deployed(mode)
        there = {held.id for held in deployment.resources}
        there |= {SHARED_MODEL} if given.get("existingOpenAiResourceId") else set()
        for held in deployment.of_type("Network/privateEndpoints"):
            for connection in held.get("properties.privateLinkServiceConnections") or []:
                if connection.get("properties", {}).get("privateLinkServiceId") not in there:
                    yield held.wrong(f"{mode}: {held.name} leads to nothing that is deployed")


def zones_are_linked(project: Project) -> Iterator[Finding]:
    """Demand that the network resolves each zone, and enters no names of its own."""
    for mode in MODES:
        deployment = project.deployed(mode)
        networks = [held.id for held in deployment.of_type("Network/virtualNetworks")]
        links = deployment.of_type("Network/privateDnsZones/virtualNetworkLinks")
        for zone in deployment.of_type("Network/privateDnsZones"):
            mine = [link for link in links if link.id.startswith(f"{zone.id}/")]
            if [link.get("properties.virtualNetwork.id") for link in mine] != networks:
                yield zone.wrong(f"{mode}: {zone.name} is not linked to the network")
        for link in links:
            if link.get("properties.registrationEnabled") is not False:
                yield link.wrong("registrationEnabled is not false")


def subnets_fit_their_use(project: Project) -> Iterator[Finding]:
    """Demand a delegated subnet for the app, another for endpoints, each with rules."""
    for mode in MODES:
        deployment = project.deployed(mode)
        rules = {held.id for held in deployment.of_type("Network/networkSecurityGroups")}
        subnets = _subnets(deployment)
        inside = {held.get("properties.subnet.id") for held in _endpoints(deployment)}
        sites = deployment.of_type("Web/sites")
        apps = {site.get("properties.virtualNetworkSubnetId") for site in sites} - {None}
        network = [*deployment.of_type("Network/virtualNetworks"), *sites][0]
        if bool(apps) != bool(subnets):
            yield network.wrong(f"{mode}: the app is in a subnet: {bool(apps)}")
        if not (apps | inside <= subnets.keys()) or apps & inside:
            yield network.wrong(f"{mode}: app and endpoints are not in subnets of their own")
        for path, properties in subnets.items():
            if not re.fullmatch(RANGE, str(properties.get("addressPrefix"))):
                yield network.wrong(f"the subnet {path.rpartition('/')[2]} has no fit range")
            if properties.get("networkSecurityGroup", {}).get("id") not in rules:
                yield network.wrong(f"the subnet {path.rpartition('/')[2]} has no rules")
            if path in inside and properties.get(POLICIES) != "NetworkSecurityGroupEnabled":
                yield network.wrong("rules of the endpoints' subnet have no effect on endpoints")
        yield from _delegated(network, [subnets[path] for path in apps & subnets.keys()])


def _endpoints(deployment: Deployment) -> list[Deployed]:
    return deployment.of_type("Network/privateEndpoints")


def _subnets(deployment: Deployment) -> dict[str, dict[str, Value]]:
    """Return the properties of subnets by id."""
    return {
        f"{network.id}/subnets/{subnet.get('name')}": subnet.get("properties", {})
        for network in deployment.of_type("Network/virtualNetworks")
        for subnet in network.get("properties.subnets") or []
    }


def _delegated(network: Deployed, subnets: list[dict[str, Value]]) -> Iterator[Finding]:
    """Demand that the app's subnet is Flex Consumption's own."""
    for subnet in subnets:
        services = [
            one.get("properties", {}).get("serviceName") for one in subnet.get("delegations", [])
        ]
        if services != ["Microsoft.App/environments"]:
            yield network.wrong(f"the app's subnet is delegated to {services}")


def endpoints_are_reached_by_the_app_alone(project: Project) -> Iterator[Finding]:
    """Demand that endpoints are reached from the app's subnet alone, by HTTPS."""
    for mode in MODES:
        for held in project.deployed(mode).of_type("Network/networkSecurityGroups"):
            rules = sorted(
                (rule.get("properties", {}) for rule in held.get("properties.securityRules") or []),
                key=lambda rule: int(rule.get("priority", 0)),
            )
            inward = [rule for rule in rules if rule.get("direction") == "Inbound"]
            allowed = [rule for rule in inward if rule.get("access") == "Allow"]
            if any(rule.get("sourceAddressPrefix") not in INSIDE for rule in allowed):
                yield held.wrong("lets everybody in")
            if any(rule.get("destinationPortRange") != "443" for rule in allowed):
                yield held.wrong("lets more in than HTTPS")
            for rule in inward:
                for name in sorted(ASKED_FOR - rule.keys()):
                    yield held.wrong(f"a rule has no {name}")
            if inward and (inward[-1].get("access"), inward[-1].get("protocol")) != ("Deny", "*"):
                yield held.wrong("does not deny the rest")


CHECKS = (
    private_endpoints_are_complete,
    endpoints_lead_to_what_is_there,
    zones_are_linked,
    subnets_fit_their_use,
    endpoints_are_reached_by_the_app_alone,
)
