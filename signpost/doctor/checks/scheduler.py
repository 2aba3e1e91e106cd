"""Owns looking at what keeps the runs of Durable, by asking it for a run that there is not.

The Durable extension answers 500 with the text of the exception that its backend raised
(HttpApiHandler in Azure/azure-functions-durable-extension), and the SDK hands its members on.
"""

import re
from http import HTTPStatus

from signpost.doctor import fixes
from signpost.doctor.finding import Finding
from signpost.doctor.roles import TASK_HUB, needed
from signpost.doctor.surroundings import HOST_STORAGE, SCHEDULER_SETTING, Surroundings

CHECK = "scheduler"
STORAGE_ROLES = ", ".join(role.name for role in needed("storage account", uses_scheduler=False))
DENIED = r"PermissionDenied|Unauthenticated|AuthorizationPermissionMismatch|\b40[13]\b|Unauthorized"
ABSENT = r"NotFound|not found|\b404\b|does not exist"
AWAY = r"Unavailable|No such host|Name or service not known|refused|DeadlineExceeded|timed out"
ENDPOINT = r"(?i)(?:^|;)\s*Endpoint\s*=\s*https?://(?P<host>[\w.-]+)"


async def check(around: Surroundings) -> list[Finding]:
    """Ask for the status of an instance that there is not."""
    if around.durable is None:
        return [Finding(CHECK, "unknown", "Only the app itself can ask it, with --app.")]
    try:
        said = vars(await around.durable())
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower, JSON errors too
        return [_told(f"{type(error).__name__}: {error}", around)]
    what = said.get("ExceptionMessage") or said.get("Message")
    if what or said.get("StatusCode") == HTTPStatus.INTERNAL_SERVER_ERROR:
        return [_told(f"{said.get('ExceptionType')}: {what}", around)]
    return [Finding(CHECK, "ok", "Durable Functions answers.")]


def _told(said: str, around: Surroundings) -> Finding:
    """Say what an exception means, without repeating it: it may hold names and addresses."""
    connection = around.env.get(SCHEDULER_SETTING, "")
    if not connection:
        what = f"Durable Functions can't use the storage account of {HOST_STORAGE}"
        fix = "See the findings of host storage; the app's identity needs these roles there: "
        return Finding(CHECK, "problem", f"{what}.", f"{fix}{STORAGE_ROLES}.")
    endpoint = re.search(ENDPOINT, connection)
    host, hub = endpoint["host"] if endpoint else "", around.env.get("TASKHUB_NAME", "TASKHUB")
    if endpoint is None:
        what = f"{SCHEDULER_SETTING} names no Endpoint=https://..."
        return Finding(CHECK, "problem", what, fixes.PROVISION)
    if re.search(DENIED, said):
        what = f"The scheduler {host} refuses the app's identity, which lacks the role "
        what += f"{TASK_HUB.name} on the task hub {hub}; or AZURE_CLIENT_ID and the ClientID in "
        what += f"{SCHEDULER_SETTING} differ."
        fix = fixes.assign(TASK_HUB.name, fixes.hub_scope(host, hub), around.env)
        return Finding(CHECK, "problem", what, fix)
    if re.search(ABSENT, said):
        what = f"The scheduler {host} has no task hub {hub}: TASKHUB_NAME names it."
        return Finding(CHECK, "problem", what, fixes.PROVISION)
    if re.search(AWAY, said):
        what = f"The scheduler {host} can't be reached: {SCHEDULER_SETTING} holds its endpoint."
        fix = f"{fixes.PROVISION}   # sets the endpoint, and the addresses that it lets in"
        return Finding(CHECK, "problem", what, fix)
    what = f"The scheduler {host} fails; the app's log says how."
    return Finding(CHECK, "problem", what, "Ask again in a minute, then read the log.")
