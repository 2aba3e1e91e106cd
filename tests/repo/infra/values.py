"""Owns the values that Bicep expressions have before anything is deployed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

Value = Any  # None, bool, int, str, list, dict, Later, Reference, Built or a lambda


class Later(str):
    """A value that is known when deployed: its text says where it comes from, in braces.

    `shape` is the place of its shape among the types, where that is known.
    """

    __slots__ = ("shape",)
    shape: int | None

    def __new__(cls, text: str, shape: int | None = None) -> Self:
        """Make one."""
        made = super().__new__(cls, text)
        made.shape = shape
        return made

    def __repr__(self) -> str:
        """Tell it from a string that is known."""
        return f"Later({super().__repr__()})"


@dataclass(frozen=True)
class Reference:
    """What the symbol of a resource stands for; `there` is False where its condition is not met."""

    symbol: str
    type: str
    version: str
    names: tuple[str, ...]
    id: str
    there: bool

    @property
    def pair(self) -> str:
        """Return type and version as the shapes name them."""
        return f"{self.type}@{self.version}"


@dataclass(frozen=True)
class Finding:
    """One mistake: the file with its line, and what is wrong in words."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """Show it as compilers do."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Deployed:
    """A resource as it would be sent: `body` holds its values, `scope` the id of what holds it."""

    path: str
    line: int
    reference: Reference
    scope: str
    body: dict[str, Value] = field(hash=False)

    @property
    def type(self) -> str:
        """Return its type, without version."""
        return self.reference.type

    @property
    def id(self) -> str:
        """Return its resource id."""
        return self.reference.id

    @property
    def name(self) -> str:
        """Return its own name, without its parents'."""
        return self.reference.names[-1]

    def get(self, path: str) -> Value:
        """Return the value at a path as `properties.sku.name`, None where there is none."""
        found: Value = self.body
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def wrong(self, message: str) -> Finding:
        """Say what is wrong with it."""
        return Finding(self.path, self.line, f"{self.reference.symbol}: {message}")
