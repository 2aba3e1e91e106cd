"""Owns looking at the ledger: a row is written there, read and taken away."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from signpost.doctor.finding import Finding
from signpost.doctor.outside import Reply, Unreached
from signpost.doctor.roles import TABLES
from signpost.doctor.storage import Service, ask, no_answer, refusal
from signpost.doctor.surroundings import Surroundings
from signpost.doctor.tokens import NoToken
from signpost.ledger import Ledger, LedgerAway

CHECK = "ledger"
SETTING = "SIGNPOST_LEDGER"
TABLE = "signpost"
PARTITION = "doctor"  # where no run keeps anything
JSON = {"Accept": "application/json"}
EMULATOR = r"UseDevelopmentStorage=true|//(127\.0\.0\.1|localhost)[:/]"
ANY_ETAG = {"If-Match": "*"}
SOUND = Finding(CHECK, "ok", "The ledger can be written, read and erased.")


async def check(around: Surroundings) -> list[Finding]:
    """Prove that decisions can be kept."""
    if around.lacks(SETTING):
        return [Finding(CHECK, "unknown", f"{SETTING} has to be right first.")]
    kind, _, place = around.config.ledger.partition(":")
    if place.startswith("https://"):
        return [await probe(place, around.env)]
    return [await (_by_key(place) if kind == "tables" else asyncio.to_thread(_in_file, place))]


async def probe(url: str, env: Mapping[str, str]) -> Finding:
    """Write, read and erase a row of the table, as the app's identity."""
    service = Service(CHECK, url, SETTING, TABLES.name)
    row = uuid4().hex
    path = f"/{TABLE}(PartitionKey='{PARTITION}',RowKey='{row}')"
    try:
        answer = await _written(service, env, path, row)
        for method in ("GET", "DELETE"):
            if answer.status < HTTPStatus.BAD_REQUEST:
                more = JSON if method == "GET" else JSON | ANY_ETAG
                answer = await ask(service, env, method, path, headers=more)
    except (NoToken, Unreached) as error:
        return no_answer(service, error, env)
    return SOUND if answer.status < HTTPStatus.BAD_REQUEST else refusal(service, answer, env)


async def _written(service: Service, env: Mapping[str, str], path: str, row: str) -> Reply:
    """Write the row, into a new table where the app has made none yet."""
    body = {"PartitionKey": PARTITION, "RowKey": row}
    answer = await ask(service, env, "PUT", path, body, headers=JSON)
    if "TableNotFound" not in answer.codes:
        return answer
    made = await ask(service, env, "POST", "/Tables", {"TableName": TABLE}, headers=JSON)
    if made.status >= HTTPStatus.BAD_REQUEST and "TableAlreadyExists" not in made.codes:
        return made
    return await ask(service, env, "PUT", path, body, headers=JSON)


async def _by_key(place: str) -> Finding:
    from signpost.ledger.tables import TablesLedger  # noqa: PLC0415 - only the store in use

    ledger = TablesLedger(place)
    try:
        return await _probe(ledger, place)
    finally:
        await ledger.close()


def _in_file(place: str) -> Finding:
    from signpost.ledger.sqlite import SqliteLedger  # noqa: PLC0415 - only the store in use

    ledger = SqliteLedger(place)
    try:
        return asyncio.run(_probe(ledger, place))
    finally:
        ledger.close()


async def _probe(ledger: Ledger, place: str) -> Finding:
    row = uuid4().hex
    try:
        await ledger.insert(PARTITION, row, b"{}")
        entry = await ledger.get(PARTITION, row)
        await ledger.delete(PARTITION, row)
    except LedgerAway as error:
        what = f"Nothing can be decided: {error}."
        return Finding(CHECK, "problem", what, _fix(place))
    if entry is None:
        return Finding(CHECK, "problem", "A row that was written is gone.", _fix(place))
    return SOUND


def _fix(place: str) -> str:
    if re.search(EMULATOR, place):
        return f"npx azurite   # starts the storage emulator that {SETTING} names"
    return f"Mend what {SETTING} names, or name another place there: see docs/settings.md."
