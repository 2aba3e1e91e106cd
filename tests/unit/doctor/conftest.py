"""Gives the tests of the doctor the systems that it looks at, on loopback."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.doctor.models_double import ModelsDouble
from tests.unit.doctor.storage_double import StorageDouble
from tests.unit.doctor.vault_double import VaultDouble


@pytest.fixture
async def storage() -> AsyncIterator[StorageDouble]:
    """Listen as a storage account."""
    async with StorageDouble() as listening:
        yield listening


@pytest.fixture
async def key_vault() -> AsyncIterator[VaultDouble]:
    """Listen as a key vault."""
    async with VaultDouble() as listening:
        yield listening


@pytest.fixture
async def models() -> AsyncIterator[ModelsDouble]:
    """Listen as an OpenAI-compatible server."""
    async with ModelsDouble() as listening:
        yield listening
