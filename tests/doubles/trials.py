"""Describes instructions, and tests of them, as Signpost's API does."""

from typing import Any

Json = dict[str, Any]

SOURCE = """---
name: topic-post
displayName: Post about a topic
inputs:
  - name: Topic
    kind: string
    required: true
    example: The new terrace
---
system:
You write posts.

user:
<notes>
{{ Topic }}
</notes>
"""


def instructions(**changes: Any) -> Json:
    """Describe instructions as `GET /api/instructions/topic-post` does."""
    topic = {"name": "Topic", "kind": "string", "required": True, "description": "What it is about"}
    listed = {
        "name": "topic-post",
        "title": "Post about a topic",
        "description": "A short, friendly post for a channel.",
        "inputs": [{**topic, "default": None, "example": "The new terrace", "options": []}],
        "parameters": {"temperature": 0.2, "max_tokens": 300},
        "flows": ["topic-post"],
    }
    return {**listed, "source": SOURCE, "digest": "sha256:" + "3c" * 32, **changes}


def trial(*texts: str, **changes: Any) -> Json:
    """Describe what a test of instructions came to."""
    return {
        "prompt": [
            {"role": "system", "content": "You write posts."},
            {"role": "user", "content": "<notes>\nThe new terrace\n</notes>"},
        ],
        "variants": [{"text": text, "findings": []} for text in texts],
        "finishReason": "stop",
        "promptTokens": 212,
        "completionTokens": 48,
        "model": "gpt-4o-mini",
        "systemFingerprint": "fp_1a",
        "parameters": {"temperature": 0.2, "max_tokens": 300},
        "removed": [],
        "milliseconds": 1840,
        "estimatedCost": {"amount": "0.0004", "currency": "USD"},
        "failure": None,
        **changes,
    }
