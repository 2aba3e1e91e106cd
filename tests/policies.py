"""Holds approval policies, good and bad, and what is said about the bad ones: line and message."""

from signpost import policy

# The policies below begin in line 11, behind their `title`.
AROUND = """\
title: News
inputs:
  Topic:
    type: Text
  Reviewer:
    type: Text
draft:
  instructions: write
approval:
  title: Sign it
{0}
post:
  location: Channel
  title: News
"""
INSTRUCTIONS = """\
---
inputs:
  - {name: Topic, kind: string}
  - {name: Reviewer, kind: string}
---
user:
Write about {{ Topic }} for {{ Reviewer }}.
"""
FIRST = f"type: {policy.FIRST}\n"
WHO = "assignedTo: [adele@contoso.com, alex@contoso.com]\n"
ONE = f"{FIRST}{WHO}"
EVERYONE = f"type: {policy.EVERYONE}\n{WHO}"
QUORUM = f"type: {policy.QUORUM}\n"
CUSTOM = f"type: {policy.CUSTOM_ONE}\n{WHO}"
NOW = "responseOptions:\n  - name: Now\n    posts: true\n"
SEQUENTIAL = f"type: {policy.SEQUENTIAL}\n"
STAGES = f"{SEQUENTIAL}stages:\n  - assignedTo: adele@contoso.com\n"
REMIND = f"{ONE}reminders:\n  every: P1D\n"


def flow_of(source: str) -> str:
    """Write the flow file that has this policy."""
    return AROUND.format("\n".join(f"  {line}" for line in source.splitlines()))


