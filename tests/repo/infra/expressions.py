"""Owns Bicep expressions: small trees, built from the words that the grammar finds.

The grammar gives the words and their nesting in strings, objects and arrays, but binds operators
wrongly (`a ? b : c.d` reads as a member of the ternary); so their order is worked out here, by the
precedence of the language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

WHOLE = {"string", "object", "array", "for_statement", "if_statement", "arguments", "identifier"}
WHOLE |= {"property_identifier", "number", "boolean", "null"}
LEVELS = [["??"], ["||"], ["&&"], ["==", "!=", "=~", "!~"], ["<", "<=", ">", ">="]]
LEVELS += [["+", "-"], ["*", "/", "%"]]
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "$": "$"}
ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", re.DOTALL)

Constant = str | int | bool | None


class Unreadable(ValueError):  # noqa: N818 - it says what the file is
    """Bicep that the reader can't make sense of; says the line."""


@dataclass(frozen=True)
class Expression:
    """One expression with its text and line.

    `kind` is constant, string (with interpolation), object, array, loop, name, member, safe
    (member, null allowed), nested (`a::b`), index, call, unary, operation, choice or lambda.
    `value` is the constant, the name, the member or the operator; `parts` are the operands, of a
    loop its source and its body, of a choice condition, yes and no; `names` are the variables of a
    loop or lambda; `entries` are those of an object.
    """

    kind: str
    line: int
    text: str
    value: Constant = None
    parts: tuple[Expression, ...] = ()
    names: tuple[str, ...] = ()
    entries: tuple[tuple[Expression, Expression], ...] = ()

    def walk(self) -> Iterator[Expression]:
        """Yield this expression and all inside it."""
        yield self
        for pair in self.entries:
            for side in pair:
                yield from side.walk()
        for part in self.parts:
            yield from part.walk()

    def get(self, name: str) -> Expression | None:
        """Return the entry of an object that is written under this name."""
        found = [value for key, value in self.entries if key.value == name]
        return found[0] if found else None


