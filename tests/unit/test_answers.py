"""Every answer is JSON with the security headers, and every mistake is a problem document."""

import logging
from datetime import timedelta
from typing import Any

import azure.functions as func
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost import problems
from signpost.ledger import LedgerAway
from signpost.oversight.answers import respond
from signpost.problems import Invalid, Misconfigured, Problem
from signpost.runs import Start
from tests.builders import ADELE, NOW, a_case, a_request, a_round, json_of, said
from triggers.answers import MAX_BODY_BYTES, SECURITY_HEADERS, answer, guarded, read_body
from triggers.steering import Extend, Resolve


def refused(body: Any, **options: Any) -> Problem:
    """Give the problem that reading a body ends in."""
    with pytest.raises(Problem) as error:
        read_body(a_request(body, **options), Start)
    return error.value


def test_a_good_body_is_read() -> None:
    """The body comes as its type."""
    assert read_body(a_request({"inputs": {"Topic": "T"}}), Start).inputs == {"Topic": "T"}


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/json ;x"]
)
def test_json_is_read_however_it_is_named(kind: str) -> None:
    """Case and parameters of the content type do not matter."""
    assert read_body(a_request({"inputs": {}}, headers={"Content-Type": kind}), Start)


KINDS = [
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "*/*",
]


@pytest.mark.parametrize("kind", KINDS)
def test_other_content_types_are_refused(kind: str) -> None:
    """A form on another site can't send JSON, so nothing else is read."""
    assert refused({"inputs": {}}, headers={"Content-Type": kind}).status == 415


def test_the_largest_body_is_read() -> None:
    """256 KB are the limit, whatever they hold."""
    start = b'{"inputs":{}}'
    assert read_body(a_request(start + b" " * (MAX_BODY_BYTES - len(start))), Start)


def test_a_larger_body_is_refused_unread() -> None:
    """One byte more is refused before anything looks into it."""
    assert refused(b"[" * (MAX_BODY_BYTES + 1)).status == 413