# What a type, a range or an unknown name is wrong in; the JSON Schema refuses these, too.
STRUCTURE = [
    (WHO, 9, "approval.type: This field is missing"),
    (f"type: Vote\n{WHO}", 11, "approval.type: Invalid enum value 'Vote': take 'Approve/Reject - "),
    (f"{ONE}colour: red\n", 13, "approval.colour: There is no field of this name: these are type,"),
    (
        f"{ONE}allowEdit: true\n",
        13,
        "approval.allowEdit: There is no field of this name: is it `al",
    ),
    (f"{ONE}assigned: x\n", 13, "approval.assigned: There is no field of this name: is it `assign"),
    (f"{FIRST}assignedTo: 5\n", 12, "approval.assignedTo: Expected `str | array | null`, got `int"),
    (f"{FIRST}assignedTo: []\n", 12, "approval.assignedTo: Expected `array` of length >= 1"),
    (f"{FIRST}assignedTo: ''\n", 12, "approval.assignedTo: Expected `str` of length >= 1"),
    (f"{FIRST}assignedTo:\n- a@b\n- 5\n", 14, "approval.assignedTo[1]: Expected `str`, got `int`"),
    (f"{FIRST}assignedTo: {{a: b}}\n", 12, "approval.assignedTo: Expected `str | array | null`"),
    (
        f"{STAGES}  - who: a@b\n",
        14,
        "approval.stages[1].who: There is no field of this name: these",
    ),
    (f"{STAGES}  - {{}}\n", 14, "approval.stages[1].assignedTo: This field is missing"),
    (f"{STAGES}  - assignedTo: 5\n", 14, "approval.stages[1].assignedTo: Expected `str | array`"),
    (f"{STAGES}    type: {policy.CUSTOM_ALL}\n", 14, "approval.stages[0].type: Invalid enum value"),
    (f"{SEQUENTIAL}stages: {{}}\n", 12, "approval.stages: Expected `array`, got `object`"),
    (f"{QUORUM}{WHO}approvals: 0\n", 13, "approval.approvals: Expected `int` >= 1"),
    (f"{QUORUM}{WHO}approvals: two\n", 13, "approval.approvals: Expected `int | null`, got `str`"),
    (f"{CUSTOM}responseOptions: [Now]\n", 13, "approval.responseOptions[0]: Expected `object`"),
    (
        f"{CUSTOM}{NOW}  - name: ' Later'\n",
        16,
        "approval.responseOptions[1].name: Expected 1 to 64",
    ),
    (f"{CUSTOM}{NOW}  - name: {'x' * 65}\n", 16, "responseOptions[1].name: Expected 1 to 64 char"),
    (
        f"{CUSTOM}{NOW}  - name: No\n",
        16,
        "Options[1].name: Expected `str`, got `bool`: put it in q",
    ),
    (
        f"{CUSTOM}{NOW}    post: true\n",
        16,
        "responseOptions[0].post: There is no field of this name",
    ),
    (
        f"{ONE}onExpiry: reject\n",
        13,
        "approval.onExpiry: Invalid enum value 'reject': take 'Reject'",
    ),
    (f"{ONE}expiresAfter: 30\n", 13, "approval.expiresAfter: Expected a duration, such as P30D or"),
    (
        f"{ONE}expiresAfter: P1W\n",
        13,
        "approval.expiresAfter: Expected a duration, such as P30D or",
    ),
    (
        f"{ONE}escalateAfter: soon\n",
        13,
        "approval.escalateAfter: Expected a duration, such as P30D",
    ),
    (f"{ONE}reminders: daily\n", 13, "approval.reminders: Expected a duration, such as P30D or"),
    (f"{ONE}reminders: []\n", 13, "approval.reminders: Expected a duration, such as P30D or PT12H"),
    (f"{ONE}reminders:\n  every: daily\n", 14, "approval.reminders.every: Expected a duration"),
    (
        f"{ONE}reminders:\n  evry: P1D\n",
        14,
        "reminders.evry: There is no field of this name: is it",
    ),
    (
        f"{ONE}reminders:\n  at: '24:00'\n",
        14,
        "reminders.at: Expected a time of day, such as 09:30",
    ),
    (f"{ONE}reminders:\n  at: 1440\n", 14, "reminders.at: Expected a time of day, such as 09:30"),
    (
        f"{REMIND}  quietHours: night\n",
        15,
        "approval.reminders.quietHours: Expected `object | null`",
    ),
    (f"{REMIND}  quietHours:\n    from: 18:00\n", 15, "reminders.quietHours.until: This field is"),
    (f"{REMIND}  quietHours: {{from: six, until: 8:00}}\n", 15, "quietHours.from: Expected a time"),
    (
        f"{ONE}allowRequestChanges: true\nmaxRounds: 1\n",
        14,
        "approval.maxRounds: Expected `int` >= 2",
    ),
    (f"{ONE}allowRequestChanges: true\nmaxRounds: 11\n", 14, "maxRounds: Expected `int` <= 10"),
    (f"{ONE}requireComment: Reject\n", 13, "approval.requireComment: Expected `array`, got `str`"),
    (
        f"{ONE}requireComment: [5]\n",
        13,
        "approval.requireComment[0]: Expected `str`, got `int`: put",
    ),
    (
        f"{ONE}itemLink: http://contoso.com\n",
        13,
        "approval.itemLink: Expected a link that starts wi",
    ),
    (
        f"{ONE}itemLink: javascript:x\n",
        13,
        "approval.itemLink: Expected a link that starts with http",
    ),
    (
        f"{ONE}itemLink: 'https://a b'\n",
        13,
        "approval.itemLink: Expected a link that starts with htt",
    ),
    (f"{ONE}details: {'x' * 4001}\n", 13, "approval.details: Expected `str` of length <= 4000"),
]