class Source:
    """The bytes of a file, since nodes parsed under a time limit carry no text."""

    def __init__(self, raw: bytes) -> None:
        """Hold them."""
        self.raw = raw

    def text(self, node: Node) -> str:
        """Return what a node spans, without white space around it."""
        return self.raw[node.start_byte : node.end_byte].decode("utf-8").strip()

    def line(self, node: Node) -> int:
        """Return the line, from 1, on which a node's first visible letter stands."""
        before = self.raw[node.start_byte : node.end_byte]
        blank = before[: len(before) - len(before.lstrip())].count(b"\n")
        return int(node.start_point[0]) + blank + 1

    def words(self, node: Node) -> list[Node]:
        """Flatten an expression into its words, comments left out."""
        if node.type == "comment":
            return []
        if node.type in WHOLE or not node.child_count:
            return [node] if self.text(node) else []
        return [word for child in node.children for word in self.words(child)]

    def read(self, node: Node) -> Expression:
        """Read one expression."""
        return Reading(self, self.words(node)).whole()

    def string(self, node: Node) -> Expression:
        """Read a string: constant, or with interpolated parts."""
        line, text = self.line(node), self.text(node)
        quote = "'''" if text.startswith("'''") else "'"
        start = self.raw.index(quote.encode(), node.start_byte) + len(quote)
        parts: list[Expression] = []
        holes = [child for child in node.children if child.type == "interpolation"]
        for hole in holes:
            parts.append(self._piece(start, hole.start_byte, line, raw=False))
            inner = [word for child in hole.children[1:-1] for word in self.words(child)]
            parts.append(Reading(self, inner).whole())
            start = hole.end_byte
        last = node.start_byte + len(self.raw[node.start_byte : node.end_byte].rstrip())
        parts.append(self._piece(start, last - len(quote), line, raw=quote != "'"))
        if not holes:
            return Expression("constant", line, text, parts[0].value)
        return Expression("string", line, text, None, tuple(parts))

    def _piece(self, start: int, end: int, line: int, *, raw: bool) -> Expression:
        """Give the text between two interpolations; raw strings start after their first newline."""
        text = self.raw[start:end].decode("utf-8")
        value = text.removeprefix("\n") if raw else ESCAPE.sub(_unescaped, text)
        return Expression("constant", line, text, value)

    def thing(self, node: Node) -> Expression:
        """Read an object; nested resources in it are left to the reader of declarations."""
        entries = []
        for item in node.named_children:
            named = [child for child in item.named_children if child.type != "comment"]
            if item.type == "object_property" and named[0].type != "resource_declaration":
                key, *rest = named
                value = Reading(self, [word for part in rest for word in self.words(part)]).whole()
                entries.append((self.key(key), value))
        return Expression("object", self.line(node), self.text(node), entries=tuple(entries))

    def key(self, node: Node) -> Expression:
        """Read the name of a property: a word or a string."""
        if node.type == "string":
            return self.string(node)
        return Expression("constant", self.line(node), self.text(node), self.text(node))

    def array(self, node: Node) -> Expression:
        """Read an array from its words, since the grammar reads `[a - 1]` as two items."""
        words = [word for child in node.children[1:-1] for word in self.words(child)]
        parts = tuple(Reading(self, words).separated(also_by_lines=True))
        return Expression("array", self.line(node), self.text(node), parts=parts)

    def loop(self, node: Node) -> Expression:
        """Read `[for name in source: body]`; a condition on the body stands for it."""
        named = [child for child in node.named_children if child.type != "comment"]
        variables, source, *body = named
        names = variables.named_children or [variables]
        parts = (self.read(source), self.body(body))
        where = self.line(node), self.text(node)
        return Expression("loop", *where, None, parts, tuple(self.text(name) for name in names))

    def body(self, nodes: list[Node]) -> Expression:
        """Read the body of a loop."""
        return Reading(self, [word for node in nodes for word in self.words(node)]).whole()

    def conditional(self, node: Node) -> Expression:
        """Read `if (condition) object` as a choice without an alternative."""
        condition, body = [child for child in node.named_children if child.type != "comment"]
        parts = (self.read(condition), self.read(body))
        return Expression("choice", self.line(node), self.text(node), None, parts)


