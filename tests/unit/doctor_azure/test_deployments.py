"""Failed deployments are told by their innermost error, unless a later one mended them."""

import json

import pytest

from tests.unit.doctor_azure.installed import (
    DEPLOYMENTS,
    GROUP,
    SUB,
    deployment,
    fail,
    operation,
)

NESTED = "Microsoft.Resources/deployments"
KIND = "Microsoft.Storage/storageAccounts"
TAKEN = {"code": "StorageAccountAlreadyTaken", "message": "The name stnews is already taken."}


async def test_failure_is_told_with_its_fix(arm, problems) -> None:
    """One failed step is one problem, with the name of the resource and what to do."""
    fail(arm, KIND, "stnews", {"error": TAKEN})
    [found] = await problems()
    assert (found.check, found.state) == ("azure deployments", "problem")
    assert "somebody else's storage account" in found.detail
    assert "StorageAccountAlreadyTaken" in found.detail
    assert found.fix.startswith("azd env new")


@pytest.mark.parametrize(
    "said",
    [
        {"status": "Failed", "error": TAKEN},
        {"error": {"code": "DeploymentFailed", "message": "See details.", "details": [TAKEN]}},
        {"error": {"code": "Conflict", "message": json.dumps({"error": TAKEN})}},
        {"error": {"code": "A", "details": [{"code": "B", "details": [{"error": TAKEN}]}]}},
        {"error": {"code": "BadRequest", "message": json.dumps({"status": "Failed", **TAKEN})}},
    ],
)
async def test_innermost_error_is_told(arm, problems, said) -> None:
    """Wrappers are walked down, also those that carry the error as text."""
    fail(arm, KIND, "stnews", said)
    [found] = await problems()
    assert "somebody else's storage account" in found.detail


@pytest.mark.parametrize("said", [{"error": {"message": "m"}}, {"error": {"code": "m"}}])
async def test_half_an_error_is_told(arm, problems, said) -> None:
    """An error with a sentence alone, or a code alone, is one."""
    fail(arm, KIND, "stnews", said)
    [found] = await problems()
    assert found.detail == f"{KIND} stnews failed. Azure says: m"


@pytest.mark.parametrize("said", [None, "text", {}, {"error": None}, {"error": {"details": [1]}}])
async def test_step_without_an_error_falls_back(arm, problems, said) -> None:
    """Where a step tells nothing that can be read, the deployment is told to have failed."""
    fail(arm, KIND, "stnews", said)
    [found] = await problems()
    assert "parts failed, without a reason" in found.detail


async def test_error_is_told_once(arm, problems) -> None:
    """What failed inside, and is told again by the deployment around it, is one problem."""
    fail(arm, KIND, "stnews", {"error": TAKEN})
    around = deployment("news-1763640000", "Failed", 12, SUB)
    arm.at(SUB + DEPLOYMENTS).append(around)
    said = {"error": {"code": "DeploymentFailed", "message": "See.", "details": [TAKEN]}}
    arm.put(f"{around['id']}/operations", [operation(NESTED, "parts", said)])
    [found] = await problems()
    assert "stnews failed" in found.detail


async def test_failure_in_the_subscription_alone_is_told(arm, problems) -> None:
    """A deployment that failed before the group was reached is found in the subscription."""
    around = deployment("news-1763640000", "Failed", 12, SUB)
    around["properties"]["error"] = {"code": "DeploymentFailed", "details": [TAKEN]}
    arm.at(SUB + DEPLOYMENTS).append(around)
    arm.put(f"{around['id']}/operations", [])
    [found] = await problems()
    assert "StorageAccountAlreadyTaken" in found.detail


async def test_later_success_of_the_name_mends(arm, problems) -> None:
    """A part that failed in one attempt and succeeded in the next is mended."""
    listed = arm.at(GROUP + DEPLOYMENTS)
    listed.append(deployment("storage-abcdefghijklm", "Failed", 11))
    listed.append(deployment("storage-mlkjihgfedcba", "Succeeded", 12))
    assert await problems() == []


async def test_later_success_of_the_whole_mends(arm, problems) -> None:
    """After a whole deployment that succeeded, what failed before it counts no more."""
    arm.at(GROUP + DEPLOYMENTS).append(deployment("old-part", "Failed", 8))
    assert await problems() == []


async def test_failure_after_a_success_counts(arm, problems) -> None:
    """A part that failed after the last whole deployment is told, whatever succeeded before."""
    arm.at(GROUP + DEPLOYMENTS).append(deployment("app", "Failed", 12))
    arm.put(f"{GROUP}{DEPLOYMENTS}/app/operations", [])
    [found] = await problems()
    assert found.state == "problem"
    assert "app failed, without a reason" in found.detail


async def test_half_finished_deployment_is_run_again(arm, problems) -> None:
    """A cancelled deployment asks to be run again, which takes up where it stopped."""
    arm.at(SUB + DEPLOYMENTS).append(deployment("news-1763640000", "Canceled", 12, SUB))
    [found] = await problems()
    assert (found.state, found.fix) == ("problem", "azd provision")
    assert "cancelled half-way" in found.detail


async def test_running_deployment_is_unknown(arm, problems) -> None:
    """While a deployment runs nothing is judged."""
    arm.at(GROUP + DEPLOYMENTS).append(deployment("app", "Running", 12))
    [found] = await problems()
    assert found.state == "unknown"


async def test_deployments_of_others_are_left_alone(arm, problems) -> None:
    """Another environment in the same subscription is not ours to judge."""
    other = deployment("shop-1763640000", "Failed", 12, SUB)
    other["properties"]["parameters"]["environmentName"]["value"] = "shop"
    arm.at(SUB + DEPLOYMENTS).append(other)
    assert await problems() == []


async def test_deployment_is_ours_by_azds_tag(arm, problems) -> None:
    """A deployment that carries the environment's tag counts without its parameters."""
    tagged = deployment("any", "Canceled", 12, SUB)
    del tagged["properties"]["parameters"]
    arm.at(SUB + DEPLOYMENTS).append(tagged | {"tags": {"azd-env-name": "news"}})
    assert len(await problems()) == 1


async def test_environment_is_known_by_the_name_of_the_group(arm, problems) -> None:
    """A group that lost its tags is that of the environment in its name."""
    del arm.at(GROUP)["tags"]
    arm.at(SUB + DEPLOYMENTS).append(deployment("by hand", "Canceled", 12, SUB))
    assert len(await problems()) == 1
