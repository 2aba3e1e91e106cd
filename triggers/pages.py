"""Owns the console's pages and their files."""

from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

from signpost.problems import Unknown
from triggers.answers import SECURITY_HEADERS, guarded

bp = df.Blueprint()

CONSOLE = Path(__file__).parent.parent / "console"
ADAPTIVE_CARDS = CONSOLE / "node_modules/adaptivecards/dist/adaptivecards.min.js"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


# A route can't be empty in Python's model, but it may hold an optional part of length 0.
@bp.route(route="{root:maxlength(0)?}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def start_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page that starts a run."""
    return _file(CONSOLE / "start.html")


@bp.route(route="runs/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def run_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page that follows a run."""
    return _file(CONSOLE / "run.html")


@bp.route(route="approvals", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def approvals_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page that lists approvals and runs."""
    return _file(CONSOLE / "approvals.html")


@bp.route(route="instructions", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def instructions_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page that tests instructions out."""
    return _file(CONSOLE / "instructions.html")


@bp.route(route="approvals/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def sign_page(req: func.HttpRequest) -> func.HttpResponse:
    """Show the page that signs; it finds its token in the fragment, which we never see."""
    return _file(CONSOLE / "sign.html")


@bp.route(route="assets/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@guarded
async def asset(req: func.HttpRequest) -> func.HttpResponse:
    """Show one file of the console."""
    files = {path.name: path for path in (*CONSOLE.iterdir(), ADAPTIVE_CARDS)}
    path = files.get(req.route_params["file"])
    if path is None or path.suffix not in TYPES.keys() - {".html"}:
        raise Unknown("There is no such file.")
    return _file(path)


def _file(path: Path) -> func.HttpResponse:
    if not path.is_file():
        raise Unknown(f"The file {path.name} is missing: run `npm ci` in console/.")
    return func.HttpResponse(
        path.read_bytes(),
        headers=SECURITY_HEADERS | {"Cache-Control": "no-cache"},
        mimetype=TYPES[path.suffix],
        charset="utf-8",
    )