# What only the meaning of a policy is wrong in.
MEANING = [
    (FIRST, 9, "approval: `assignedTo` is missing: who signs?"),
    (SEQUENTIAL, 11, "approval: `type` Sequential approval needs `stages`"),
    (f"{SEQUENTIAL}stages: []\n", 11, "approval: `type` Sequential approval needs `stages`"),
    (f"{STAGES}assignedTo: a@b\n", 14, "approval: `assignedTo` stands in each of the `stages`"),
    (f"{ONE}stages:\n  - assignedTo: a@b\n", 13, "approval: `stages` belong to `type` Sequential"),
    (
        f"{STAGES}  - type: {policy.QUORUM}\n    assignedTo: a@b\n",
        14,
        "[1]: `type` Approve/Reject - ",
    ),
    (
        f"{STAGES}    approvals: 1\n",
        14,
        "approval.stages[0]: `approvals` belongs to `type` Approve/",
    ),
    (f"{QUORUM}{WHO}", 11, "approval: `type` Approve/Reject - Quorum needs `approvals`: how many"),
    (f"{ONE}approvals: 1\n", 13, "approval: `approvals` belongs to `type` Approve/Reject - Quorum"),
    (f"{QUORUM}{WHO}approvals: 3\n", 13, "approval.approvals: 3 must approve, but only 2 can be"),
    (f"{QUORUM}assignedTo: a@b; A@B\napprovals: 2\n", 13, "approvals: 2 must approve, but only 1"),
    (f"{QUORUM}assignedTo: Editors\napprovals: 3\n", 13, "approvals: 3 must approve, but only 2"),
    (
        f"{STAGES}  - type: {policy.QUORUM}\n    assignedTo: a@b\n    approvals: 2\n",
        16,
        "approval.stages[1].approvals: 2 must approve, but only 1 can be asked",
    ),
    (
        CUSTOM,
        11,
        "approval: `type` Custom Responses - Wait for one response needs `responseOptions`",
    ),
    (f"{ONE}{NOW}", 13, "approval: `responseOptions` belong to the types of Custom Responses"),
    (
        f"{CUSTOM}responseOptions:\n  - name: No way\n",
        13,
        "need one with `posts: true`, or nothing",
    ),
    (f"{CUSTOM}{NOW}  - name: NOW\n", 13, "approval: `responseOptions` hold 'Now' twice"),
    (f"{CUSTOM}{NOW}  - name: request Changes\n", 13, "can't hold 'request Changes', which means"),
    (
        f"{CUSTOM}{NOW}  - name: Expired\n",
        13,
        "`responseOptions` can't hold 'Expired', which means",
    ),
    (f"{CUSTOM}{NOW}  - name: canceled\n", 13, "`responseOptions` can't hold 'canceled', which"),
    (f"{CUSTOM}{NOW}  - name: FAILED\n", 13, "`responseOptions` can't hold 'FAILED', which means"),
    (
        f"{CUSTOM}{NOW}  - {{name: reject, posts: true}}\n",
        13,
        "`responseOptions`: 'reject' can't have `posts: true`",
    ),
    (
        f"{CUSTOM}{NOW}  - name: Approve\n",
        13,
        "`responseOptions`: 'Approve' needs `posts: true`, as",
    ),
    (
        f'{CUSTOM}{NOW}  - name: "L\\u202Eater"\n',
        16,
        "responseOptions[1].name: Remove U+202E RIGHT",
    ),
    (f'{ONE}details: "a\\u200Bb"\n', 13, "approval.details: Remove U+200B ZERO WIDTH SPACE"),
    (
        f"{ONE}escalateTo: a@b\n",
        13,
        "approval: `escalateTo` needs `escalateAfter` or `onExpiry: esc",
    ),
    (f"{ONE}escalateAfter: P1D\n", 9, "approval: `escalateTo` is missing: to whom?"),
    (f"{ONE}onExpiry: escalate\n", 9, "approval: `escalateTo` is missing: to whom?"),
    (
        f"{ONE}escalateTo: a@b\nescalateAfter: P30D\n",
        14,
        "`escalateAfter` must be PT1S or more, and less than `expiresAfter`",
    ),
    (
        f"{ONE}escalateTo: a@b\nescalateAfter: P1D\nonExpiry: escalate\n",
        15,
        "approval: `onExpiry` escalate and `escalateAfter` name two times: keep one",
    ),
    (f"{ONE}expiresAfter: PT0S\n", 13, "approval: `expiresAfter` must be between PT1S and P365D"),
    (
        f"{REMIND}  timeZone: Mars\n",
        15,
        "approval.reminders: `timeZone` 'Mars' is no IANA time zone",
    ),
    (f"{REMIND}  at: 9:00\n", 13, "approval.reminders: `reminders` need `every` or `at`, and not"),
    (f"{ONE}reminders: {{timeZone: UTC}}\n", 13, "`reminders` need `every` or `at`, and not both"),
    (
        f"{REMIND}  quietHours: {{from: 18:00, until: '18:00'}}\n",
        15,
        "approval.reminders: `quietHours` that end where they start leave no time",
    ),
    (f"{ONE}reminders: PT1H\n", 13, "approval: `reminders` would come more than 400 times"),
    (
        f"{REMIND}enableNotifications: false\n",
        13,
        "approval.reminders: nobody is told with `enable",
    ),
    (
        f"{FIRST}assignedTo: Board\n",
        12,
        "approval.assignedTo: 'Board' is no list in people.yaml: add",
    ),
    (
        f"{FIRST}assignedTo: a@b; Board\n",
        12,
        "approval.assignedTo: 'Board' is no list in people.yaml",
    ),
    (f"{FIRST}assignedTo: ' ; '\n", 12, "approval.assignedTo: this names nobody"),
    (f"{FIRST}assignedTo: '{{{{ Editor }}}}'\n", 12, "assignedTo: there is no input 'Editor'"),
    (
        f"{FIRST}assignedTo: {{{{ Reviewer }}}}\n",
        12,
        "not YAML: a value with `{{ }}` stands in quotes",
    ),
    (
        f"{FIRST}assignedTo: 'the {{{{ Reviewer }}}}'\n",
        12,
        "an input stands with other text: split",
    ),
    (
        f"{FIRST}assignedTo: '{{{{ Topic }}}} {{{{ Reviewer }}}}'\n",
        12,
        "an input stands with other",
    ),
    (
        f"{STAGES}  - assignedTo: [a@b, Board]\n",
        14,
        "approval.stages[1].assignedTo[1]: 'Board' is no",
    ),
    (
        f"{ONE}escalateTo: Board\nonExpiry: escalate\n",
        13,
        "approval.escalateTo: 'Board' is no list",
    ),
    (f"{ONE}requestor: a@b; c@d\n", 13, "approval.requestor: 'a@b; c@d' is no e-mail address"),
    (
        f"{ONE}requestor: Editors\n",
        13,
        "approval.requestor: one person asks, and 'Editors' is a list",
    ),
    (
        f"{ONE}escalateTo: a@b, c@d\nonExpiry: escalate\n",
        13,
        "approval.escalateTo: 'a@b, c@d' is no e-mail address: split names by semicolons",
    ),
    (
        f"{EVERYONE}allowEdits: true\n",
        13,
        "approval: `allowEdits` needs `type` Approve/Reject - First",
    ),
    (
        f"{ONE}maxRounds: 3\n",
        13,
        "approval.maxRounds: without `allowRequestChanges: true` there is",
    ),
    (f"{ONE}requireComment: [Maybe]\n", 13, "holds 'Maybe'; the answers here are Approve, Reject"),
    (
        f"{ONE}requireComment: [reject]\n",
        13,
        "holds 'reject'; the answers here are Approve, Reject",
    ),
    (f"{ONE}requireComment: [Request changes]\n", 13, "holds 'Request changes'; the answers here"),
    (
        f"{ONE}itemLinkDescription: x\n",
        13,
        "approval.itemLinkDescription: it describes `itemLink`, wh",
    ),
]

