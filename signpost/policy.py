"""Owns the approval policy of a flow: who signs, in which way, and by when.

Names and kinds are those of Power Automate's approvals; the quorum is Signpost's own.
"""

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from signpost.contracts import REQUEST_CHANGES
from signpost.forms import LINK, OPTION
from signpost.people import split_people
from signpost.reminders import Reminders

FIRST = "Approve/Reject - First to respond"
EVERYONE = "Approve/Reject - Everyone must approve"
QUORUM = "Approve/Reject - Quorum"
CUSTOM_ONE = "Custom Responses - Wait for one response"
CUSTOM_ALL = "Custom Responses - Wait for all responses"
SEQUENTIAL = "Sequential approval"

APPROVE, REJECT = "Approve", "Reject"
RESERVED = (REQUEST_CHANGES, "Expired", "Canceled", "Failed")
MOST_REMINDERS = 400  # each makes the run's history longer, which is replayed at each step
LONGEST_WAIT = timedelta(days=365)

StageType = Literal[
    "Approve/Reject - First to respond",
    "Approve/Reject - Everyone must approve",
    "Approve/Reject - Quorum",
]
ApprovalType = Literal[
    "Approve/Reject - First to respond",
    "Approve/Reject - Everyone must approve",
    "Approve/Reject - Quorum",
    "Custom Responses - Wait for one response",
    "Custom Responses - Wait for all responses",
    "Sequential approval",
]

