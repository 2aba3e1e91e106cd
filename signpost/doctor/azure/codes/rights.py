"""Owns remedies for what is not allowed: to whoever deploys, in the subscription, by policy."""

from signpost.doctor.azure.codes.remedy import Remedy

REMEDIES = (
    Remedy(
        ("AuthorizationFailed", "LinkedAuthorizationFailed", "Forbidden"),
        "whoever deployed may not give roles: that takes Owner, or Contributor and Role Based "
        "Access Control Administrator",
        "# An owner of the subscription has to run:\naz role assignment create --assignee "
        'WHO-DEPLOYS --role "Role Based Access Control Administrator" '
        "--scope /subscriptions/{subscription}\n# Then:\nazd provision",
        r"roleAssignments",
    ),
    Remedy(
        ("AuthorizationFailed", "LinkedAuthorizationFailed", "Forbidden"),
        "whoever deployed may not do this in the subscription",
        "# An owner of the subscription has to run:\naz role assignment create --assignee "
        "WHO-DEPLOYS --role Contributor --scope /subscriptions/{subscription}\n# Then:\n"
        "azd provision",
    ),
    Remedy(
        ("MissingSubscriptionRegistration", "NoRegisteredProviderFound"),
        "the subscription does not know {namespace} yet",
        "az provider register -n {namespace} --wait && azd provision",
    ),
    Remedy(
        ("RequestDisallowedByPolicy", "RequestDisallowedByAzure", "PolicyViolation"),
        "a policy of the organisation forbids {name} as it is described",
        "az policy assignment list --scope {scope} --disable-scope-strict-match "
        '--query "[].[displayName, enforcementMode, scope]" --output table\n'
        "# Ask its owner for an exemption, or change infra/ to what it demands.",
    ),
    Remedy(
        ("ScopeLocked",),
        "a lock keeps {name} from being changed",
        "az lock list --resource-group {group} --output table\n"
        "# Remove it:\naz lock delete --ids ID && azd provision",
    ),
)