class Reading:
    """Reads the words of one expression from left to right."""

    def __init__(self, source: Source, words: list[Node]) -> None:
        """Start at the first word."""
        self.source = source
        self.words = words
        self.place = 0

    def whole(self) -> Expression:
        """Read all words as one expression. Raises Unreadable if some are left."""
        found = self.choice()
        if self.place < len(self.words):
            raise self._stuck()
        return found

    def peek(self, ahead: int = 0) -> str:
        """Return the text of a word to come, empty at the end."""
        place = self.place + ahead
        return self.source.text(self.words[place]) if place < len(self.words) else ""

    def take(self, expected: str = "") -> Node:
        """Return the next word. Raises Unreadable if there is none, or another."""
        if self.place >= len(self.words) or (expected and self.peek() != expected):
            raise self._stuck()
        self.place += 1
        return self.words[self.place - 1]

    def choice(self) -> Expression:
        """Read a lambda, a ternary or what binds closer."""
        if (names := self._lambda_names()) is not None:
            body = self.choice()
            return Expression("lambda", body.line, body.text, None, (body,), names)
        condition = self.operation(0)
        if self.peek() != "?":
            return condition
        self.take()
        yes = self.choice()
        self.take(":")
        parts = (condition, yes, self.choice())
        return Expression("choice", condition.line, _joined(*parts), None, parts)

    def operation(self, level: int) -> Expression:
        """Read operators of one precedence, from left to right."""
        if level == len(LEVELS):
            return self.unary()
        left = self.operation(level + 1)
        while self.peek() in LEVELS[level]:
            operator = self.source.text(self.take())
            parts = (left, self.operation(level + 1))
            text = f"{left.text} {operator} {parts[1].text}"
            left = Expression("operation", left.line, text, operator, parts)
        return left

    def unary(self) -> Expression:
        """Read `!` or `-` before a value."""
        if self.peek() in ("!", "-"):
            operator = self.source.text(self.take())
            inner = self.unary()
            return Expression("unary", inner.line, operator + inner.text, operator, (inner,))
        return self.members(self.primary())

    def members(self, found: Expression) -> Expression:
        """Read all that follows a value: members, calls, places in arrays."""
        while True:
            following = self._next_member(found)
            if following is None:
                return found
            found = following

    def _next_member(self, of: Expression) -> Expression | None:
        sign = self.peek()
        if sign == "!":
            self.take()
            return of
        if sign in (".", ".?", "::"):
            return self._member(of, sign)
        if sign == "[":
            return self._index(of)
        if self.place < len(self.words) and self.words[self.place].type == "arguments":
            return self._call(of)
        return None

    def _member(self, of: Expression, sign: str) -> Expression:
        self.take()
        name = self.source.text(self.take())
        kind = {".": "member", ".?": "safe", "::": "nested"}[sign]
        return Expression(kind, of.line, f"{of.text}{sign}{name}", name, (of,))

    def _index(self, of: Expression) -> Expression:
        self.take("[")
        safe = self.peek() == "?"
        if safe:
            self.take()
        at = self.choice()
        self.take("]")
        return Expression("index", of.line, f"{of.text}[{at.text}]", safe, (of, at))

    def _call(self, of: Expression) -> Expression:
        node = self.take()
        inner = [word for child in node.children[1:-1] for word in self.source.words(child)]
        parts = tuple(Reading(self.source, inner).separated())
        text = f"{of.text}{self.source.text(node)}"
        return Expression("call", of.line, text, of.value, parts)

    def separated(self, *, also_by_lines: bool = False) -> Iterator[Expression]:
        """Read expressions between commas, in arrays also between lines."""
        while self.place < len(self.words):
            yield self.choice()
            if self.peek() == "," or (self.peek() and not also_by_lines):
                self.take(",")

    def _lambda_names(self) -> tuple[str, ...] | None:
        """Take `name =>` or `(name, name) =>`, if it stands here."""
        if self.peek(1) == "=>":
            names: tuple[str, ...] = (self.source.text(self.take()),)
        elif self.peek() == "(" and "=>" in (self.peek(2), self.peek(3), self.peek(5)):
            inside = iter(lambda: self.source.text(self.take()), ")")
            names = tuple(word for word in inside if word not in "(,")
        else:
            return None
        self.take("=>")
        return names

    def primary(self) -> Expression:
        """Read a value that stands by itself."""
        node = self.take()
        readers = {
            "string": self.source.string,
            "object": self.source.thing,
            "array": self.source.array,
            "for_statement": self.source.loop,
            "if_statement": self.source.conditional,
        }
        if node.type in readers:
            return readers[node.type](node)
        if self.source.text(node) == "(":
            inner = self.choice()
            self.take(")")
            return inner
        return self._word(node)

    def _word(self, node: Node) -> Expression:
        text, line = self.source.text(node), self.source.line(node)
        if node.type == "identifier":
            return Expression("name", line, text, text)
        if node.type in ("boolean", "null"):
            value = {"true": True, "false": False, "null": None}[text]
            return Expression("constant", line, text, value)
        if node.type == "number":
            return Expression("constant", line, text, int(text))
        self.place -= 1
        raise self._stuck()

    def _stuck(self) -> Unreadable:
        node = self.words[min(self.place, len(self.words) - 1)] if self.words else None
        line = self.source.line(node) if node else 0
        return Unreadable(f"line {line}: {self.peek() or 'the end'} is not expected here")


def _joined(condition: Expression, yes: Expression, no: Expression) -> str:
    return f"{condition.text} ? {yes.text} : {no.text}"


def _unescaped(match: re.Match[str]) -> str:
    code, letter = match.groups()
    return chr(int(code, 16)) if code else ESCAPES.get(letter, letter)
