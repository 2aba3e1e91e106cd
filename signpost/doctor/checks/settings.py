"""Owns looking at the settings: everything that is wrong with them, at once."""

from signpost.doctor.finding import Finding
from signpost.doctor.fixes import set_up
from signpost.doctor.surroundings import Surroundings
from signpost.settings import VAULT_REFERENCE
from signpost.variables import BICEP, VARIABLES, VAULT

CHECK = "settings"
BY_DEPLOYMENT = {each.name for each in VARIABLES if each.set_by in (BICEP, VAULT)}


async def check(around: Surroundings) -> list[Finding]:
    """Name each setting that is missing, unsafe or contradictory."""
    found = []
    for each in around.wrong:
        name = str(each.field)
        if around.env.get(name, "").strip().startswith(VAULT_REFERENCE):
            continue  # the look at the vault says why
        fix = set_up(name, around.env, set_by_deployment=name in BY_DEPLOYMENT)
        found.append(Finding(CHECK, "problem", each.detail, fix))
    return found or [Finding(CHECK, "ok", "The settings can be read, and fit together.")]
