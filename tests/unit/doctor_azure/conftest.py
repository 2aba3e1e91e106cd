"""Gives the tests of the doctor's look at Azure a sound installation, and what examines it."""

import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from signpost.doctor import azure
from signpost.doctor.finding import Finding
from tests.doubles import fake_az
from tests.doubles.arm_double import TOKEN, ArmDouble
from tests.unit.doctor_azure import installed
from tests.unit.doctor_azure.installed import SECRET

Examine = Callable[[], Awaitable[list[Finding]]]


@pytest.fixture
def az_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an Azure CLI that is signed in on the path, alone there."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return fake_az.install(tmp_path / "bin", TOKEN)


@pytest.fixture
async def arm() -> AsyncIterator[ArmDouble]:
    """Listen as Azure Resource Manager, with a sound installation."""
    async with ArmDouble() as listening:
        installed.install(listening)
        yield listening


@pytest.fixture
def examine(arm: ArmDouble, az_log: Path) -> Examine:
    """Give what examines: whatever it finds holds no secret, and its fix can be pasted."""

    async def examined() -> list[Finding]:
        found = await azure.examine(installed.GROUP_NAME, installed.SUBSCRIPTION, endpoint=arm.url)
        assert SECRET not in repr(found)
        assert TOKEN not in repr(found)
        for fix in (each.fix for each in found if each.fix):
            assert shlex.split(fix, comments=True)
        return found

    return examined


@pytest.fixture
def problems(examine: Examine) -> Examine:
    """Give what examines the installation for what is not sound."""

    async def examined() -> list[Finding]:
        return [each for each in await examine() if each.state != "ok"]

    return examined
