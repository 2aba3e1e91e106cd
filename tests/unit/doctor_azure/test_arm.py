"""The client of Azure Resource Manager gives its token to nobody else, and reads odd answers."""

import aiohttp
import pytest

from signpost.doctor.azure.arm import Arm, Refused, listed, text, within
from tests.doubles.arm_double import TOKEN
from tests.unit.doctor_azure.installed import GROUP

ELSEWHERE = "https://management.azure.com.example.com/next"


async def test_link_to_another_host_is_not_followed(arm) -> None:
    """A next page elsewhere is left alone, since the token would go along."""
    page = {"value": [{"name": "one"}], "nextLink": ELSEWHERE}
    arm.put(f"{GROUP}/resources", page)
    async with aiohttp.ClientSession() as session:
        found = await Arm(session, arm.url, TOKEN).every(f"{GROUP}/resources", "2024-11-01")
    assert found == [{"name": "one"}]


@pytest.mark.parametrize("id_", ["@localhost/x", ".example.com/x", "x", ""])
async def test_odd_id_names_no_other_host(arm, id_) -> None:
    """What stands where an id should be is not joined to the address and shown the token."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Refused) as refused:
            await Arm(session, arm.url, TOKEN).get(id_, "2024-11-01")
    assert refused.value.status == 0


async def test_large_page_is_read_whole(arm) -> None:
    """A page that arrives in many pieces is one answer."""
    arm.put(f"{GROUP}/resources", [{"name": "n" * 1000}] * 2000)
    arm.page = 2000
    async with aiohttp.ClientSession() as session:
        found = await Arm(session, arm.url, TOKEN).every(f"{GROUP}/resources", "2024-11-01")
    assert len(found) == 2000


async def test_endless_list_ends(arm) -> None:
    """A list that links to itself is read a bounded number of times."""
    page = {"value": [{}], "nextLink": f"{arm.url}{GROUP}/resources?api-version=2024-11-01"}
    arm.put(f"{GROUP}/resources", page)
    async with aiohttp.ClientSession() as session:
        found = await Arm(session, arm.url, TOKEN).every(f"{GROUP}/resources", "2024-11-01")
    assert 1 < len(found) < 100


async def test_refusal_carries_code_and_permission(arm) -> None:
    """A refusal names the code, and the permission that is missing."""
    arm.deny(GROUP, "Microsoft.Resources/subscriptions/resourceGroups/read")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Refused) as refused:
            await Arm(session, arm.url, TOKEN).get(GROUP, "2024-11-01")
    assert refused.value.code == "AuthorizationFailed"
    assert refused.value.action == "Microsoft.Resources/subscriptions/resourceGroups/read"


async def test_answer_of_a_gateway_is_a_refusal(arm) -> None:
    """Something that is not JSON, or not an object, is told by its status."""
    arm.put(GROUP, "a page of a proxy")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Refused) as refused:
            await Arm(session, arm.url, TOKEN).get(GROUP, "2024-11-01")
    assert (refused.value.status, refused.value.code) == (200, "NoCode")


@pytest.mark.parametrize("odd", [None, 1, "text", [], {"a": None}, {"a": {"b": 3}}, {"a": [1]}])
def test_odd_shapes_read_as_nothing(odd) -> None:
    """An answer of another shape than documented never raises."""
    assert within(odd, "a", "c") is None
    assert text(odd, "a", "b") == ""
    assert listed(odd, "a", "b") == []
