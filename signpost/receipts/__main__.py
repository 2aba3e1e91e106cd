"""The check that anybody can run: `python -m signpost.receipts verify receipt.json`."""

import argparse
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from signpost.receipts import keys
from signpost.receipts.canonical import LARGEST
from signpost.receipts.sealing import Finding, Tampered, verify

ABOUT = "Check that a receipt is, byte for byte, what was signed. Needs no settings, no network."
STRANGER = (
    " This does not say who that is: compare the key id with the one that your Signpost"
    " publishes, or pass its public key with --key."
)


def main(given: Sequence[str] | None = None) -> int:
    """Check one receipt: 0 when nothing was changed, 1 when something was, 2 when unreadable."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a letter of an outcome
        sys.stdout.reconfigure(errors="backslashreplace")
    asked = _arguments(given)
    try:
        finding = verify(_bytes(asked.file), asked.key)
    except OSError as fault:
        return _complain(2, f"{asked.file} can't be read: {fault.strerror}.")
    except Tampered as fault:
        return _complain(1, f"{_name(asked.file)} is not a receipt as it was signed. {fault}")
    sys.stdout.write(_told(finding))
    return 0


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m signpost.receipts", description=ABOUT)
    commands = parser.add_subparsers(required=True, metavar="verify")
    command = commands.add_parser("verify", help="check one receipt", description=ABOUT)
    command.add_argument("file", metavar="FILE", help="the receipt as downloaded; - for stdin")
    command.add_argument(
        "--key",
        action="append",
        type=_key,
        metavar="HEX",
        help="a public key that you trust, 64 hex digits; may be given again",
    )
    return parser.parse_args(given)


def _key(text: str) -> str:
    if not re.fullmatch(keys.KEY, text.lower()):
        raise argparse.ArgumentTypeError("a public key has 64 hex digits; a key id is too short")
    return text.lower()


def _bytes(file: str) -> bytes:
    """Read no more than is needed to see that a file is too large."""
    if file == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(file).open("rb") as opened:
        return opened.read(LARGEST + 1)


def _name(file: str) -> str:
    return "The input" if file == "-" else file


def _complain(code: int, sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return code


def _told(finding: Finding) -> str:
    rows = {
        "Run": _shown(finding.run),
        "Outcome": _shown(finding.outcome),
        "Closed": _shown(finding.closed_at),
        "Entries": f"{finding.entries}, each follows the one before",
        "Key": f"{finding.key_id}, {'one that you trust' if finding.trusted else 'unknown here'}",
    }
    lines = [f"{name:<9}{value}" for name, value in rows.items()]
    proved = f"Nothing was changed since the holder of key {finding.key_id} signed it."
    return "\n".join([*lines, proved + ("" if finding.trusted else STRANGER)]) + "\n"


def _shown(text: str | None) -> str:
    """Keep a receipt's own words from steering the terminal."""
    if text is None:
        return "not said"
    return text if text.isprintable() else ascii(text)


if __name__ == "__main__":
    sys.exit(main())
