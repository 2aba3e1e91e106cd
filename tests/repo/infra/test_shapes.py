"""Values are compared with the shapes of Azure's types: what does not fit is said in words."""

from __future__ import annotations

import pytest

from tests.repo.infra import shapes
from tests.repo.infra.values import Later, Value

STORAGE = "Microsoft.Storage/storageAccounts@2025-01-01"
GOOD: dict[str, Value] = {
    "name": "st1",
    "location": "swedencentral",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "properties": {"minimumTlsVersion": "TLS1_2", "networkAcls": {"defaultAction": "Deny"}},
}


def wrong(pair: str, body: dict[str, Value]) -> list[str]:
    """Return what does not fit."""
    place = shapes.place_of(pair)
    assert place is not None
    return list(shapes.misfits(body, place, ""))


def test_what_fits_is_not_told() -> None:
    """A body that is as Azure has it comes without findings."""
    assert wrong(STORAGE, GOOD) == []


@pytest.mark.parametrize(
    "change,told",
    [
        ({"skus": {}}, "skus does not exist; is it sku?"),
        ({"sku": None}, "lacks the required sku"),
        ({"kind": "StorageV3"}, "kind is 'StorageV3'"),
        ({"properties": {"minimumTlsVersion": "TLS1.2"}}, "minimumTlsVersion is 'TLS1.2'"),
        ({"properties": {"allowSharedKeyAccess": "no"}}, "must be true or false"),
        ({"properties": []}, "properties must be an object"),
        ({"properties": {"primaryEndpoints": {}}}, "properties.primaryEndpoints is read-only"),
        ({"tags": {"a": 1}}, "tags.a must be a string"),
        ({"properties": {"networkAcls": {}}}, "lacks the required defaultAction"),
    ],
)
def test_what_does_not_fit_is_told(change: dict[str, Value], told: str) -> None:
    """Unknown, missing, read-only, of another kind, or not among the values."""
    found = wrong(STORAGE, GOOD | change)
    assert len(found) == 1
    assert told in found[0]


def test_what_is_known_later_fits() -> None:
    """A value that only the deployment knows is not judged."""
    assert wrong(STORAGE, GOOD | {"kind": Later("{kind}")}) == []


def test_shape_may_depend_on_the_name() -> None:
    """The settings of sign-in are compared with their own shape, not that of app settings."""
    pair = "Microsoft.Web/sites/config@2024-11-01"
    assert wrong(pair, {"name": "appsettings", "properties": {"ANY": "text"}}) == []
    [found] = wrong(pair, {"name": "authsettingsV2", "properties": {"ANY": "text"}})
    assert "properties.ANY does not exist" in found


def test_member_of_a_resource_is_looked_up() -> None:
    """Reading what no resource has is told; a map takes every name."""
    place = shapes.place_of(STORAGE)
    assert place is not None
    tags = shapes.member(place, "tags")
    assert tags is not None
    assert shapes.member(tags, "anything") is not None
    with pytest.raises(KeyError):
        shapes.member(place, "endpoint")
