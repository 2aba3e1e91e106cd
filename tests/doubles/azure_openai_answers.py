"""What Azure OpenAI answers when something is wrong, by name: the rows of the failure matrix.

The bodies are those that its documentation and public bug reports show.
"""

from typing import Any

from tests.doubles.openai_double import Scripted, completion

TOPIC = "the secret terrace"  # a word of the prompt, which services repeat in their messages


def failure(status: int, error: Any, **headers: str) -> Scripted:
    """Give an answer that fails; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(status=status, body={"error": error}, headers=named)


def busy(**headers: str) -> Scripted:
    """Give the 429 of a deployment that has no capacity left."""
    message = "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version "
    message += "2024-10-21 have exceeded token rate limit of your current pricing tier."
    return failure(429, {"code": "429", "message": message}, **headers)


def blocked(**found: bool) -> Scripted:
    """Give the 400 of a prompt that the filter blocked for these kinds."""
    report: dict[str, Any] = {kind: {"filtered": False, "severity": "safe"} for kind in KINDS}
    report["jailbreak"] = {"filtered": False, "detected": False}
    report |= {kind: {"filtered": filtered, "detected": True} for kind, filtered in found.items()}
    error = {
        "message": f"The response was filtered due to the prompt: {TOPIC}",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": report},
    }
    return failure(400, error)


KINDS = ("hate", "self_harm", "sexual", "violence")
NOT_FILTERED = {"code": "content_filter_error", "message": "The contents are not filtered"}
CLEAN = {kind: {"filtered": False, "severity": "safe"} for kind in KINDS}


def invalid(code: str | None, param: str, message: str) -> Scripted:
    """Give the 400 of a request that the model does not take."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return failure(400, error)


def too_long(message: str) -> Scripted:
    """Give the 400 of a prompt that does not fit into the model."""
    return invalid("context_length_exceeded", "messages", f"{message} Please reduce {TOPIC}.")


NO_DEPLOYMENT = failure(
    404,
    {
        "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist.",
    },
)
NOT_FOUND = failure(404, {"code": "404", "message": "Resource not found"})
NO_ROLE = failure(
    401, {"code": "PermissionDenied", "message": "Principal does not have access to API/Operation."}
)
FORBIDDEN = failure(403, {"code": "AuthorizationFailed", "message": f"Not for you: {TOPIC}"})
FIREWALL = failure(
    403, {"code": "403", "message": "Access denied due to Virtual Network/Firewall rules."}
)
SUSPENDED = failure(
    403, {"code": "403", "message": "Your resource has been temporarily blocked because we saw X."}
)
NO_CHAT = failure(
    400, {"code": "OperationNotSupported", "message": "The chatCompletion operation does not work."}
)
ODD_TURNS = invalid("invalid_value", "messages[1].content", f"Invalid value: {TOPIC}")
NO_MAX_TOKENS = invalid(
    "unsupported_parameter",
    "max_tokens",
    "Unsupported parameter: 'max_tokens' is not supported with this model.",
)
NO_TEMPERATURE = invalid(
    "unsupported_value",
    "temperature",
    "Unsupported value: 'temperature' does not support 0 with this model.",
)
TOO_MANY_TOKENS = invalid(
    None,
    "max_tokens",
    "max_tokens is too large: 16384. This model supports at most 4096 completion tokens.",
)
ODD_PARAMETER = invalid("unsupported_parameter", f"x: {TOPIC}", "no")
MOVED = Scripted(status=307, headers={"Location": "/elsewhere"})
PROXY_PAGE = Scripted(status=502, body=b"<html>Bad gateway</html>", content_type="text/html")
SIGN_IN_PAGE = Scripted(body=b"<html>Sign in</html>", content_type="text/html")
FILTERED_TEXT = Scripted(
    body=completion(
        None,
        finish_reason="content_filter",
        content_filter_results=CLEAN | {"violence": {"filtered": True, "severity": "medium"}},
    )
)
DECLINED = Scripted(body=completion(None, message={"refusal": f"Not about {TOPIC}."}))
UNFILTERED: dict[str, dict[str, Any]] = {
    "plural": completion(content_filter_results={"error": NOT_FILTERED}),
    "singular": completion(content_filter_result={"error": NOT_FILTERED}),
    "both": completion(content_filter_result={"error": NOT_FILTERED}, content_filter_results={}),
    "code as a number": completion(content_filter_results={"error": {"code": 500, "message": ""}}),
    "beside findings": completion(content_filter_results=CLEAN | {"error": NOT_FILTERED}),
    "in one kind": completion(content_filter_results=CLEAN | {"hate": {"error": NOT_FILTERED}}),
    "by its own name": completion(content_filter_results={"content_filter_error": {}}),
    "beside the message": completion(content_filter_error={"message": "down"}),
    "as a word": completion(content_filter_results={"hate": "content_filter_error"}),
    "prompt, plural": completion()
    | {"prompt_filter_results": [{"content_filter_results": {"error": NOT_FILTERED}}]},
    "prompt, singular": completion()
    | {"prompt_filter_results": [{"content_filter_result": {"error": NOT_FILTERED}}]},
    "prompt, one object": completion()
    | {"prompt_filter_results": {"content_filter_results": {"error": NOT_FILTERED}}},
    "prompt, old name": completion()
    | {"prompt_annotations": [{"content_filter_results": {"error": NOT_FILTERED}}]},
    "whole answer": completion() | {"content_filter_error": True},
}
