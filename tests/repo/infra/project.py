"""Owns the project that is checked: the files of infra/ and what must agree with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tests.repo.infra.clouds import PUBLIC
from tests.repo.infra.deployment import SECRET, Deployment
from tests.repo.infra.evaluation import joined
from tests.repo.infra.reader import File, read
from tests.repo.sources import ROOT, files

if TYPE_CHECKING:
    from tests.repo.infra.values import Value

MAIN = "infra/main.bicep"
BESIDE = ("azure.yaml", "host.json", "docs/deploy.md")
SHARED_MODEL = (
    "/subscriptions/00000000-0000-0000-0000-00000000000c/resourceGroups/rg-models"
    "/providers/Microsoft.CognitiveServices/accounts/models-of-all"
)
NEEDED: dict[str, Value] = {
    "environmentName": "signpost-test",
    "location": "swedencentral",
    "principalId": "00000000-0000-0000-0000-00000000000d",
    "channelWebhookUrl": f"{SECRET}channelWebhookUrl",
    "chatWebhookUrl": f"{SECRET}chatWebhookUrl",
    "newSigningKey": f"{SECRET}newSigningKey",
}
FULL: dict[str, Value] = {
    "signInMode": "required",
    "signInClientId": "00000000-0000-0000-0000-00000000000e",
    "operators": "adele@contoso.com",
    "alertEmail": "alex@contoso.com",
    "budgetAmount": 100,
    "budgetStartDate": "2026-12-01",
    "logRetentionDays": 60,
    "logDailyCapGb": 3,
    "storageSku": "Standard_ZRS",
    "taskHubRetentionDays": 20,
    "instanceMemoryMB": 4096,
    "maximumInstanceCount": 90,
    "deploymentName": "drafts",
    "modelName": "gpt-5",
    "modelVersion": "2026-01-01",
    "modelSku": "DataZoneStandard",
    "modelCapacity": 70,
    "furtherSettings": {"MODEL_PRICE_INPUT": "0.0025"},
    "lockResources": True,
    "signingKeyGeneration": 2,
    "durableAlwaysReady": 1,
    "tags": {"team": "news"},
}
# Ways to deploy that differ in what is deployed. Every condition is met in one and not in another.
MODES: dict[str, dict[str, Value]] = {
    "plain": {},
    "bare": {
        "channelWebhookUrl": "",
        "chatWebhookUrl": "",
        "principalId": "",
        "restoreSoftDeleted": True,
    },
    "private": {"vnetEnabled": True},
    "private storage": {"vnetEnabled": True, "durableBackend": "AzureStorage"},
    "full": {**FULL, "vnetEnabled": True},
    "full storage": {**FULL, "durableBackend": "AzureStorage"},
    "model of others": {"existingOpenAiResourceId": SHARED_MODEL, "vnetEnabled": True},
    "dedicated": {
        "schedulerSku": "Dedicated",
        "signInMode": "on",
        "signInClientId": FULL["signInClientId"],
        "purgeProtection": False,
        "schedulerIpAllowlist": ["203.0.113.0/24"],
        "principalType": "Group",
    },
}


@dataclass(frozen=True)
class Project:
    """The texts that are checked, by path relative to the root."""

    texts: dict[str, str]
    deployments: dict[str, Deployment] = field(default_factory=dict)

    @cached_property
    def bicep(self) -> dict[str, File]:
        """Read the Bicep files. Raises Unreadable."""
        found = {path: text for path, text in self.texts.items() if path.endswith(".bicep")}
        return {path: read(path, text) for path, text in found.items()}

    @property
    def main(self) -> File:
        """Return the template that azd deploys."""
        return self.bicep[MAIN]

    @cached_property
    def roots(self) -> list[str]:
        """Return the files that no other uses: the main template and those that stand alone."""
        used = {
            path
            for file in self.bicep.values()
            for module in file.modules.values()
            if (path := joined(file.path, module.path)) in self.bicep
        }
        return [path for path in self.bicep if path not in used]

    def deployed(self, mode: str, cloud: str = PUBLIC) -> Deployment:
        """Deploy the main template on paper, once a mode and cloud."""
        key = f"{mode} in {cloud}"
        if key not in self.deployments:
            asked = {**NEEDED, **MODES[mode]}
            given = {name: value for name, value in asked.items() if name in self.main.params}
            made = Deployment(self.bicep, self.texts, MAIN, given, cloud=cloud)
            self.deployments[key] = made
        return self.deployments[key]

    def alone(self, path: str) -> Deployment:
        """Deploy a template other than the main one, with what its params need unknown."""
        if path not in self.deployments:
            self.deployments[path] = Deployment(self.bicep, self.texts, path, {})
        return self.deployments[path]

    def changed(self, path: str, text: str | None) -> Project:
        """Return the same project with another text in one file, or without that file."""
        kept = {name: held for name, held in self.texts.items() if name != path}
        return Project(kept if text is None else kept | {path: text})


@cache
def project() -> Project:
    """Read the project as it is."""
    paths = [path.as_posix() for path in files()]
    taken = [path for path in paths if path.startswith("infra/") or path in BESIDE]
    return Project({path: (ROOT / path).read_text("utf-8") for path in taken})
