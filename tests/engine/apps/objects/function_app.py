"""Own classes as activity inputs and outputs, under every annotation that the worker takes."""

import json
import typing
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

app = df.DFApp()


class Point:
    """A class that the SDK can put into JSON and back."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def to_json(self) -> str:
        """Return the JSON text of the point."""
        return json.dumps([self.x, self.y])

    @staticmethod
    def from_json(text: str) -> "Point":
        """Return the point that a JSON text tells of."""
        return Point(*json.loads(text))


class Named(typing.TypedDict):
    """A dict with known keys."""

    name: str


@app.orchestration_trigger(context_name="context")
def travel(context: df.DurableOrchestrationContext) -> Generator[Any, Any, list[Any]]:
    """Send objects to activities and get them back."""
    moved = yield context.call_activity("move", Point(1, 2))
    total = yield context.call_activity("total", [Point(1, 2), Point(3, 4)])
    name = yield context.call_activity("name_of", {"name": "Megan"})
    return [[moved.x, moved.y], total, name, (yield context.call_activity("nothing"))]


@app.activity_trigger(input_name="point")
def move(point: Point) -> Point:
    """Move a point."""
    return Point(point.x + 1, point.y + 1)


@app.activity_trigger(input_name="points")
def total(points: typing.List[Point]) -> int:  # noqa: UP006 - list[Point] is what the worker refuses
    """Add all coordinates."""
    return sum(p.x + p.y for p in points)


@app.activity_trigger(input_name="named")
def name_of(named: Named) -> str:
    """Return the name."""
    return named["name"]


@app.activity_trigger(input_name="given")
def nothing(given: Any) -> Any:
    """Return what was given: nothing."""
    return given
