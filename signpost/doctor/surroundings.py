"""Owns what the checks look at: an environment, what is wrong in it, and what can be read of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from signpost.problems import Misconfigured
from signpost.settings import Settings, problems, read, variables
from signpost.variables import VARIABLES

HOST_STORAGE = "AzureWebJobsStorage"
SCHEDULER_SETTING = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING"
# What Azure and the Functions host read; the app's own settings stand in the catalogue.
PLATFORM = (
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "WEBSITE_SITE_NAME",
    "WEBSITE_HOSTNAME",
    "WEBSITE_AUTH_ENABLED",
    HOST_STORAGE,
    *(f"{HOST_STORAGE}__{service}ServiceUri" for service in ("blob", "queue", "table")),
    f"{HOST_STORAGE}__accountName",
    SCHEDULER_SETTING,
    "TASKHUB_NAME",
)
# Settings that are read together, and what stands in for them where one of them is wrong.
STAND_INS: tuple[Mapping[str, str], ...] = (
    {"SIGNPOST_ENVIRONMENT": "local"},
    {
        "AZURE_OPENAI_ENDPOINT": "",
        "AZURE_OPENAI_DEPLOYMENT": "",
        "AZURE_OPENAI_API_VERSION": "",
        "MODEL_BASE_URL": "https://model.invalid/v1",
        "MODEL_NAME": "none",
        "MODEL_API_KEY": "",
    },
    {"SIGNPOST_SIGN_IN": "off", "SIGNPOST_TENANT_ID": ""},
    {"SIGNPOST_SIGNING_KEYS": "0" * 32, "SIGNPOST_FORMER_SIGNING_KEYS": ""},
    {"SIGNPOST_BASE_URL": "https://signpost.invalid"},
    {"SIGNPOST_LEDGER": "sqlite:none"},
    {"MODEL_PRICE_INPUT": "", "MODEL_PRICE_OUTPUT": "", "MODEL_PRICE_CURRENCY": ""},
    {"TEAMS_CHANNEL_WEBHOOK_URL": "https://none.logic.azure.com"},
)

Durable = Callable[[], Awaitable[object]]


class Surroundings(NamedTuple):
    """An installation as far as its settings tell of it.

    `config` holds stand-ins for what `wrong` is about: ask `lacks` before a value of it is used.
    `durable` asks Durable for the status of an instance that there is not; None outside the app.
    """

    env: Mapping[str, str]
    wrong: list[Misconfigured]
    config: Settings
    durable: Durable | None = None

    def lacks(self, *names: str) -> bool:
        """Say whether one of these settings, or one that is read with them, is wrong."""
        groups = [names, *(each for each in STAND_INS if not each.keys().isdisjoint(names))]
        return any(each.field in group for each in self.wrong for group in groups)


def environment() -> dict[str, str]:
    """Give what this process is told, by the app's own settings and by the platform."""
    return variables([*(each.name for each in VARIABLES), *PLATFORM])


def look_around(env: Mapping[str, str], durable: Durable | None = None) -> Surroundings:
    """Read an environment as far as it can be read.

    Raises Misconfigured for what no stand-in mends, which a test holds that there is not.
    """
    wrong = remaining = problems(env)
    mended = dict(env)
    for _ in VARIABLES:  # what is mended may let another one be seen
        for each in remaining:
            name = str(each.field)
            mended |= next((group for group in STAND_INS if name in group), {name: ""})
        if not (remaining := problems(mended)):
            break
    return Surroundings(env, wrong, read(mended), durable)
