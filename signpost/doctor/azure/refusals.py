"""Owns how it is told that something can't be looked at: what is needed for it."""

from shlex import quote

from signpost.doctor.azure.arm import Refused
from signpost.doctor.finding import Finding
from signpost.doctor.fixes import PROVISION

READER = "Reader"
SETTINGS_READER = "Website Contributor"  # the least built-in role that may list app settings
SIGN_IN = "az login"


def unreadable(check: str, what: str, refusal: Refused, scope: str, role: str = READER) -> Finding:
    """Say that something can't be read, and which role on which scope would do."""
    if refusal.status == 401:  # noqa: PLR2004 - HTTP's own number
        detail = f"Azure does not know who asks for {what}: the sign-in is over."
        return Finding(check, "unknown", detail, SIGN_IN)
    if refusal.denied:
        needed = f" (the permission {refusal.action} is missing)" if refusal.action else ""
        detail = f"You may not read {what}{needed}."
        fix = (
            "# An owner has to run:\naz role assignment create --assignee YOUR-SIGN-IN-NAME "
            f'--role "{role}" --scope {quote(scope)}'
        )
        return Finding(check, "unknown", detail, fix)
    if refusal.absent:
        return Finding(check, "unknown", f"Azure does not find {what}.", PROVISION)
    said = f"{refusal.status} {refusal.code}" if refusal.status else refusal.message
    detail = f"Azure did not tell {what}: {said.rstrip('.')}."
    return Finding(check, "unknown", detail, "Wait a minute, and run this again.")