UNREADABLE = [
    b"", b"{", b"nonsense", b"{'inputs': {}}", b'{"inputs":{"T":NaN}}',
    b'{"inputs":{"T":Infinity}}', b'{"inputs":{}}{"inputs":{}}', b'\xef\xbb\xbf{"inputs":{}}',
    b'{"inputs":{"T":"\xff"}}', b'{"inputs":{"T":"\\ud800"}}', b'{"inputs":{"T":"\\ud800\\ud800"}}',
    b'{"inputs":{"T":"\\udc00"}}', b'{"inputs":{"T":"\n"}}', b'{"inputs":{"\xed\xa0\x80":1}}',
    b"\x1f\x8b\x08\x00", b"\xff\xfe{\x00",
    b'{"inputs":{"T":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    b'{"inputs":{"T":' + b'{"x":' * 40_000 + b"1" + b"}" * 40_000 + b"}}",
]  # fmt: skip


def test_a_body_in_another_encoding_is_told_so() -> None:
    """The caller reads what to mend, not a decoder's words."""
    assert refused(b'{"inputs":{"T":"\xe9"}}').detail.endswith("it is no UTF-8 text.")


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: ascii(body)[:40])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    """Malformed, cut, nested or wrongly encoded: the caller is told that it is no JSON."""
    error = refused(body)
    assert (error.status, type(error)) == (400, problems.Unreadable)


INVALID = [
    ([], None),
    (5, None),
    ({}, "inputs"),
    ({"inputs": []}, "inputs"),
    ({"inputs": None}, "inputs"),
    ({"inputs": {}, "colour": "red"}, "colour"),
    ({"inputs": {}, "parameters": {"temperature": 2.1}}, "parameters.temperature"),
    ({"inputs": {}, "parameters": {"temperature": "hot"}}, "parameters.temperature"),
    ({"inputs": {}, "parameters": {"max_tokens": 0}}, "parameters.max_tokens"),
    ({"inputs": {}, "parameters": {"max_tokens": 10**18}}, "parameters.max_tokens"),
    ({"inputs": {}, "parameters": {"tempo": 1}}, "parameters.tempo"),
    ({"inputs": {}, "requestor": "megan"}, "requestor"),
    ({"inputs": {}, "requestor": "a@b\n"}, "requestor"),
    ({"inputs": {}, "requestor": "a@b" + "c" * 252}, "requestor"),
    (b'{"inputs":{},"parameters":{"max_tokens":%s}}' % (b"9" * 5000), "parameters.max_tokens"),
    (b'{"inputs":{},"parameters":{"temperature":1e999}}', "parameters.temperature"),
]


@pytest.mark.parametrize("body,field", INVALID, ids=lambda value: str(value)[:50])
def test_wrong_values_are_named(body: Any, field: str | None) -> None:
    """The field at fault is told, unless it is the body as a whole."""
    error = refused(body)
    assert (error.status, error.field) == (422, field)


MENDABLE = [
    ({"input": {}}, Start, "There is no field of this name: is it `inputs`?"),
    ({"delivery": "there"}, Resolve, "take 'it is there' or 'post again'"),
    ({"expiresAt": "2026-12-01"}, Extend, "Expected a time with its offset, such as 20"),
    ({"inputs": {}, "parameters": {"temperature": 9}}, Start, "Give a number of at most 2."),
    ({"inputs": {}, "parameters": {"temperature": "hot"}}, Start, "Give a number."),
    ({"inputs": {}, "parameters": {"max_tokens": 0}}, Start, "Give a number of at least 1."),
    ({"inputs": {}, "parameters": {"max_tokens": 20_000}}, Start, "a number of at most 16,384."),
    ({"inputs": {}, "parameters": {"max_tokens": 1.5}}, Start, "Give a whole number."),
]


@pytest.mark.parametrize("body,kind,told", MENDABLE)
def test_a_wrong_value_is_told_with_its_remedy(body: Any, kind: type, told: str) -> None:
    """The caller reads what would be taken, without looking it up."""
    with pytest.raises(Invalid) as error:
        read_body(a_request(body), kind)
    assert told in error.value.detail
    assert "?." not in error.value.detail


@given(st.binary())
def test_noise_is_always_a_problem(noise: bytes) -> None:
    """Whatever bytes come, the answer is 400 or 422."""
    assert refused(noise).status in (400, 422)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_problem_can_be_sent(value: Any) -> None:
    """Whatever JSON comes, it is read or its problem is a document."""
    try:
        read_body(a_request({"inputs": value}), Start)
        document: dict[str, Any] = {}
    except Problem as error:
        document = error.document()
    assert msgspec.json.decode(msgspec.json.encode(document)) == document


async def raising(error: Exception) -> func.HttpResponse:
    """Answer as a route whose handler raises."""

    @guarded
    async def handler() -> func.HttpResponse:
        raise error

    return await handler()


async def test_a_problem_is_answered_as_rfc_9457_says() -> None:
    """Type, title, status and detail, with the field and what else a program may read."""
    sent = await raising(Invalid("Too long.", field="inputs.Topic", limit=4000))
    assert sent.mimetype == "application/problem+json"
    assert json_of(sent) == {
        "type": "urn:signpost:problem:Invalid",
        "title": "A value can't be used",
        "status": 422,
        "detail": "Too long.",
        "field": "inputs.Topic",
        "limit": 4000,
    }


async def test_our_own_errors_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is 500 without its text; the log gets its kind and place, and no text."""
    sent = await raising(RuntimeError("a secret"))
    assert sent.status_code == 500
    assert b"secret" not in sent.get_body()
    assert "a secret" not in caplog.text
    assert '"error": "RuntimeError", "at": [' in caplog.text


async def test_missing_settings_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs the app finds the setting's name in the log."""
    sent = await raising(Misconfigured("The setting X is missing.", field="X"))
    assert (sent.status_code, json_of(sent)["field"]) == (500, "X")
    [(_, level, line)] = caplog.record_tuples
    told = {"message": "The setting X is missing.", "action": "handler"}
    assert (level, msgspec.json.decode(line)) == (logging.ERROR, told)


@pytest.mark.parametrize("where", ["", "local"])
async def test_strangers_hear_no_value(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """What a setting or a file holds is for who operates; on one machine that is everybody."""
    monkeypatch.setenv("SIGNPOST_ENVIRONMENT", where)
    sent = await raising(Misconfigured("people.yaml, line 3, 'adele@contoso.com' stands twice"))
    assert (b"adele@contoso.com" in sent.get_body()) == bool(where)


async def test_callers_mistakes_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody can fill the log with bad requests."""
    await raising(Invalid("Too long."))
    assert caplog.records == []


@pytest.mark.parametrize("error", [Invalid("x"), RuntimeError("x"), Misconfigured("x")])
async def test_every_answer_has_the_security_headers(error: Exception) -> None:
    """Frames, sniffing, referrers and caches are refused on errors as on successes."""
    for sent in (await raising(error), answer({})):
        assert {name: sent.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_pages_can_run_no_foreign_script() -> None:
    """The policy allows our own files only, and no frame around them."""
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_every_problem_has_its_own_status_line() -> None:
    """A program tells the problems apart by type."""
    kinds = Problem.__subclasses__()
    made: dict[Any, Problem] = {
        problems.BadLink: problems.BadLink(),
        problems.Away: problems.Away(),
        problems.TooSoon: problems.TooSoon("x", timedelta(minutes=1)),
        problems.TooMany: problems.TooMany("x", timedelta(hours=1)),
    }
    documents = [(made[kind] if kind in made else kind("x")).document() for kind in kinds]
    assert len({document["type"] for document in documents}) == len(kinds)
    assert msgspec.json.encode(documents)


async def test_who_has_to_wait_is_told_how_long() -> None:
    """Retry-After is in whole seconds, rounded up."""
    sent = await raising(problems.TooSoon("Wait.", timedelta(seconds=59.2)))
    assert (sent.status_code, sent.headers["Retry-After"]) == (429, "60")


async def test_a_ledger_that_is_away_is_503(caplog: pytest.LogCaptureFixture) -> None:
    """The caller is told to come back, the log says what is away, and nothing of it is told."""
    sent = await raising(LedgerAway("the ledger /secret/ledger.db is away"))
    assert (sent.status_code, sent.headers["Retry-After"]) == (503, "5")
    assert b"secret" not in sent.get_body()
    assert "/secret/ledger.db" in caplog.text


async def test_a_conflict_shows_the_answer_that_counted() -> None:
    """The decision has the shape that it has everywhere on the wire, not that of the ledger."""
    decision = respond(a_case(), NOW, said(), a_round()).decision
    late = problems.Decided("Late.", outcome="Approve", decision=decision)
    document = json_of(await raising(late))
    assert document["decision"]["responder"]["email"] == ADELE
    assert document["decision"]["approverResponse"] == "Approve"
