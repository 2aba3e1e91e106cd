"""A token opens one approval for one person until it expires, and every refusal is the same."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from signpost.links import Claims, _serializer, approval_id, approver_of, sign_link
from signpost.problems import BadLink
from signpost.settings import Settings
from tests.builders import ADELE, ALEX, KEY, NOW, OLD_KEY, RUN, a_config

UNTIL = NOW + timedelta(days=1)
APPROVAL = approval_id(RUN, 1)


def token_of(config: Settings | None = None) -> str:
    """Give the token of Adele's link."""
    return sign_link(config or a_config(), RUN, 1, ADELE, UNTIL).partition("#")[2]


def forged(key: str = KEY, **claims: Any) -> str:
    """Sign other claims, rightly unless another key is given."""
    fields = {"purpose": "sign", "run": RUN, "round": 1, "approver": ADELE}
    values = list((fields | {"until": int(UNTIL.timestamp())} | claims).values())
    return str(_serializer(key).dumps(values))


def refusal(token: str, approval: str = APPROVAL, **options: Any) -> dict[str, Any]:
    """Give the problem document that a token ends in."""
    config, now = options.get("config", a_config()), options.get("now", NOW)
    with pytest.raises(BadLink) as error:
        approver_of(token, approval, config, now)
    return error.value.document()


THE_REFUSAL = BadLink().document()
TOKEN = token_of()


def test_a_token_names_its_approver() -> None:
    """The link that somebody got says who that is."""
    claims = approver_of(TOKEN, APPROVAL, a_config(), NOW)
    assert claims == Claims("sign", RUN, 1, ADELE, int(UNTIL.timestamp()))


def test_the_token_travels_in_the_fragment() -> None:
    """No server and no referrer gets to see it."""
    parts = urlsplit(sign_link(a_config(), RUN, 1, ADELE, UNTIL))
    assert (parts.path, parts.query) == (f"/approvals/{RUN}-1", "")
    assert parts.fragment == TOKEN


@pytest.mark.parametrize("letter", "A-_.z5")
def test_no_byte_can_be_changed(letter: str) -> None:
    """Each letter of the token counts, the last one too."""
    for place in range(len(TOKEN)):
        changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
        assert changed == TOKEN or refusal(changed) == THE_REFUSAL


@pytest.mark.parametrize("spare", [f"{TOKEN}=", f" {TOKEN}", f"{TOKEN}\n", f"{TOKEN}.", TOKEN * 2])
def test_nothing_can_be_added(spare: str) -> None:
    """A token is written in one way only."""
    assert refusal(spare) == THE_REFUSAL


def test_tokens_can_not_be_cut() -> None:
    """No part of a token is a token."""
    for length in range(len(TOKEN)):
        assert refusal(TOKEN[:length]) == THE_REFUSAL


OTHER_CLAIMS: list[dict[str, Any]] = [
    {"purpose": "cancel"},
    {"purpose": ""},
    {"purpose": None},
    {"run": "0" * 32},
    {"run": RUN + "-1"},
    {"round": 2},
    {"round": "1"},
    {"round": True},
    {"approver": None},
    {"until": int(NOW.timestamp())},
    {"until": -1},
    {"until": "2099"},
    {"until": float("inf")},
    {"until": None},
]


@pytest.mark.parametrize("claims", OTHER_CLAIMS, ids=str)
def test_signed_claims_have_to_fit(claims: dict[str, Any]) -> None:
    """A good signature on other claims opens nothing either."""
    assert refusal(forged(**claims)) == THE_REFUSAL


@pytest.mark.parametrize(
    "approval", [f"{RUN}-2", f"{'0' * 32}-1", RUN, "", f"{RUN}-1-1", f"{RUN}-01"]
)
def test_a_token_opens_its_own_approval_only(approval: str) -> None:
    """Shown at another run or round it opens nothing."""
    assert refusal(TOKEN, approval) == THE_REFUSAL


def test_approvers_can_not_be_swapped() -> None:
    """The payload of one token under the signature of another is no token."""
    alex = sign_link(a_config(), RUN, 1, ALEX, UNTIL).partition("#")[2]
    assert refusal(f"{alex.split('.')[0]}.{TOKEN.split('.')[1]}") == THE_REFUSAL


def test_a_token_expires() -> None:
    """At the second of its expiry it is over."""
    approver_of(TOKEN, APPROVAL, a_config(), UNTIL - timedelta(seconds=1))
    assert refusal(TOKEN, now=UNTIL) == THE_REFUSAL


def segment(value: Any) -> str:
    """Encode one part of a token as JWTs do."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CLAIMS = ["sign", RUN, 1, ADELE, int(UNTIL.timestamp())]
UNSIGNED = [
    "", ".", "..", "none", segment(CLAIMS), f"{segment(CLAIMS)}.", f".{segment(CLAIMS)}.",
    f"{segment({'alg': 'none'})}.{segment(CLAIMS)}.", f"{segment(CLAIMS)}.none",
    URLSafeSerializer(KEY).dumps(CLAIMS),
    URLSafeSerializer(KEY, salt="signpost.approval").dumps(CLAIMS),
    "\ud800", "\u00e4", "\0", "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("token", UNSIGNED, ids=lambda token: ascii(token)[:30])
def test_unsigned_tokens_are_refused(token: str) -> None:
    """No signature, another algorithm or another salt: nothing opens."""
    assert refusal(token) == THE_REFUSAL


@given(st.text(st.characters(codec=None)))
def test_noise_is_refused(noise: str) -> None:
    """Whatever stands in the header, the answer is the same and no error."""
    assert refusal(noise) == THE_REFUSAL


def test_an_old_key_is_still_believed() -> None:
    """After a rotation the links that are out still open."""
    token = token_of(a_config(signing_keys=(OLD_KEY,)))
    rotated = a_config(signing_keys=(KEY, OLD_KEY))
    assert approver_of(token, APPROVAL, rotated, NOW).approver == ADELE


def test_a_removed_key_is_not_believed() -> None:
    """Taking a key away closes its links."""
    assert refusal(token_of(a_config(signing_keys=(OLD_KEY,)))) == THE_REFUSAL


def test_the_newest_key_signs() -> None:
    """New links are signed with the first key of the list."""
    token = token_of(a_config(signing_keys=(KEY, OLD_KEY)))
    assert refusal(token, config=a_config(signing_keys=(OLD_KEY,))) == THE_REFUSAL
