"""Owns asking Azure Resource Manager: reads only, bounded in time and pages, over plain REST."""

import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp

TIMEOUT_SECONDS = 30.0
MOST_PAGES = 20
ACTION = r"perform action '([\w./*-]+)'"

Json = Mapping[str, Any]


class Refused(Exception):  # noqa: N818 - it says what Azure did
    """Azure answered no: the status, and the code and sentence of its error.

    `action` is the permission that the caller lacks, where Azure names it. Status 0 is for no
    answer at all.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        found = re.search(ACTION, message)
        self.action = found[1] if found else None

    @property
    def absent(self) -> bool:
        """Say whether what was asked for does not exist."""
        return self.status == 404  # noqa: PLR2004 - HTTP's own number

    @property
    def denied(self) -> bool:
        """Say whether whoever asks may not know."""
        return self.status in (401, 403)


class Arm:
    """Asks one cloud's management endpoint as somebody who signed in with `az` or `azd`."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, version: str, **query: str) -> Json:
        """Read one thing. `path` starts with a slash. Raises Refused."""
        return await self._ask("GET", self._url + path, {"api-version": version, **query})

    async def post(self, path: str, version: str) -> Json:
        """Read what is given only to a POST, as lists that hold secrets are. Raises Refused."""
        return await self._ask("POST", self._url + path, {"api-version": version})

    async def every(self, path: str, version: str, **query: str) -> list[Json]:
        """Read a list to its end. Raises Refused."""
        page = await self.get(path, version, **query)
        found = [each for each in listed(page) if isinstance(each, Mapping)]
        for _ in range(MOST_PAGES - 1):
            following = page.get("nextLink")
            if not isinstance(following, str) or not following.startswith(f"{self._url}/"):
                break  # the token is shown to nobody but the management endpoint
            page = await self._ask("GET", following, None)
            found += [each for each in listed(page) if isinstance(each, Mapping)]
        return found

    async def _ask(self, method: str, url: str, query: Mapping[str, str] | None) -> Json:
        if not url.startswith(f"{self._url}/"):  # an id as @host would name another host
            raise Refused(0, "Unreachable", "Azure named a resource by what is no id.")
        try:
            async with self._session.request(
                method,
                url,
                params=query,
                headers=self._headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            ) as answer:
                return _read(answer.status, await answer.read())
        except TimeoutError as error:
            raise Refused(0, "Timeout", "Azure did not answer in time.") from error
        except aiohttp.ClientError as error:
            raise Refused(0, "Unreachable", "Azure could not be reached.") from error


def within(found: Any, *names: str) -> Any:  # noqa: ANN401 - any JSON
    """Give what lies below these names; None where something on the way is missing."""
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def listed(found: Any, *names: str) -> list[Any]:  # noqa: ANN401 - any JSON
    """Give the list below these names, `value` unless they are given; else an empty one."""
    below = within(found, *(names or ("value",)))
    return below if isinstance(below, list) else []


def text(found: Any, *names: str) -> str:  # noqa: ANN401 - any JSON
    """Give the text below these names, or an empty one."""
    below = within(found, *names)
    return below if isinstance(below, str) else ""


def _read(status: int, body: bytes) -> Json:
    try:
        answer = json.loads(body or b"{}")
    except ValueError:
        answer = None
    if status == 200 and isinstance(answer, Mapping):  # noqa: PLR2004 - HTTP's own number
        return answer
    error = within(answer, "error")
    source = error if isinstance(error, Mapping) else answer
    message = text(source, "message") or text(source, "Message")
    raise Refused(status, text(source, "code") or text(source, "Code") or "NoCode", message)
