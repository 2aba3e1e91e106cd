"""Starting runs: once for each idempotency key, also across restarts."""

import re
import shlex

import httpx2 as httpx

from local.stack import ROOT
from tests.acceptance.client import Signpost, crowd

ROUTE = "/api/flows/topic-post/runs"


def test_a_start_answers_with_our_own_address(signpost: Signpost) -> None:
    """202 names the run's id and status URL, and no Durable management URL."""
    answer = signpost.http.post(ROUTE, json={"inputs": {"Topic": "Addresses"}})
    assert answer.status_code == httpx.codes.ACCEPTED
    assert answer.headers["location"] == answer.json()["statusUrl"]
    assert answer.json()["statusUrl"] == f"{signpost.url}/api/runs/{answer.json()['id']}"
    assert "webhooks" not in answer.text
    assert "code=" not in answer.text


def test_the_command_of_the_readme_starts_a_run(signpost: Signpost) -> None:
    """What the README shows of curl is taken as it stands there."""
    shown = re.search(r"^curl (?:.*\\\n)*.*", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert shown
    url, *options = shlex.split(shown[0].replace("\\\n", " "))[1:]
    given = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for name, value in given if name == "-H")
    [body] = [value for name, value in given if name == "-d"]
    path = url.removeprefix("http://localhost:7071")
    answer = signpost.http.post(path, content=body, headers=headers)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text


def test_100_starts_with_one_key_make_one_run(signpost: Signpost) -> None:
    """The same key and body give the same run, however many ask at once."""

    def start(_: int) -> str:
        body = {"inputs": {"Topic": "Once"}}
        answer = signpost.http.post(ROUTE, json=body, headers={"Idempotency-Key": "once"})
        return str(answer.json()["id"])

    runs = set(crowd(start, range(100)))
    assert len(runs) == 1
    signpost.wait(runs.pop(), "waiting")


def test_a_key_with_another_body_is_refused(signpost: Signpost) -> None:
    """422 names the header."""
    header = {"Idempotency-Key": "two bodies"}
    signpost.http.post(ROUTE, json={"inputs": {"Topic": "One"}}, headers=header)
    other = signpost.http.post(ROUTE, json={"inputs": {"Topic": "Two"}}, headers=header)
    assert other.status_code == httpx.codes.UNPROCESSABLE_CONTENT
    assert other.json()["field"] == "Idempotency-Key"


def test_a_key_is_known_after_a_restart(signpost: Signpost) -> None:
    """A power cut forgets no key."""
    body, header = {"inputs": {"Topic": "Again"}}, {"Idempotency-Key": "restart"}
    before = signpost.http.post(ROUTE, json=body, headers=header).json()["id"]
    signpost.kill()
    signpost.restart()
    assert signpost.http.post(ROUTE, json=body, headers=header).json()["id"] == before
