"""The examination that anybody can run: `python -m signpost.doctor`, and what it exits with.

0 when there is no problem, 1 when there is one, 2 when it could not be run as asked, or could see
nothing of what it was asked for.
"""

import argparse
import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from signpost.doctor.finding import NOT_SEEN, Finding, render, status
from signpost.doctor.remote import CannotAsk, ask
from signpost.settings import variables

ABOUT = (
    "Say what is wrong with a Signpost, and what mends it. Without options: with the one whose"
    " settings are in the environment. Exit status: 0 when nothing is wrong, 1 when something is,"
    " 2 when it could not be run as asked, or could see nothing."
)
NOTHING_SET = (
    "The environment holds no setting of Signpost. The one that `make run` serves is looked at with"
    " --app http://localhost:7071, a deployed one with --resource-group GROUP or --app URL, and a"
    " file of settings with --settings FILE."
)
# Options that mean nothing without another one.
NEEDS = {"key_from_env": "app", "subscription": "resource_group", "cloud": "resource_group"}
GROUP, SUBSCRIPTION = "AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID"  # as azd names them


class _Local(msgspec.Struct, frozen=True):
    """What local.settings.json holds."""

    values: dict[str, str] = msgspec.field(name="Values")
    is_encrypted: bool = msgspec.field(name="IsEncrypted", default=False)


def main(given: Sequence[str] | None = None) -> int:
    """Examine what is asked for, and write a line for each finding."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may lack a letter of a name
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        findings = asyncio.run(_examined(_arguments(given)))
    except CannotAsk as error:
        sys.stderr.write(f"{error}\n")
        return NOT_SEEN
    sys.stdout.write(render(findings) + "\n")
    return status(findings)


async def _examined(asked: argparse.Namespace) -> list[Finding]:
    findings: list[Finding] = []
    if asked.resource_group is not None:
        findings += await _in_azure(asked)
    if asked.app is not None:
        findings += await ask(asked.app, _key(asked.key_from_env))
    if asked.app is None and asked.resource_group is None:
        from signpost.doctor.inside import examine  # noqa: PLC0415 - slow to load
        from signpost.doctor.surroundings import environment, look_around  # noqa: PLC0415 - as above

        env = _read(asked.settings) if asked.settings else environment()
        if not env:
            sys.stderr.write(f"{NOTHING_SET}\n")
        findings += await examine(look_around(env))
    return findings


async def _in_azure(asked: argparse.Namespace) -> list[Finding]:
    from signpost.doctor import azure  # noqa: PLC0415 - slow to load, and only for this
    from signpost.doctor.azure.credentials import PUBLIC  # noqa: PLC0415 - as above

    named = variables([GROUP, SUBSCRIPTION])
    group = asked.resource_group or named.get(GROUP)
    if not group:
        raise CannotAsk(f"Name the resource group: --resource-group GROUP, or set {GROUP}.")
    subscription = asked.subscription or named.get(SUBSCRIPTION)
    return await azure.examine(group, subscription, cloud=asked.cloud or PUBLIC)


def _key(name: str | None) -> str | None:
    if name is None:
        return None
    key = variables([name]).get(name, "").strip()  # az on Windows ends its lines in two letters
    if not key:
        raise CannotAsk(f"The environment has no {name}, which --key-from-env names.")
    if not (key.isascii() and key.isprintable()):
        raise CannotAsk(f"What {name} holds, which --key-from-env names, is no key.")
    return key


def _read(path: Path) -> dict[str, str]:
    try:
        local = msgspec.json.decode(path.read_bytes(), type=_Local)
    except OSError as error:
        raise CannotAsk(f"{path} can't be read: {error.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CannotAsk(f"{path} is not as local/local.settings.example.json: {error}.") from None
    if local.is_encrypted:
        raise CannotAsk(f"{path} is encrypted: func settings decrypt")
    return local.values


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m signpost.doctor", description=ABOUT)
    here = parser.add_argument_group("from here")
    about = "take the settings from a local.settings.json, not from the environment"
    here.add_argument("--settings", type=Path, metavar="FILE", help=about)
    app = parser.add_argument_group("a running Signpost")
    app.add_argument("--app", metavar="URL", help="ask it how it is")
    about = "the variable that holds a function key of it: then it tells all that it finds"
    app.add_argument("--key-from-env", metavar="NAME", help=about)
    group = parser.add_argument_group("what is deployed to Azure, as who signed in by `az login`")
    about = f"the resource group; without a name that of {GROUP}"
    group.add_argument("--resource-group", metavar="GROUP", nargs="?", const="", help=about)
    about = f"its subscription; else {SUBSCRIPTION}, or your only one"
    group.add_argument("--subscription", metavar="ID", help=about)
    group.add_argument("--cloud", metavar="NAME", help="one of `az cloud list`; else AzureCloud")
    asked = parser.parse_args(given)
    if wrong := _mismatch(asked):
        parser.error(wrong)
    return asked


def _mismatch(asked: argparse.Namespace) -> str | None:
    """Refuse options that would be passed over."""
    named = {name for name, value in vars(asked).items() if value is not None}
    if "settings" in named and len(named) > 1:
        return "--settings is for an examination from here, and goes with no other option"
    for name, other in NEEDS.items():
        if name in named and other not in named:
            return f"--{name} goes with --{other}".replace("_", "-")
    return None


if __name__ == "__main__":
    sys.exit(main())
