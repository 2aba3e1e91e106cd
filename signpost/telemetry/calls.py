"""Owns what is told of a call of the model: how long, how much, how it ended, and no content.

The names are OpenTelemetry's semantic conventions for generative AI.
"""

from collections.abc import Awaitable

from opentelemetry.trace import SpanKind

from signpost import usage
from signpost.model.outcomes import Completion, Refusal
from signpost.settings import Settings
from signpost.telemetry import metrics, names, spans


async def told(config: Settings, asking: Awaitable[Completion | Refusal]) -> Completion | Refusal:
    """Wait for what a call comes to, put it under a span, and count it."""
    attributes = {
        "gen_ai.operation.name": names.CHAT,
        "gen_ai.provider.name": "openai" if config.model_api_key else "azure.ai.openai",
        "gen_ai.request.model": config.model_name,
    }
    name = f"{names.CHAT} {config.model_name}"
    with spans.span(name, kind=SpanKind.CLIENT, attributes=attributes) as opened:
        answer = await asking
        opened.set_attribute("gen_ai.usage.input_tokens", answer.prompt_tokens)
        opened.set_attribute("gen_ai.usage.output_tokens", answer.completion_tokens)
        if isinstance(answer, Refusal):
            spans.failed(answer.kind)
            metrics.refused(answer.kind)
        else:
            opened.set_attribute("gen_ai.response.model", answer.model)
            opened.set_attribute("gen_ai.response.finish_reasons", [answer.finish_reason])
    prices = config.allowances
    metrics.asked(answer, usage.cost(prices, answer.prompt_tokens, answer.completion_tokens))
    return answer
