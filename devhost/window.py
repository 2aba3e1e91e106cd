"""Owns the window on the host: pages that show functions, instances and their histories.

Read only, for a browser on this machine: GET, loopback addresses and names, no script at all.
"""

import ipaddress
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from aiohttp import web

from devhost.clock import Clock
from devhost.history import EventType, stamp
from devhost.loader import App
from devhost.routes import Route
from devhost.status import value_of
from devhost.store import Instance, Store
from devhost.store_window import Filter, WindowReader
from devhost.timeline import entries, pretty, pretty_text, seconds_of

if TYPE_CHECKING:
    import jinja2

MOUNT = "/_devhost"
_FILES = Path(__file__).parent / "pages"
_PAGE = 50  # instances on one page
_EVENTS = 500  # history events on one page; a call and its answer are two
_MOST = 100  # messages and calls under way that are listed
_STATUSES = ("Pending", "Running", "Suspended", "Completed", "Failed", "Terminated")
_MESSAGES = {
    EventType.TIMER_FIRED: "timer",
    EventType.EVENT_RAISED: "event",
    EventType.EXECUTION_STARTED: "start of",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A function in the list: what calls it and, if a browser can, at which URL."""

    name: str
    trigger: str
    called: str
    link: str = ""


class Window:
    """Answers what is asked below /_devhost."""

    def __init__(self, app: App, store: Store, clock: Clock, *, inputs_kept: bool) -> None:
        self._app, self._store, self._clock = app, store, clock
        self._inputs_kept = inputs_kept
        self._reader = WindowReader(store)

    def show(self, request: web.Request, routes: list[Route]) -> web.Response:
        """Answer a request; `routes` are those of the HTTP triggers."""
        if not _is_local(request):
            return web.Response(status=403, text="The window opens on this machine only.\n")
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        match request.path.removeprefix(MOUNT).strip("/").split("/"):
            case [""]:
                return self._index(request, routes)
            case ["instances", _]:
                key = request.path.removeprefix(f"{MOUNT}/instances/").rstrip("/")
                return self._instance(key, request)
            case ["devhost.css"]:
                text = (_FILES / "devhost.css").read_text(encoding="utf-8")
                return web.Response(text=text, content_type="text/css", headers=_HEADERS)
        return self._page("missing.html", status=404, what=request.path)

    def _index(self, request: web.Request, routes: list[Route]) -> web.Response:
        given = {n: request.query.get(n, "") for n in ("status", "name", "prefix", "before")}
        rows = self._reader.newest(Filter(**given), _PAGE + 1)
        older = rows[_PAGE - 1] if len(rows) > _PAGE else None
        counts = self._reader.counts()
        kept = {n: v for n, v in given.items() if v}
        return self._page(
            "index.html",
            functions=self._functions(routes, str(request.url.origin())),
            rows=rows[:_PAGE],
            counts=[(s, counts[s], _query(kept, status=s)) for s in _STATUSES if s in counts],
            total=sum(counts.values()),
            everything=_query(kept, status=""),
            given=given,
            names=self._reader.names(),
            statuses=_STATUSES,
            older=_query(kept, before=f"{older.created} {older.id}") if older else "",
            newest=_query(kept, before="") if given["before"] else "",
        )

    def _functions(self, routes: list[Route], origin: str) -> list[Line]:
        found = {r.function.name: r for r in routes}
        lines = []
        for function in sorted(self._app.functions, key=lambda f: (f.kind, f.name)):
            trigger, link = function.trigger, ""
            called = str(trigger.get("schedule") or trigger.get("queueName") or "")
            if route := found.get(function.name):
                url = f"{origin}/{route.template}"
                called = f"{', '.join(sorted(route.methods)) or 'any method'} {url}"
                if "{" not in url and (not route.methods or "GET" in route.methods):
                    link = url
            lines.append(Line(function.name, function.kind.removesuffix("Trigger"), called, link))
        return lines

    def _instance(self, key: str, request: web.Request) -> web.Response:
        instance = self._store.instance(key)
        if instance is None:
            return self._page("missing.html", status=404, what=f"instance {key}")
        first = _number(request.query.get("from", ""))
        events = self._store.history(key)
        told = entries(events, instance.created)
        parent = json.loads(instance.parent) if instance.parent else {}
        now = stamp(self._clock.now())
        return self._page(
            "instance.html",
            instance=instance,
            parent=str(parent.get("instance") or ""),
            values=_values(instance),
            age=seconds_of(instance.created, now if instance.active else instance.updated),
            waiting=[
                (w.due or "", _named(w.event), seconds_of(now, w.due) if w.due else "")
                for w in self._reader.waiting(key, _MOST)
            ],
            calls=[(c.name, pretty_text(c.input)) for c in self._reader.calls(key, _MOST)],
            inputs_kept=self._inputs_kept,
            entries=told[first : first + _EVENTS],
            first=first,
            total=len(told),
            earlier=max(0, first - _EVENTS) if first else None,
            later=first + _EVENTS if first + _EVENTS < len(told) else None,
        )

    @cached_property
    def _templates(self) -> "jinja2.Environment":
        import jinja2  # noqa: PLC0415 - slow to load, and most hosts are never looked at

        loader = jinja2.FileSystemLoader(_FILES)
        found = jinja2.Environment(
            loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        found.filters.update(path=lambda key: quote(key, safe=""), when=_when, pretty=pretty_text)
        found.globals["mount"] = MOUNT
        return found

    def _page(self, name: str, status: int = 200, **values: Any) -> web.Response:  # noqa: ANN401 - what a template shows
        text = self._templates.get_template(name).render(values)
        return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)


def _is_local(request: web.Request) -> bool:
    """Tell whether a browser on this machine asks, and by a name that no other site can have."""
    host = (request.url.host or "").lower()
    try:
        named = host == "localhost" or ipaddress.ip_address(host).is_loopback
        return named and ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _query(kept: dict[str, str], **changed: str) -> str:
    merged = {**kept, **changed}
    if "before" not in changed:
        merged.pop("before", None)
    return "?" + urlencode({n: v for n, v in merged.items() if v})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - more is no page


def _when(text: str) -> str:
    return text[:19].replace("T", " ")


def _values(instance: Instance) -> list[tuple[str, str]]:
    texts = {
        "Input": instance.input,
        "Output": instance.output,
        "Custom status": instance.custom,
    }
    return [(n, shown) for n, text in texts.items() if (shown := pretty_text(text)) is not None]


def _named(text: str) -> tuple[str, str]:
    """Say what a message is, by kind and name, and what it carries."""
    event = json.loads(text)
    number = EventType(event["EventType"])
    kind = _MESSAGES.get(number, number.name.lower().replace("_", " "))
    payload = event.get("Input") or event.get("Result") or event.get("Reason")
    return f"{kind} {event.get('Name') or ''}".strip(), pretty(value_of(payload)) if payload else ""
