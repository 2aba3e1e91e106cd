"""HTTP triggers in every shape."""

import json
import urllib.parse
import urllib.request

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
blueprint = func.Blueprint()


@app.route(route="echo/{kind}/{number:int}", methods=["POST", "PUT"])
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Tell what came in."""
    seen = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().decode(),
        "function": context.function_name,
        "invocation": bool(context.invocation_id),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="text", auth_level=func.AuthLevel.ANONYMOUS)
def text(req: func.HttpRequest) -> str:
    """Return plain text."""
    return f"{req.method} gr\u00fc\u00df"


@app.route(route="files/{*rest}", methods=["GET"])
def files(req: func.HttpRequest) -> func.HttpResponse:
    """Return the rest of the path."""
    return func.HttpResponse(req.route_params.get("rest", "-"))


@app.route(route="files/known", methods=["GET"])
def known(req: func.HttpRequest) -> func.HttpResponse:
    """Be the more literal route."""
    return func.HttpResponse("known")


@app.route(route="maybe/{name?}", methods=["GET"])
def maybe(req: func.HttpRequest) -> func.HttpResponse:
    """Return an optional parameter."""
    return func.HttpResponse(req.route_params.get("name", "nobody"))


@app.route(route="{x:maxlength(0)?}", methods=["GET"])
def root(req: func.HttpRequest) -> func.HttpResponse:
    """Answer at the prefix itself."""
    return func.HttpResponse("root")


@app.route(route="cookies", methods=["GET"])
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    """Set two cookies."""
    response = func.HttpResponse("ok", status_code=201)
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "b=2; Secure")
    return response


@app.route(route="raises", methods=["GET"])
def raises(req: func.HttpRequest) -> func.HttpResponse:
    """Raise."""
    raise ValueError("on purpose")


@app.route(route="nothing", methods=["GET"])
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    """Return nothing."""
    return None  # type: ignore[return-value] # the case under test


@app.route(route="size", methods=["POST"])
def size(req: func.HttpRequest) -> func.HttpResponse:
    """Return the size of the body."""
    return func.HttpResponse(str(len(req.get_body())))


@app.route(route="calls-back", methods=["GET"])
def calls_back(req: func.HttpRequest) -> str:
    """Ask the host something, and block until it has answered."""
    return _ask(req.url)


@app.route(route="calls-back-async", methods=["GET"])
async def calls_back_async(req: func.HttpRequest) -> str:
    """Do the same from an async function, which must not stop the host either."""
    return _ask(req.url)


def _ask(url: str) -> str:
    with urllib.request.urlopen(urllib.parse.urljoin(url, "/api/text"), timeout=5) as answer:
        return str(answer.read().decode())


@blueprint.route(route="from-blueprint", methods=["GET"])
def from_blueprint(req: func.HttpRequest) -> func.HttpResponse:
    """Come from a blueprint."""
    return func.HttpResponse("blueprint")


app.register_functions(blueprint)
