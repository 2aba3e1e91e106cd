"""A loopback stand-in for a deployed Signpost, as a stranger sees it: sound, until a test says."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

from triggers.answers import SECURITY_HEADERS

Reply = tuple[int, dict[str, str], str]
PAGE = '<!doctype html><script type="module" src="/assets/start.js"></script>'


def told(body: object, status: int = 200) -> Reply:
    """Answer with JSON."""
    return status, {"Content-Type": "application/json", **SECURITY_HEADERS}, json.dumps(body)


def sound() -> dict[str, list[Reply]]:
    """Give what a sound Signpost answers; the last answer of a list is given again and again."""
    script = {"Content-Type": "text/javascript; charset=utf-8", **SECURITY_HEADERS}
    return {
        "/api/health": [told({"status": "ready"})],
        "/": [(200, {"Content-Type": "text/html", **SECURITY_HEADERS}, PAGE)],
        "/assets/start.js": [(200, script, "export {};")],
        "/api/openapi.json": [told({"openapi": "3.1.0"})],
        "/api/me": [told({"you": None, "signIn": "off"})],
        "/api/flows/topic-post/runs": [(401, {}, "")],
        "/runtime/webhooks/durabletask/instances": [(401, {}, "")],
    }


class DeployedDouble:
    """Answers what is in `answers`, by path; `asked` are the requests."""

    def __init__(self) -> None:
        self.answers = sound()
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            """Answers each request from the double."""

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                double.asked.append((self.command, self.path, dict(self.headers)))
                waiting = double.answers.get(self.path, [(404, {}, "")])
                status, headers, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815 - the name that the server calls

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
