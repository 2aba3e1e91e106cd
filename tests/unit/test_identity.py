"""Who calls is proved by the platform's sign-in alone; what a caller only claims counts nothing."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import azure.functions as func
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.identity import LONGEST_PRINCIPAL, Caller, caller_of, is_same_origin
from signpost.people import Directory, Person
from signpost.settings import Settings
from tests.builders import ADELE, ALEX, MEGAN, a_config

TENANT = "aaaaaaaa-0000-0000-0000-00000000000a"
OTHER_TENANT = "bbbbbbbb-0000-0000-0000-00000000000b"
ADELES_ID = "abcdef11-1111-1111-1111-111111111111"
STRANGERS_ID = "99999999-9999-9999-9999-99999999999f"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
OBJECT_ID, TENANT_ID = f"{MICROSOFT}objectidentifier", f"{MICROSOFT}tenantid"
KNOWN = Directory(
    [
        Person(email=ADELE, aliases=["a.vance@contoso.com"], id=UUID(ADELES_ID), name="Adele"),
        Person(email=ALEX),
    ]
)
IN_TENANT = {OBJECT_ID: ADELES_ID, TENANT_ID: TENANT}


def entra(**fields: Any) -> Settings:
    """Build settings under which our tenant's sign-ins are believed."""
    return a_config(**{"sign_in": "on", "tenant_id": TENANT} | fields)