Text = Annotated[str, Meta(min_length=1, max_length=256)]
# Who is named: a person, an Entra object id, a list of people.yaml, or `{{ an input }}`.
Named = Annotated[str, Meta(min_length=1, max_length=256)]
# One text may name 50 people, as Power Automate's *Assigned to* does.
People = (
    Annotated[list[Named], Meta(min_length=1, max_length=50)]
    | Annotated[str, Meta(min_length=1, max_length=6000)]
)
Option = Annotated[str, Meta(pattern=OPTION)]
Link = Annotated[str, Meta(pattern=LINK, max_length=2000)]
Count = Annotated[int, Meta(ge=1, le=50)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A block of a flow file; unknown keys are errors."""


class ResponseOption(Part, frozen=True):
    """One answer of a custom approval."""

    name: Annotated[Option, Meta(description="What the button says.")]
    posts: Annotated[bool, Meta(description="Whether choosing it signs the text.")] = False


class Stage(Part, kw_only=True, frozen=True):
    """One stage of a sequential approval: who signs in it, and how many of them must."""

    assigned_to: Annotated[People, Meta(description="As in an approval of one stage.")]
    type: Annotated[StageType, Meta(description="When this stage is passed.")] = (
        "Approve/Reject - First to respond"
    )
    approvals: Annotated[
        Count | None, Meta(description="How many must approve, for the quorum.")
    ] = None

    def __post_init__(self) -> None:
        """Raise ValueError, which msgspec reports, when type and number disagree."""
        check_approvals(self.type, self.approvals)


class Approval(Part, kw_only=True, frozen=True, omit_defaults=True):
    """Who signs, and the rules of signing; durations are ISO 8601 (`P30D`, `PT12H`)."""

    type: Annotated[ApprovalType, Meta(description="Whose answers decide.")]
    title: Annotated[Text, Meta(description="The heading of the request.")]
    details: Annotated[
        str,
        Meta(max_length=4000, description="What approvers should look at; Markdown in Teams only."),
    ] = ""
    item_link: Annotated[Link | None, Meta(description="A page that belongs to it.")] = None
    item_link_description: Annotated[
        str, Meta(max_length=256, description="What `item_link` shows.")
    ] = ""
    assigned_to: Annotated[
        People | None,
        Meta(description="Who signs: addresses, object ids, lists of people.yaml, `{{ Input }}`."),
    ] = None
    stages: Annotated[
        list[Stage], Meta(max_length=10, description="Who signs one after another.")
    ] = []
    approvals: Annotated[
        Count | None, Meta(description="How many must approve, for the quorum.")
    ] = None
    response_options: Annotated[
        list[ResponseOption], Meta(max_length=10, description="The answers of Custom Responses.")
    ] = []
    requestor: Annotated[
        Named | None, Meta(description="Who asks, where the caller does not say; may not sign.")
    ] = None
    enable_notifications: Annotated[bool, Meta(description="Tell approvers in Teams.")] = True
    enable_reassignment: Annotated[
        bool, Meta(description="Let approvers hand their place to somebody else.")
    ] = False
    allow_edits: Annotated[bool, Meta(description="Let whoever signs change the text.")] = False
    allow_request_changes: Annotated[
        bool, Meta(description="Let approvers send the draft back, with a comment.")
    ] = False
    max_rounds: Annotated[
        int, Meta(ge=2, le=10, description="Drafts at most; the last can't be sent back.")
    ] = 3
    allow_self_approval: Annotated[bool, Meta(description="Let who asks sign, too.")] = False
    require_comment: Annotated[list[Option], Meta(description="Answers that need a comment.")] = []
    reminders: Annotated[
        timedelta | Reminders | None, Meta(description="When approvers are told again.")
    ] = None
    escalate_to: Annotated[
        People | None, Meta(description="Who may answer in place of the silent.")
    ] = None
    escalate_after: Annotated[
        timedelta | None, Meta(description="How long after a round opens they may.")
    ] = None
    expires_after: Annotated[
        timedelta, Meta(description="How long a round waits: PT1S to P365D.")
    ] = timedelta(days=30)
    on_expiry: Annotated[
        Literal["Reject", "escalate"] | None,
        Meta(description="Count silence as Reject, or escalate and wait once more."),
    ] = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself. Raises ValueError, which msgspec reports."""
        check_approvals(self.type, self.approvals)
        _check_people(self)
        _check_options(self)
        _check_times(self)
        _check_escalation(self)

    @property
    def is_custom(self) -> bool:
        """Whether the flow brings its own answers."""
        return self.type in (CUSTOM_ONE, CUSTOM_ALL)

    @property
    def options(self) -> list[str]:
        """The answers that an approver can choose from."""
        chosen = [option.name for option in self.response_options]
        own = chosen if self.is_custom else [APPROVE, REJECT]
        return [*own, REQUEST_CHANGES] if self.allow_request_changes else own

    @property
    def all_stages(self) -> list[Stage]:
        """The stages of any type, of which all but the sequential have one."""
        if self.type == SEQUENTIAL:
            return self.stages
        kind: StageType = "Approve/Reject - First to respond"
        if self.type in (EVERYONE, CUSTOM_ALL):
            kind = "Approve/Reject - Everyone must approve"
        elif self.type == QUORUM:
            kind = "Approve/Reject - Quorum"
        return [Stage(assigned_to=self.assigned_to or [], type=kind, approvals=self.approvals)]

    @property
    def cadence(self) -> Reminders | None:
        """When approvers are told again; a bare duration is the short form."""
        if isinstance(self.reminders, timedelta):
            return Reminders(every=self.reminders)
        return self.reminders

    def signs(self, response: str) -> bool:
        """Say whether this answer is in favour of posting."""
        if not self.is_custom:
            return response == APPROVE
        return any(option.posts for option in self.response_options if option.name == response)


def listed(people: People | None) -> list[str]:
    """Give the names one by one; a text may hold several, split by semicolons."""
    texts = [people] if isinstance(people, str) else people or []
    return [name for text in texts for name in split_people(text)]


def check_approvals(kind: str, approvals: int | None) -> None:
    """Raise ValueError unless a number of approvals stands with the quorum, and only there."""
    if kind == QUORUM and approvals is None:
        raise ValueError(f"`type` {QUORUM} needs `approvals`: how many of the named must approve")
    if kind != QUORUM and approvals is not None:
        raise ValueError(f"`approvals` belongs to `type` {QUORUM}")


def _check_people(policy: Approval) -> None:
    if policy.type == SEQUENTIAL:
        if not policy.stages:
            raise ValueError(f"`type` {SEQUENTIAL} needs `stages`")
        if policy.assigned_to is not None:
            raise ValueError("`assignedTo` stands in each of the `stages` of a sequential approval")
    elif policy.stages:
        raise ValueError(f"`stages` belong to `type` {SEQUENTIAL}")
    elif policy.assigned_to is None:
        raise ValueError("`assignedTo` is missing: who signs?")


def _check_options(policy: Approval) -> None:
    options = policy.response_options
    names = [option.name for option in options]
    if policy.is_custom and not names:
        raise ValueError(f"`type` {policy.type} needs `responseOptions`")
    if names and not policy.is_custom:
        raise ValueError("`responseOptions` belong to the types of Custom Responses")
    if policy.is_custom and not any(option.posts for option in options):
        raise ValueError("`responseOptions` need one with `posts: true`, or nothing is ever posted")
    folded = [name.casefold() for name in names]
    if doubled := [name for name in names if folded.count(name.casefold()) > 1]:
        raise ValueError(f"`responseOptions` hold {doubled[0]!r} twice")
    if taken := [name for name in names if name.casefold() in map(str.casefold, RESERVED)]:
        raise ValueError(f"`responseOptions` can't hold {taken[0]!r}, which means something else")
    misread = {APPROVE.casefold(): False, REJECT.casefold(): True}
    for option in options:
        if misread.get(option.name.casefold()) is option.posts:
            verb = "can't have" if option.posts else "needs"
            raise ValueError(
                f"`responseOptions`: {option.name!r} {verb} `posts: true`, as it reads"
            )
    if unknown := set(policy.require_comment) - set(policy.options):
        known = ", ".join(policy.options)
        raise ValueError(f"`requireComment` holds {min(unknown)!r}; the answers here are {known}")
    if policy.allow_edits and policy.type not in (FIRST, CUSTOM_ONE):
        raise ValueError(f"`allowEdits` needs `type` {FIRST} or {CUSTOM_ONE}: one answer decides")


def _check_times(policy: Approval) -> None:
    if not timedelta(seconds=1) <= policy.expires_after <= LONGEST_WAIT:
        raise ValueError("`expiresAfter` must be between PT1S and P365D")
    every = policy.cadence.every if policy.cadence else None
    if every is not None and policy.expires_after / every > MOST_REMINDERS:
        raise ValueError(f"`reminders` would come more than {MOST_REMINDERS} times")


def _check_escalation(policy: Approval) -> None:
    asked = policy.escalate_after is not None or policy.on_expiry == "escalate"
    if asked and policy.escalate_to is None:
        raise ValueError("`escalateTo` is missing: to whom?")
    if policy.escalate_after is not None and policy.on_expiry == "escalate":
        raise ValueError("`onExpiry` escalate and `escalateAfter` name two times: keep one")
    if policy.escalate_to is not None and not asked:
        raise ValueError("`escalateTo` needs `escalateAfter` or `onExpiry: escalate`: when?")
    after = policy.escalate_after
    if after is not None and not timedelta(seconds=1) <= after < policy.expires_after:
        raise ValueError("`escalateAfter` must be PT1S or more, and less than `expiresAfter`")
