"""A stand-in for the Azure CLI, which gives a token as `az account get-access-token` does."""

from pathlib import Path

SIGNED_IN = """#!/bin/sh
echo "$@" >> '{log}'
echo '{{"accessToken": "{token}", "expiresOn": "2099-01-01 00:00:00.000000",'
echo ' "expires_on": 4070908800, "subscription": "0", "tenant": "0", "tokenType": "Bearer"}}'
"""
SIGNED_OUT = """#!/bin/sh
echo "ERROR: Please run 'az login' to setup account." >&2
exit 1
"""


def install(folder: Path, token: str | None) -> Path:
    """Put an `az` into a folder, signed in where there is a token; gives its log of arguments."""
    folder.mkdir(exist_ok=True)
    log = folder / "az.log"
    text = SIGNED_OUT if token is None else SIGNED_IN.format(log=log, token=token)
    program = folder / "az"
    program.write_text(text, "utf-8")
    program.chmod(0o755)
    return log