def principal(*claims: tuple[str, object], **fields: object) -> dict[str, str]:
    """Build the header that App Service authentication sends on."""
    content: dict[str, object] = {
        "auth_typ": "aad",
        "claims": [{"typ": kind, "val": value} for kind, value in claims],
        "name_typ": f"{XMLSOAP}name",
        "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    }
    raw = msgspec.json.encode(content | fields)
    return {"X-MS-CLIENT-PRINCIPAL": b64encode(raw).decode()}


def called(claims: dict[str, str], *more: tuple[str, object], **fields: Any) -> Caller | None:
    """Say who calls with these claims under settings with these fields."""
    return caller_of(principal(*claims.items(), *more), entra(**fields), KNOWN)


@pytest.mark.parametrize("mode", ["on", "required"])
@pytest.mark.parametrize("kinds", [(OBJECT_ID, TENANT_ID), ("oid", "tid")])
def test_who_signed_in_is_known_by_id(mode: str, kinds: tuple[str, str]) -> None:
    """The object id leads to the person, under both names that the claims have."""
    claims = dict(zip(kinds, (ADELES_ID.upper(), TENANT.upper()), strict=True))
    caller = called(claims, sign_in=mode)
    assert caller == Caller(ADELE, "sign-in", id=ADELES_ID, tenant_id=TENANT, display_name="Adele")


def test_strangers_of_our_tenant_are_known_by_id_alone() -> None:
    """Somebody who isn't in people.yaml signs in too, under the object id."""
    caller = called(IN_TENANT | {OBJECT_ID: STRANGERS_ID, "name": "Sam"})
    assert caller == Caller(
        STRANGERS_ID, "sign-in", id=STRANGERS_ID, tenant_id=TENANT, display_name="Sam"
    )


@pytest.mark.parametrize("kind", ["upn", "preferred_username", f"{XMLSOAP}upn"])
def test_names_are_for_showing(kind: str) -> None:
    """The user principal name is kept beside the id."""
    caller = called(IN_TENANT | {kind: "adele@contoso.onmicrosoft.com"})
    assert caller is not None
    assert caller.user_principal_name == "adele@contoso.onmicrosoft.com"


def test_shown_names_stay_on_their_line() -> None:
    """A name that its owner chose can't reverse, hide or fake a line of a log."""
    caller = called(IN_TENANT | {OBJECT_ID: STRANGERS_ID, "name": "Sam\r\n\u202efake\x1b[0m\u200b"})
    assert caller is not None
    assert caller.display_name == "Sam fake[0m"


def test_shown_names_are_short() -> None:
    """A claim of any length ends at 256 characters, and an empty one is none."""
    caller = called(IN_TENANT | {OBJECT_ID: STRANGERS_ID, "name": "x" * 9999, "upn": " "})
    assert caller is not None
    assert (caller.display_name, caller.user_principal_name) == ("x" * 256, None)


@pytest.mark.parametrize(
    "kind",
    ["email", "preferred_username", "upn", "name", f"{XMLSOAP}emailaddress", f"{XMLSOAP}name"],
)
@pytest.mark.parametrize("mail", [ADELE, "a.vance@contoso.com"])
def test_a_mail_address_makes_nobody(kind: str, mail: str) -> None:
    """Who carries Adele's address or alias, but another id, isn't Adele and no operator."""
    caller = called(IN_TENANT | {OBJECT_ID: STRANGERS_ID, kind: mail}, operators=(ADELE,))
    assert caller is not None
    assert (caller.name, caller.is_operator) == (STRANGERS_ID, False)
    assert not KNOWN.same(caller.name or "", ADELE)


def test_guests_have_their_own_id() -> None:
    """A guest whose name is built from Adele's address is somebody else."""
    guest = {"upn": "adele_contoso.com#EXT#@contoso.com", "email": ADELE, "idp": OTHER_TENANT}
    caller = called(IN_TENANT | {OBJECT_ID: STRANGERS_ID} | guest)
    assert caller is not None
    assert caller.name == STRANGERS_ID


REFUSED: dict[str, dict[str, str]] = {
    "another tenant": IN_TENANT | {TENANT_ID: OTHER_TENANT},
    "no tenant": {OBJECT_ID: ADELES_ID},
    "no object id": {TENANT_ID: TENANT, "email": ADELE},
    "an address as the id": IN_TENANT | {OBJECT_ID: ADELE},
    "an id without hyphens": IN_TENANT | {OBJECT_ID: ADELES_ID.replace("-", "")},
    "an id in braces": IN_TENANT | {OBJECT_ID: f"{{{ADELES_ID}}}"},
    "an id and a line end": IN_TENANT | {OBJECT_ID: f"{ADELES_ID}\n"},
    "digits of another script": IN_TENANT | {OBJECT_ID: ADELES_ID.replace("1", "\u0661")},
    "an empty id": IN_TENANT | {OBJECT_ID: ""},
    "a tenant's domain": IN_TENANT | {TENANT_ID: "contoso.onmicrosoft.com"},
    "a kind in other casing": {OBJECT_ID.upper(): ADELES_ID, TENANT_ID: TENANT},
    "two names of one claim": IN_TENANT | {"oid": STRANGERS_ID},
    "two names of the tenant": IN_TENANT | {"tid": OTHER_TENANT},
}


@pytest.mark.parametrize("claims", REFUSED.values(), ids=REFUSED)
def test_unproved_callers_are_nobody(claims: dict[str, str]) -> None:
    """Without one object id and our own tenant nobody signed in."""
    assert called(claims) is None


@pytest.mark.parametrize("kind", [OBJECT_ID, TENANT_ID, "oid", "tid"])
@pytest.mark.parametrize("value", [STRANGERS_ID, OTHER_TENANT, ADELES_ID, TENANT, "", "x"])
def test_doubled_claims_are_not_chosen_from(kind: str, value: str) -> None:
    """A second object id or tenant, alike or not, first or last, makes the principal void."""
    claims = list(IN_TENANT.items())
    for headers in (principal(*claims, (kind, value)), principal((kind, value), *claims)):
        assert caller_of(headers, entra(), KNOWN) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"auth_typ": "github"},
        {"auth_typ": "AAD"},
        {"auth_typ": ""},
        {"auth_typ": None},
        {"claims": None},
        {"claims": {OBJECT_ID: ADELES_ID, TENANT_ID: TENANT}},
        {"claims": [[OBJECT_ID, ADELES_ID], [TENANT_ID, TENANT]]},
        {"claims": [{"typ": OBJECT_ID, "val": [ADELES_ID]}]},
        {"claims": []},
    ],
    ids=str,
)
def test_other_principals_are_nobody(fields: dict[str, object]) -> None:
    """Only Entra's sign-ins count, in the form that the platform writes."""
    assert caller_of(principal(*IN_TENANT.items(), **fields), entra(), KNOWN) is None


GOOD_HEADER = principal(*IN_TENANT.items())["X-MS-CLIENT-PRINCIPAL"]
BROKEN = {
    "empty": "",
    "no base64": "not base64!",
    "other letters": "\u00e4\u20ac\ud800",
    "cut": GOOD_HEADER[:-5],
    "doubled": f"{GOOD_HEADER},{GOOD_HEADER}",
    "with a line end": f"{GOOD_HEADER}\n",
    "no JSON": b64encode(b"{").decode(),
    "no text": b64encode(b"\xff\xfe").decode(),
    "a list": b64encode(b"[]").decode(),
    "null": b64encode(b"null").decode(),
    "deep": b64encode(b'{"x":' + b"[" * 40_000).decode(),
    "twice encoded": b64encode(GOOD_HEADER.encode()).decode(),
}


