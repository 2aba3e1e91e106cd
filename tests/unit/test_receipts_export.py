"""An operator brings all receipts out of an installation by one command, then what is new."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from signpost.receipts.__main__ import main
from signpost.receipts.sealing import public_keys, seal

SECRET = "a secret of at least thirty-two letters"
ANOTHER = SECRET[::-1]
KEY = "the function key"


class Installation(ThreadingHTTPServer):
    """An app with closed runs, in pages of two, that asks for a key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receipts: dict[str, bytes] = {}
        self.secrets = [SECRET]
        self.elsewhere: str | None = None
        self.odd = b""

    def close_run(self, run: str, secret: str = SECRET) -> None:
        """Seal the receipt of a run."""
        self.receipts[run] = seal({"run": run, "outcome": "Approve"}, [{"what": "asked"}], secret)

    def page(self, after: str) -> dict[str, object]:
        """List two runs after one."""
        runs = [run for run in sorted(self.receipts) if run > after]
        more = runs[1] if len(runs) > 2 else None
        return {"runs": [{"id": run} for run in runs[:2]], "next": more}


class _Handler(BaseHTTPRequestHandler):
    server: Installation

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if self.server.odd:
            return self._send(200, self.server.odd)
        if path == "/api/receipts/keys":
            return self._send(200, json.dumps({"keys": public_keys(self.server.secrets)}).encode())
        if self.server.elsewhere:
            return self._send(302, b"", self.server.elsewhere)
        if self.headers["x-functions-key"] != KEY:
            return self._send(401, b"")
        if path == "/api/runs":
            after = query.partition("cursor=")[2]
            return self._send(200, json.dumps(self.server.page(after)).encode())
        return self._send(200, self.server.receipts[path.split("/")[3]])

    def _send(self, status: int, body: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Serve an installation with three closed runs, and hold its key."""
    monkeypatch.setenv("SIGNPOST_KEY", KEY)
    with Installation() as served:
        for run in ("one", "three", "two"):
            served.close_run(run)
        Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        served.shutdown()


def export(app: Installation, folder: Path, *more: str) -> int:
    """Run the command."""
    url = f"http://127.0.0.1:{app.server_port}"
    return main(["export", url, str(folder), *(more or ("--key-from-env", "SIGNPOST_KEY"))])


def test_every_receipt_becomes_a_file_that_verifies(app: Installation, tmp_path: Path) -> None:
    """Byte for byte, over all pages, and the command that checks one takes it."""
    assert export(app, tmp_path) == 0
    assert {file.name for file in tmp_path.iterdir()} == {
        "one.json", "two.json", "three.json", "keys.json",
    }  # fmt: skip
    assert (tmp_path / "two.json").read_bytes() == app.receipts["two"]
    assert main(["verify", str(tmp_path / "two.json")]) == 0


def test_a_second_export_fetches_what_is_new(app, tmp_path: Path, capsys) -> None:
    """It can run each night."""
    export(app, tmp_path)
    app.close_run("four")
    capsys.readouterr()
    assert export(app, tmp_path) == 0
    assert capsys.readouterr().out == "Receipts: 1 written, 3 were there.\n"


def test_former_keys_are_kept(app: Installation, tmp_path: Path) -> None:
    """A receipt that was signed before keys changed twice is still known as good."""
    export(app, tmp_path)
    app.secrets = [ANOTHER]
    app.close_run("late", SECRET)
    assert export(app, tmp_path) == 0


def test_a_receipt_that_was_changed_is_named(app: Installation, tmp_path: Path, capsys) -> None:
    """It is written too, so that somebody can look at it."""
    app.receipts["two"] = app.receipts["two"].replace(b"Approve", b"Reject!")
    assert export(app, tmp_path) == 1
    assert "two is signed by no key" in capsys.readouterr().err
    assert (tmp_path / "two.json").exists()


def test_a_receipt_stays_doubtful_until_it_is_mended(app: Installation, tmp_path: Path) -> None:
    """A second export does not call a folder well that holds what was changed, there or here."""
    good = app.receipts["two"]
    app.receipts["two"] = good.replace(b"Approve", b"Reject!")
    export(app, tmp_path)
    assert export(app, tmp_path) == 1
    (tmp_path / "two.json").write_bytes(good)
    assert export(app, tmp_path) == 0


def test_a_receipt_of_another_run_is_named(app: Installation, tmp_path: Path, capsys) -> None:
    """One that is good, but not for the run that it is given for, hides what that run was."""
    app.receipts["two"] = app.receipts["one"]
    assert export(app, tmp_path) == 1
    assert "two is signed by no key" in capsys.readouterr().err


@pytest.mark.parametrize("odd", ["[", "[" * 200_000, '{"keys": [{"publicKey": {}}]}', "{}", "[]"])
def test_an_odd_answer_ends_in_a_sentence(app, tmp_path: Path, capsys, monkeypatch, odd) -> None:
    """Exit status 2, which no script takes for a receipt that was changed."""
    monkeypatch.setattr(app, "odd", odd.encode())
    assert export(app, tmp_path) == 2
    assert "not that of a Signpost" in capsys.readouterr().err


def test_who_shows_no_key_is_told_what_to_give(app: Installation, tmp_path: Path, capsys) -> None:
    """The list of all runs is for operators."""
    assert export(app, tmp_path, "--token-from-env", "SIGNPOST_KEY") == 2
    assert "--key-from-env" in capsys.readouterr().err


def test_a_key_follows_no_redirect(app: Installation, tmp_path: Path, capsys) -> None:
    """Whoever answers in the app's place gets no key for another address."""
    app.elsewhere = f"http://127.0.0.1:{app.server_port}/api/receipts/keys"
    assert export(app, tmp_path) == 2
    assert "302" in capsys.readouterr().err


def test_a_key_is_sent_to_https_only(tmp_path: Path, capsys) -> None:
    """It would be read on the way."""
    assert main(["export", "http://signpost.contoso.com", str(tmp_path / "out")]) == 2
    assert "https://" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_id_can_not_name_a_file_elsewhere(app: Installation, tmp_path: Path, capsys) -> None:
    """A hostile answer writes only into the folder."""
    app.receipts = {"../../elsewhere": b"{}"}
    assert export(app, tmp_path / "in") == 2
    assert "not that of a Signpost" in capsys.readouterr().err


def test_a_key_ends_where_its_line_does(app, tmp_path: Path, monkeypatch) -> None:
    """A shell on Windows leaves a letter of the line's end."""
    monkeypatch.setenv("SIGNPOST_KEY", f"{KEY}\r")
    assert export(app, tmp_path) == 0


def test_a_key_of_two_lines_is_not_shown(app, tmp_path: Path, monkeypatch, capsys) -> None:
    """It would begin another header, and the library's error would hold it."""
    monkeypatch.setenv("SIGNPOST_KEY", "canary\r\nX-Other: 1")
    with pytest.raises(SystemExit):
        export(app, tmp_path)
    assert "canary" not in capsys.readouterr().err


def test_a_missing_variable_is_named(app: Installation, tmp_path: Path, capsys) -> None:
    """The key stands in no list of commands, so it has to stand in the environment."""
    with pytest.raises(SystemExit):
        export(app, tmp_path, "--key-from-env", "NO_SUCH_KEY")
    assert "NO_SUCH_KEY" in capsys.readouterr().err
