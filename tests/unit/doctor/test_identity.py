"""An identity that gives no token is told, with what AZURE_CLIENT_ID is to be."""

import pytest
from aiohttp import web

from signpost.doctor.checks import identity as checked
from signpost.doctor.tokens import NoToken, token_for
from tests.doubles.identity_double import IdentityDouble
from tests.unit.doctor.installed import (
    CLIENT,
    IN_AZURE,
    an_environment,
    an_installation,
    problem,
    states,
)

LOCAL_MODEL = {
    "AZURE_OPENAI_ENDPOINT": "", "MODEL_BASE_URL": "http://127.0.0.1:1/v1", "MODEL_NAME": "small"
}  # fmt: skip


class OneIdentity(IdentityDouble):
    """An app with one user-assigned identity, which is strict about the secret header, too."""

    async def _token(self, request: web.Request) -> web.Response:
        if request.headers.get("X-IDENTITY-HEADER") != "made-up":
            return web.Response(status=401)
        if request.query.get("client_id") != CLIENT:
            return web.json_response({"statusCode": 400, "message": "None found."}, status=400)
        return await super()._token(request)


async def test_an_identity_that_gives_tokens_is_sound() -> None:
    """It is asked by its client id, for storage."""
    async with OneIdentity() as one:
        assert states(await checked.check(an_installation(one, **IN_AZURE))) == ["ok"]
    assert one.resources == ["https://storage.azure.com/"]


async def test_a_wrong_client_id_is_named() -> None:
    """The command lists the right ones."""
    async with OneIdentity() as one:
        wrong = IN_AZURE | {"AZURE_CLIENT_ID": "another"}
        finding = problem(await checked.check(an_installation(one, **wrong)))
    assert "AZURE_CLIENT_ID is another" in finding.detail
    assert "az functionapp identity show --name app-signpost" in (finding.fix or "")


async def test_a_missing_client_id_is_named() -> None:
    """A user-assigned identity is never taken by itself."""
    async with OneIdentity() as one:
        finding = problem(await checked.check(an_installation(one)))
    assert "AZURE_CLIENT_ID is not set" in finding.detail


async def test_an_endpoint_that_fails_is_told(identity: IdentityDouble) -> None:
    """By its number; a restart may help."""
    identity.status = 500
    finding = problem(await checked.check(an_installation(identity, **IN_AZURE)))
    assert "(500)" in finding.detail


async def test_an_app_without_an_identity_is_told() -> None:
    """In Azure it is a fault, on a laptop it can't be known."""
    assert "no managed identity" in problem(await checked.check(an_installation(**IN_AZURE))).detail
    assert states(await checked.check(an_installation())) == ["unknown"]


@pytest.mark.parametrize(
    "needs",
    [
        {"SIGNPOST_LEDGER": "tables:https://stsignpost.table.core.windows.net"},
        {"AzureWebJobsStorage__accountName": "stsignpost"},
        {"AZURE_OPENAI_ENDPOINT": "https://oai-signpost.openai.azure.com", "MODEL_BASE_URL": ""},
    ],
)
async def test_whatever_is_keyless_needs_an_identity(needs: dict[str, str]) -> None:
    """Ledger, host storage or model: each by itself is enough."""
    around = an_installation(**LOCAL_MODEL | {"SIGNPOST_LEDGER": "sqlite:ledger.db"} | needs)
    assert states(await checked.check(around)) == ["unknown"]


async def test_nothing_is_asked_for_where_nothing_needs_it() -> None:
    """One machine with a model and a ledger of its own has no identity."""
    around = an_installation(**LOCAL_MODEL, SIGNPOST_LEDGER="sqlite:ledger.db")
    assert states(await checked.check(around)) == ["ok"]


class Garbled(IdentityDouble):
    """An endpoint that answers 200 with something else."""

    async def _token(self, request: web.Request) -> web.Response:
        return web.json_response({"resource": request.query["resource"]})


async def test_an_answer_that_is_no_token_is_none() -> None:
    """Nothing of it is passed on."""
    async with Garbled() as garbled:
        with pytest.raises(NoToken, match="without a token"):
            await token_for("https://vault.azure.net", an_environment(garbled))
