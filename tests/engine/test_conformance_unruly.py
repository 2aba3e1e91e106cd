"""User code that breaks its surroundings: the call fails, the host and all others go on."""

from itertools import product

import pytest

from tests.engine.conftest import Open

_KINDS = ("plain", "awaiting", "orchestrator", "entity")
_WAYS = ("speechless", "final", "cancelled", "leave")


@pytest.mark.parametrize("kind,way", list(product(_KINDS, _WAYS)))
async def test_what_user_code_raises_fails_its_own_call_only(open_app: Open, kind: str, way: str):
    """No exception, however odd, leaves an instance hanging or ends the host."""
    app = await open_app("unruly")
    await app.start("call", [kind, way], key="odd")
    assert (await app.status("odd"))["runtimeStatus"] == "Failed"


async def test_the_loop_of_async_functions_goes_on_when_stopped(open_app: Open):
    """A function that stops the loop which all share stops nothing."""
    app = await open_app("unruly")
    await app.start("call", ["awaiting", "stop"], key="stop")
    assert await app.output("stop") == "still here"
