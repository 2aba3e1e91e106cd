"""Owns the routes of the instructions: the gallery, one of them, and Test it out."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from signpost import flows, gallery
from signpost.instructions import Instructions, PromptInput
from signpost.ledger import open_ledger
from signpost.settings import settings
from signpost.shapes import View
from triggers import access
from triggers.answers import answer, guarded, read_body

bp = df.Blueprint()


class PromptInputView(View, frozen=True):
    """One input of instructions; `example` is what Test it out begins with."""

    name: str
    kind: str
    required: bool
    description: str
    default: Any
    example: Any
    options: list[Any]


class InstructionsView(View, frozen=True):
    """Instructions in short; `flows` names the flows that use them."""

    name: str
    title: str
    description: str
    inputs: list[PromptInputView]
    parameters: flows.Parameters
    flows: list[str]


class Gallery(View, frozen=True):
    """All instructions."""

    instructions: list[InstructionsView]


class InstructionsFile(InstructionsView, frozen=True):
    """Instructions with their file's text; `digest` names its bytes, as receipts do."""

    source: str
    digest: str


@bp.route(route="api/instructions", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def list_instructions(req: func.HttpRequest) -> func.HttpResponse:
    """Show the gallery."""
    access.caller(req)
    shown = [InstructionsView(**_shown(each)) for each in gallery.everything().values()]
    return answer(Gallery(instructions=shown))


@bp.route(route="api/instructions/{name}", methods=["GET"], auth_level=access.LEVEL)
@guarded
async def show_instructions(req: func.HttpRequest) -> func.HttpResponse:
    """Show one of them, as its file has it."""
    access.caller(req)
    found = gallery.named(req.route_params["name"])
    return answer(InstructionsFile(**_shown(found), source=found.source, digest=found.digest))


@bp.route(route="api/instructions/test", methods=["POST"], auth_level=access.LEVEL)
@guarded
async def test_instructions(req: func.HttpRequest) -> func.HttpResponse:
    """Have the model write by instructions, and keep nothing of it."""
    from signpost import trying  # noqa: PLC0415 - few ask for it, and every cold start would pay

    who, config = access.caller(req), settings()
    trial = read_body(req, trying.Trial)
    ledger = open_ledger(config.ledger)
    return answer(await trying.try_out(ledger, config, trial, who.name, datetime.now(UTC)))


def _shown(found: Instructions) -> dict[str, Any]:
    everything = flows.load_all()
    return {
        "name": found.name,
        "title": found.title,
        "description": found.description,
        "inputs": [_input(each) for each in found.inputs],
        "parameters": found.parameters,
        "flows": [n for n, flow in everything.items() if flow.draft.instructions == found.name],
    }


def _input(rule: PromptInput) -> PromptInputView:
    return PromptInputView(
        name=rule.name,
        kind=rule.kind,
        required=rule.required,
        description=rule.description,
        default=rule.default,
        example=rule.example,
        options=list(rule.enum_values or []),
    )