GOOD = [
    f"{FIRST}assignedTo: adele@contoso.com; Editors; {{{{ Reviewer }}}}\n",
    f"{FIRST}assignedTo: ['{{{{Reviewer}}}}', 11111111-1111-1111-1111-111111111111]\n",
    f"{FIRST}assignedTo: {'; '.join(['x' * 101 + '@contoso.com'] * 50)}\n",
    f"{QUORUM}{WHO}approvals: 2\n",
    f"{QUORUM}assignedTo: ['{{{{ Reviewer }}}}', a@b]\napprovals: 9\n",
    f"{QUORUM}assignedTo: Editors; megan@contoso.com\napprovals: 3\n",
    f"{ONE}escalateTo: Editors\nescalateAfter: P29D\n",
    f"{ONE}escalateTo: Editors\nonExpiry: escalate\n",
    f"{ONE}onExpiry: Reject\nexpiresAfter: P365D\n",
    f"{ONE}reminders: {{at: 9:05, timeZone: Europe/Berlin}}\n",
    f"{ONE}reminders: {{every: PT2H, quietHours: {{from: 18:00, until: '08:00'}}}}\n",
    f"{ONE}allowRequestChanges: true\nmaxRounds: 10\nrequireComment: [Request changes]\n",
    f"{CUSTOM}{NOW}  - name: Später 👋\nallowEdits: true\nrequireComment: [Now]\n",
    f"{CUSTOM}responseOptions: [{{name: Approve, posts: true}}, {{name: Reject}}]\n",
    f"{ONE}itemLink: https://contoso.com/a\nitemLinkDescription: A\n",
]
