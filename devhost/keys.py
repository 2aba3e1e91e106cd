"""Owns function keys: who may call what when the host is started with --keys."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of this host; without `enforced` nobody asks for them."""

    master: str
    function: str
    system: str
    enforced: bool = False

    def admits(self, request: web.Request, level: str) -> bool:
        """Tell whether a request may call a function of that level.

        Levels are anonymous, function, system and admin; the key comes as header
        x-functions-key or as query parameter code.
        """
        if not self.enforced or level == "anonymous":
            return True
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        allowed = [self.master]
        if level == "function":
            allowed.append(self.function)
        if level == "system":
            allowed.append(self.system)
        return any(secrets.compare_digest(given.encode(), key.encode()) for key in allowed)


def made_up() -> Keys:
    """Return keys that nobody asks for."""
    return Keys(secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe())


def kept(path: Path) -> Keys:
    """Return the keys in a file, which is made, readable by its owner only, when missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        fresh = made_up()
        path.write_text(
            json.dumps({"master": fresh.master, "function": fresh.function, "system": fresh.system})
        )
    found = json.loads(path.read_text(encoding="utf-8"))
    return Keys(found["master"], found["function"], found["system"], enforced=True)
