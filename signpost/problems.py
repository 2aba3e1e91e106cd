"""Owns the errors that a caller can cause, as RFC 9457 problem details."""

import re
from datetime import timedelta
from typing import Any, ClassVar

import msgspec

from signpost.forms import in_words

ABSENT = {
    "contains unknown": "There is no field of this name",
    "missing required": "This field is missing",
}


class Problem(Exception):  # noqa: N818 - named as RFC 9457 names it
    """Something wrong with a request, told so that the caller can mend it.

    `detail` is a sentence for a person, `field` names what is at fault (`inputs.Topic`), and
    `more` holds extension members that a program may read.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request can't be read"
    retry_after: timedelta | None = None

    def __init__(self, detail: str, *, field: str | None = None, **more: Any) -> None:  # noqa: ANN401 - any JSON
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.more = more

    def document(self) -> dict[str, Any]:
        """Give the members of the `application/problem+json` body."""
        kind = type(self).__name__
        body: dict[str, Any] = {
            "type": f"urn:signpost:problem:{kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            body["field"] = self.field
        return body | self.more


class Unreadable(Problem):
    """The body is no JSON, or not the JSON that this route takes."""


class BadLink(Problem):
    """The token opens nothing here; which of the reasons it is stays untold."""

    status = 401
    title = "This link does not open this approval"

    def __init__(self) -> None:
        super().__init__("Open the link from your own notification again, or ask for a new one.")


class SignInNeeded(Problem):
    """Nobody is signed in, and this needs somebody."""

    status = 401
    title = "Sign in first"


class NotYours(Problem):
    """Who sends this is known, and is not asked to answer here, or may not do this."""

    status = 403
    title = "This is not yours to do"

    def __init__(self, detail: str = "You are not among those who are asked here.") -> None:
        super().__init__(detail)


class Foreign(Problem):
    """The request was sent from another site's page."""

    status = 403
    title = "Only Signpost's own pages may do this"


class Unknown(Problem):
    """There is no such flow, run or approval."""

    status = 404
    title = "Not found"


class Decided(Problem):
    """Somebody's answer counted first; `decision` says whose."""

    status = 409
    title = "Already decided"


class Over(Problem):
    """Nothing can be decided any more; `outcome` says how it ended."""

    status = 410
    title = "This is over"


class TooLarge(Problem):
    """The body has more bytes than this route reads."""

    status = 413
    title = "Too large"


class NotJson(Problem):
    """The content type is not `application/json`."""

    status = 415
    title = "Only JSON is read here"


class Invalid(Problem):
    """A field is missing, unknown, of the wrong kind, or out of its range."""

    status = 422
    title = "A value can't be used"


class TooSoon(Problem):
    """The same was done a moment ago; `retry_after` is how long to wait."""

    status = 429
    title = "Too soon"

    def __init__(self, detail: str, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooMany(Problem):
    """A share, a rate or the room to wait is used up; `retry_after` says when there is more."""

    status = 429
    title = "Enough for now"

    def __init__(self, detail: str, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Away(Problem):
    """The store of decisions can't be reached, so nothing is decided."""

    status = 503
    title = "Try again in a moment"
    retry_after = timedelta(seconds=5)

    def __init__(self) -> None:
        super().__init__("Decisions can't be stored right now. Look before you answer again.")


class Broken(Problem):
    """Something went wrong that is nobody's request's fault; the log says what."""

    status = 500
    title = "Signpost failed"


class Misconfigured(Problem):
    """The app lacks a setting, or two of them contradict each other."""

    status = 500
    title = "Signpost is not set up completely"


class BrokenFile(Misconfigured):
    """A file that a user edits can't be used; the message names file, line and field."""

    def __init__(self, name: str, line: int, what: str) -> None:
        super().__init__(f"{name}, line {line}, {what}")
        self.line = line
        self.what = what


def fault(error: msgspec.ValidationError) -> tuple[str, str]:
    """Split what msgspec says into a sentence and the field's path, as `inputs.Topic`."""
    told = str(error).replace(" - at `key` in `$", " (this is about its name) - at `$")
    message, _, trail = told.partition(" - at `$")
    trail = trail.strip("`.")
    message = in_words(message)
    if named := re.fullmatch(
        r"(?s)Object (contains unknown|missing required) field `(.+)`", message
    ):
        message = ABSENT[named[1]]
        trail = f"{trail}.{named[2]}".lstrip(".")
    return message, trail