@pytest.mark.parametrize("header", BROKEN.values(), ids=BROKEN)
def test_broken_headers_are_nobody(header: str) -> None:
    """What the platform would not write is refused, without an error."""
    assert caller_of({"X-MS-CLIENT-PRINCIPAL": header}, entra(), KNOWN) is None


@pytest.mark.parametrize("size", [LONGEST_PRINCIPAL, 1_000_000])
def test_long_headers_are_refused(size: int) -> None:
    """Above the bound even a good principal is not decoded."""
    assert caller_of(principal(*IN_TENANT.items(), padding="x" * size), entra(), KNOWN) is None


def test_the_bound_leaves_room_for_groups() -> None:
    """A principal with 200 groups, the most that Entra lists, is read."""
    groups = [("groups", f"{ADELES_ID[:-4]}{i:04}") for i in range(200)]
    headers = principal(*IN_TENANT.items(), *groups)
    assert len(headers["X-MS-CLIENT-PRINCIPAL"]) < LONGEST_PRINCIPAL / 2
    assert caller_of(headers, entra(), KNOWN) is not None


@pytest.mark.parametrize("mode", ["on", "required"])
def test_who_did_not_sign_in_is_nobody(mode: str) -> None:
    """No header, or the simpler headers that sit beside it, prove nothing."""
    beside = {"X-MS-CLIENT-PRINCIPAL-ID": ADELES_ID, "X-MS-CLIENT-PRINCIPAL-NAME": ADELE}
    assert caller_of({}, entra(sign_in=mode), KNOWN) is None
    assert caller_of(beside, entra(sign_in=mode), KNOWN) is None


def test_the_hosts_headers_are_read_in_any_casing() -> None:
    """The host's mapping finds the header however the platform wrote it."""
    [value] = principal(*IN_TENANT.items()).values()
    request = func.HttpRequest(
        method="GET", url="/", headers={"x-ms-client-principal": value}, body=b""
    )
    caller = caller_of(request.headers, entra(), KNOWN)
    assert caller is not None
    assert caller.name == ADELE


@pytest.mark.parametrize("header", [{}, principal(*IN_TENANT.items()), {"X-Signpost-Me": ADELE}])
def test_with_sign_in_off_only_the_key_counts(header: dict[str, str]) -> None:
    """Forged headers make nobody out of a caller whose key the host has checked."""
    assert caller_of(header, a_config(), KNOWN) == Caller(None, "key", is_operator=True)


@pytest.mark.parametrize("mode", ["on", "required"])
def test_the_switch_is_not_read_elsewhere(mode: str) -> None:
    """Where people sign in, nobody can just say who they are."""
    said = {"X-Signpost-Me": ALEX}
    assert caller_of(said, entra(sign_in=mode), KNOWN) is None
    caller = caller_of(said | principal(*IN_TENANT.items()), entra(sign_in=mode), KNOWN)
    assert caller is not None
    assert caller.name == ADELE


def test_the_switch_says_who_sits_there() -> None:
    """On one machine a caller is whom the header names, under the canonical name."""
    config = a_config(sign_in="local")
    caller = caller_of({"X-Signpost-Me": " A.Vance@Contoso.com "}, config, KNOWN)
    assert caller == Caller(ADELE, "switch", display_name="Adele")


def test_without_the_switch_the_key_counts() -> None:
    """Programs on the machine work as they do where nobody signs in."""
    headers = principal(*IN_TENANT.items())
    caller = caller_of(headers, a_config(sign_in="local"), KNOWN)
    assert caller == Caller(None, "key", is_operator=True)


@pytest.mark.parametrize("said", ["", " ", "adele", "Editors", f"{ADELE};{ALEX}", "a@" + "b" * 999])
def test_the_switch_names_one_person(said: str) -> None:
    """What can't be a person is nobody, and does not fall back to the key."""
    assert caller_of({"X-Signpost-Me": said}, a_config(sign_in="local"), KNOWN) is None


@pytest.mark.parametrize("operator", [ADELE, "A.Vance@contoso.com", ADELES_ID, ADELES_ID.upper()])
def test_operators_are_found_by_id(operator: str) -> None:
    """Whatever name the setting has for an operator, the object id is what counts."""
    caller = called(IN_TENANT, operators=(ALEX, operator))
    assert caller is not None
    assert caller.is_operator


