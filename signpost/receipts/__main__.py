"""The commands for receipts: `verify`, which anybody can run, and `export`, for operators."""

import argparse
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from signpost.receipts import keys
from signpost.receipts.canonical import LARGEST
from signpost.receipts.exporting import NotExported, export
from signpost.receipts.sealing import Finding, Tampered, verify
from signpost.settings import variables

EXPORT = "Write the receipts of all closed runs into a folder, each checked; again, what is new."
ABOUT = "Check that a receipt is, byte for byte, what was signed. Needs no settings, no network."
STRANGER = (
    " This does not say who that is: compare the key id with the one that your Signpost"
    " publishes, or pass its public key with --key; an export writes the keys to keys.json."
)


def main(given: Sequence[str] | None = None) -> int:
    """Run a command: 0 when all is well, 1 when a receipt is not as it was signed, 2 otherwise."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a letter of an outcome
        sys.stdout.reconfigure(errors="backslashreplace")
    asked = _arguments(given)
    code: int = asked.command(asked)
    return code


def _verify(asked: argparse.Namespace) -> int:
    try:
        finding = verify(_bytes(asked.file), asked.key)
    except OSError as fault:
        return _complain(2, f"{asked.file} can't be read: {fault.strerror}.")
    except Tampered as fault:
        return _complain(1, f"{_name(asked.file)} is not a receipt as it was signed. {fault}")
    sys.stdout.write(_told(finding))
    return 0


def _export(asked: argparse.Namespace) -> int:
    headers = {"x-functions-key": asked.key_from_env, "Authorization": asked.token_from_env}
    headers = {name: value for name, value in headers.items() if value}
    try:
        done = export(asked.url, asked.folder, headers)
    except NotExported as fault:
        return _complain(2, str(fault))
    except OSError as fault:
        return _complain(2, f"{fault.filename} can't be written: {fault.strerror}.")
    sys.stdout.write(f"Receipts: {done.written} written, {done.there} were there.\n")
    for run in done.doubtful:
        _complain(1, f"{run} is signed by no key that the app publishes, or altered, or swapped.")
    return 1 if done.doubtful else 0


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    about = "Check receipts, and bring them out of an installation."
    parser = argparse.ArgumentParser(prog="python -m signpost.receipts", description=about)
    commands = parser.add_subparsers(required=True, metavar="verify | export")
    check = commands.add_parser("verify", help="check one receipt", description=ABOUT)
    check.set_defaults(command=_verify)
    check.add_argument("file", metavar="FILE", help="the receipt as downloaded; - for stdin")
    check.add_argument(
        "--key",
        action="append",
        type=_key,
        metavar="HEX",
        help="a public key that you trust, 64 hex digits; may be given again",
    )
    bring = commands.add_parser("export", help="bring all receipts out", description=EXPORT)
    bring.set_defaults(command=_export)
    bring.add_argument("url", metavar="URL", help="the app's address")
    bring.add_argument("folder", metavar="FOLDER", type=Path, help="where the files go")
    bring.add_argument(
        "--key-from-env", type=_variable, metavar="NAME", help="the variable with a function key"
    )
    bring.add_argument(
        "--token-from-env", type=_bearer, metavar="NAME", help="the one with an operator's token"
    )
    return parser.parse_args(given)


def _variable(name: str) -> str:
    """Read a secret from the environment, so that it stands in no list of commands."""
    value = variables([name]).get(name, "").strip()  # az on Windows ends its lines in two letters
    if not value:
        raise argparse.ArgumentTypeError(f"the environment variable {name} is not set")
    if not (value.isascii() and value.isprintable()):  # the error of the library would show it
        raise argparse.ArgumentTypeError(f"the environment variable {name} holds no key or token")
    return value


def _bearer(name: str) -> str:
    return f"Bearer {_variable(name)}"


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
