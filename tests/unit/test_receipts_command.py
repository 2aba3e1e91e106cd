"""Anybody can check a receipt with one command, without settings and without a network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from signpost.receipts.__main__ import main
from signpost.receipts.canonical import LARGEST
from signpost.receipts.sealing import public_keys, seal
from tests.repo.sources import ROOT

SECRET = "a secret of at least thirty-two letters"
FACTS = {"run": "9f2c41d0", "outcome": "Approve", "closedAt": "2026-11-23T09:00:00Z"}
SEALED = seal(FACTS, [{"what": "asked"}, {"what": "answered"}], SECRET)
[KEY] = public_keys([SECRET])
[OTHER] = public_keys([SECRET[::-1]])


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    """Save the receipt as somebody who downloaded it."""
    saved = tmp_path / "receipt.json"
    saved.write_bytes(SEALED)
    return saved


def run(
    *given: str, stdin: bytes = b"", cwd: Path = ROOT, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process that knows no setting and not where the repository is."""
    program = [sys.executable, "-W", "error", "-m", "signpost.receipts", *given]
    env = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]} | more
    return subprocess.run(
        program, input=stdin, capture_output=True, cwd=cwd, env=env, timeout=60, check=False
    )


def test_a_whole_receipt_is_told_in_calm_lines(receipt: Path) -> None:
    """Run, outcome, end, entries and key, and what the check proves; from any folder."""
    done = run("verify", "receipt.json", "--key", KEY["publicKey"], cwd=receipt.parent)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "Run      9f2c41d0",
        "Outcome  Approve",
        "Closed   2026-11-23T09:00:00Z",
        "Entries  2, each follows the one before",
        f"Key      {KEY['keyId']}, one that you trust",
        f"Nothing was changed since the holder of key {KEY['keyId']} signed it.",
    ]


def test_a_receipt_comes_by_standard_input() -> None:
    """A pipe will do in place of a file."""
    done = run("verify", "-", stdin=SEALED)
    assert (done.returncode, done.stderr) == (0, b"")
    done = run("verify", "-", stdin=SEALED + b"\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"The input is not a receipt as it was signed. ")


def test_a_terminal_may_lack_letters() -> None:
    """A custom outcome is told even where it can't be printed as it is written."""
    raw = seal(FACTS | {"outcome": "Grün"}, [], SECRET)
    done = run("verify", "-", stdin=raw, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Outcome  Gr\\xfcn\n" in done.stdout


def test_without_a_key_it_says_what_is_not_proved(
    receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who signed is known only to who knows the key."""
    assert main(["verify", str(receipt)]) == 0
    said = capsys.readouterr().out
    assert f"{KEY['keyId']}, unknown here" in said
    assert "does not say who that is: compare the key id with the one that your Signpost" in said


def test_one_trusted_key_of_several_is_enough(
    receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a rotation all published keys can be given, in capitals too."""
    keys = ["--key", OTHER["publicKey"], "--key", KEY["publicKey"].upper()]
    assert main(["verify", str(receipt), *keys]) == 0
    assert "one that you trust" in capsys.readouterr().out


def test_another_key_ends_with_one(receipt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A receipt that somebody signed anew is not taken for the installation's own."""
    assert main(["verify", str(receipt), "--key", OTHER["publicKey"]]) == 1
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert f"signed by key {KEY['keyId']}, which is none of the keys given." in said.err


def test_a_changed_receipt_ends_with_one(receipt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence says what is wrong and where."""
    receipt.write_bytes(SEALED.replace(b'"asked"', b'"spoke"'))
    assert main(["verify", str(receipt)]) == 1
    sentence = "Entry 1 was changed: its hash does not match."
    assert capsys.readouterr().err == f"{receipt} is not a receipt as it was signed. {sentence}\n"


def test_a_huge_file_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of any size is read only up to the largest receipt."""
    huge = tmp_path / "huge.json"
    with huge.open("wb") as sparse:
        sparse.truncate(LARGEST * 2)
    assert main(["verify", str(huge)]) == 1
    assert "larger than any receipt" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_an_unreadable_file_ends_with_two(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is missing or a folder is not called tampered."""
    assert main(["verify", str(tmp_path / name)]) == 2
    assert "can't be read: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [[], ["seal", "-"], ["verify"], ["verify", "-", "--key", KEY["keyId"]], ["verify", "-", "-k"]],
)
def test_wrong_usage_ends_with_two(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is checked with a key id, which is too short to trust."""
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert "usage: python -m signpost.receipts" in capsys.readouterr().err


def test_a_receipt_can_not_steer_the_terminal(
    receipt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a stranger's receipt says of itself is shown as text on its own line."""
    outcome = "Approve\nKey      one that you trust\x1b[2J\u202e"
    receipt.write_bytes(seal(FACTS | {"outcome": outcome}, [], SECRET))
    assert main(["verify", str(receipt)]) == 0
    said = capsys.readouterr().out
    assert r"'Approve\nKey      one that you trust\x1b[2J\u202e'" in said
    assert not set("\x1b\u202e") & set(said)