@pytest.mark.parametrize("operators", [(), (ALEX,), (MEGAN,), (STRANGERS_ID,), (TENANT,)])
def test_others_are_no_operators(operators: tuple[str, ...]) -> None:
    """An operator whose id nobody knows is nobody who signs in."""
    caller = called(IN_TENANT, operators=operators)
    assert caller is not None
    assert not caller.is_operator


@pytest.mark.parametrize(
    "said,operators", [(ALEX, [True]), ("Alex@Contoso.com", [True]), (ADELE, [False])]
)
def test_operators_can_be_played_locally(said: str, operators: list[bool]) -> None:
    """The switch makes an operator only of who is one."""
    config = a_config(sign_in="local", operators=(ALEX,))
    caller = caller_of({"X-Signpost-Me": said}, config, KNOWN)
    assert caller is not None
    assert [caller.is_operator] == operators


KINDS = st.sampled_from([OBJECT_ID, TENANT_ID, "oid", "tid", "name", "upn"]) | st.text()
VALUES = st.sampled_from([ADELES_ID, STRANGERS_ID, TENANT, OTHER_TENANT]) | st.text()


@given(st.lists(st.tuples(KINDS, VALUES), max_size=6))
def test_any_claims_prove_an_id_of_our_tenant_or_nothing(claims: list[tuple[str, str]]) -> None:
    """Whoever is believed has exactly one object id and one tenant, ours."""
    caller = caller_of(principal(*claims), entra(), KNOWN)
    ids = [value for kind, value in claims if kind in (OBJECT_ID, "oid")]
    tenants = [value for kind, value in claims if kind in (TENANT_ID, "tid")]
    proved = tenants == [TENANT] and ids in ([ADELES_ID], [STRANGERS_ID], [TENANT], [OTHER_TENANT])
    assert [caller.id if caller else None] == (ids if proved else [None])


@given(st.text() | st.binary().map(lambda raw: b64encode(raw).decode()))
def test_no_header_is_an_error(header: str) -> None:
    """Whatever is sent, in any mode, is answered: it is a person, a key or nobody."""
    for mode in ("off", "on", "required", "local"):
        headers = {"X-MS-CLIENT-PRINCIPAL": header, "X-Signpost-Me": header}
        caller = caller_of(headers, entra(sign_in=mode), KNOWN)
        assert caller is None or caller.proof == ("switch" if mode == "local" else "key")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    max_leaves=10,
)


@given(JSON, JSON, JSON)
def test_no_json_is_an_error(auth_typ: object, claims: object, val: object) -> None:
    """A principal of any shape that isn't the platform's is nobody."""
    shapes = ({"claims": claims}, {"auth_typ": auth_typ}, {"claims": [{"typ": "oid", "val": val}]})
    for shape in shapes:
        assert caller_of(principal(**shape), entra(), KNOWN) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://signpost.contoso.com"},
        {"Origin": "https://signpost.contoso.com", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
@pytest.mark.parametrize("port", ["", ":443", "/", "/signpost"])
def test_our_own_pages_are_of_our_origin(headers: dict[str, str], port: str) -> None:
    """Our pages, programs, and addresses that a person typed get in."""
    config = a_config(base_url=f"https://Signpost.contoso.com{port}")
    assert is_same_origin(headers, config)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.com"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://signpost.contoso.com"},
        {"Origin": "https://signpost.contoso.com:8443"},
        {"Origin": "https://signpost.contoso.com.evil.com"},
        {"Origin": "https://evil.com?https://signpost.contoso.com"},
        {"Origin": "https://signpost.contoso.com", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.com", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "Same-Origin, none"},
    ],
    ids=str,
)
def test_other_pages_are_not(headers: dict[str, str]) -> None:
    """What another site's page sends in a signed-in person's browser is told apart."""
    config = a_config(base_url="https://signpost.contoso.com")
    assert not is_same_origin(headers, config)


@pytest.mark.parametrize(
    "url", ["http://localhost:7071", "http://[::1]:7071", "http://127.0.0.1", "https://x.com:444"]
)
def test_origins_have_ports_where_they_need_them(url: str) -> None:
    """A port other than the scheme's own is part of the origin."""
    assert is_same_origin({"Origin": url}, a_config(base_url=f"{url}/path"))
