"""Owns templates: the part of Jinja2 that instructions may use, and running it in bounds.

What is allowed is a list of syntax-tree nodes, checked before anything is compiled: no loop, call,
attribute or arithmetic is on it. So a template ends, and reaches nothing but its values. Jinja2's
sandbox runs it all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from jinja2 import Template, TemplateSyntaxError, Undefined, UndefinedError, nodes, pass_context
from jinja2 import filters as library
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from signpost.inputs.rules import written
from signpost.instructions.fences import Fences
from signpost.instructions.front import Value

MOST_TOKENS = 10_000  # blanks and texts count too
DEEPEST = 40
LARGEST_RESULT = 1_000_000  # bytes
MOST_WORK = 2_000_000  # characters that filters and `~` read while one prompt is filled in
FINEST = 10  # digits after the point

_FILLING = "~"  # under which the context holds it: no placeholder is called so
_JOIN = "~"  # the filter that `~` becomes: no template can name it


class Refused(Exception):  # noqa: N818 - it names what is wrong
    """A template says what it may not, or does not work; `line` is 1 for its first."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


class TooMuch(Exception):  # noqa: N818 - as above
    """A prompt becomes too long, or takes too much work; the message says which."""


class Filling:
    """What filling in one prompt has left of work and room, and the fences it keeps to."""

    def __init__(self, fences: Fences) -> None:
        self.fences = fences
        self.work = MOST_WORK
        self.room = LARGEST_RESULT

    def read(self, *values: object) -> None:
        """Take the texts' lengths off the work. Raises TooMuch."""
        self.work -= sum(len(each) for each in values if isinstance(each, str))
        if self.work < 0:
            raise TooMuch("its placeholders take too much work: use fewer filters")

    def write(self, text: str) -> str:
        """Take the text's bytes off the room. Raises TooMuch."""
        self.room -= len(text.encode())
        if self.room < 0:
            raise TooMuch(f"the filled-in prompt is longer than {LARGEST_RESULT:,} bytes")
        return text


class Compiled(NamedTuple):
    """A template that may run, and the inputs that it uses."""

    template: Template
    inputs: frozenset[str]

    def render(self, values: Mapping[str, Value], filling: Filling) -> str:
        """Fill in the values. Raises Refused and TooMuch."""
        try:
            pieces = self.template.generate({**values, _FILLING: filling})
            return "".join(map(filling.write, pieces))
        except TooMuch:
            raise
        except UndefinedError as error:
            what = f"it fails where a value is missing ({error}): ask `is defined` first"
            raise Refused(_line(error), what) from error
        except Exception as error:
            raise Refused(_line(error), f"it can't be filled in: {error}") from error


@lru_cache(maxsize=64)
def compiled(text: str, inputs: frozenset[str]) -> Compiled:
    """Make a text with placeholders ready to run. Raises Refused."""
    try:
        _check_amount(text)
        tree = _sandbox().parse(text)
        used = frozenset(_check(tree, inputs))
        code = _sandbox().compile(_Joins().visit(tree))
    except TemplateSyntaxError as error:
        told = (error.message or "").rstrip(".")
        hint = ": is `}}` or `%}` missing before it?" if told.startswith("unexpected") else ""
        raise Refused(error.lineno, f"this is no template: {told}{hint}") from None
    except (RecursionError, MemoryError):
        raise Refused(1, "its brackets are nested too deeply") from None
    except (ValueError, OverflowError, SyntaxError) as error:
        raise Refused(1, f"this is no template: {error}") from None
    return Compiled(Template.from_code(_sandbox(), code, {}), used)


@cache
def _sandbox() -> ImmutableSandboxedEnvironment:
    sandbox = ImmutableSandboxedEnvironment(autoescape=False, finalize=_finished)
    sandbox.globals.clear()
    sandbox.filters = {name: _in_bounds(run) for name, (run, _) in FILTERS.items()}
    sandbox.filters[_JOIN] = _join
    sandbox.tests = {name: sandbox.tests[name] for name in ("defined", "undefined")}
    sandbox.tests["none"] = sandbox.tests["undefined"]
    return sandbox


def _finished(value: object) -> str:
    return "" if isinstance(value, Undefined) else written(value)


def _in_bounds(run: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter that counts what it reads, and whose result closes no fence either.

    One letter in a value can be two of a tag's in capitals.
    """

    @pass_context
    def filtered(context: Context, value: object, *arguments: object) -> object:
        filling: Filling = context[_FILLING]
        filling.read(value, *arguments)
        return filling.fences.keep_in(run(value, *arguments))

    return filtered


def _of_text(run: Callable[[str], Any]) -> Callable[[object], Any]:
    return lambda value: run(_finished(value))


def _rounded(value: object, digits: int = 0) -> float:
    if isinstance(value, Undefined):
        raise UndefinedError("there is nothing to round")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("`round` takes a number")
    return round(float(value), digits)


def _whole(value: object) -> int:
    return int(library.do_int(value)) if isinstance(value, str | int | float) else 0


@pass_context
def _join(context: Context, *values: object) -> str:
    context[_FILLING].read(*values)
    return "".join(map(_finished, values))


# Each with the number of arguments that it takes at most.
FILTERS: dict[str, tuple[Callable[..., Any], int]] = {
    "capitalize": (_of_text(library.do_capitalize), 0),
    "default": (library.do_default, 2),
    "int": (_whole, 0),
    "length": (_of_text(len), 0),
    "lower": (_of_text(library.do_lower), 0),
    "round": (_rounded, 1),
    "title": (_of_text(library.do_title), 0),
    "trim": (_of_text(str.strip), 0),
    "upper": (_of_text(library.do_upper), 0),
    "wordcount": (_of_text(lambda text: len(text.split())), 0),
}
TESTS = ("defined", "undefined", "none")

_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.And, nodes.Or, nodes.Not,
    nodes.Concat, nodes.CondExpr, nodes.Compare, nodes.Const,
)  # fmt: skip
_CALLED = {
    "For": "a loop (`for`)", "Assign": "`set`", "AssignBlock": "`set`", "Macro": "`macro`",
    "CallBlock": "`call`", "FilterBlock": "`filter` around a block", "With": "`with`",
    "Block": "`block`", "Include": "`include`", "Import": "`import`", "FromImport": "`import`",
    "Extends": "`extends`", "Call": "a call", "Getattr": "a `.` after a name",
    "Getitem": "a `[` after a name", "Slice": "a slice", "Dict": "a dictionary", "List": "a list",
    "Tuple": "a list", "Keyword": "a named argument", "Scope": "`autoescape`",
}  # fmt: skip
_TOO_MANY = "its placeholders and conditions are too many, or nested too deeply"
_INSTEAD = "there are {{ Input }}, `if` with comparisons, `~`, and filters such as `default`"


def _check_amount(text: str) -> None:
    """Count the words and brackets before a tree is built of them. Raises Refused."""
    depth = 0
    for count, (line, kind, word) in enumerate(_sandbox().lex(text)):
        if kind == "operator":
            depth += (word in "([{") - (word in ")]}")
        if count == MOST_TOKENS or depth > DEEPEST:
            raise Refused(line, _TOO_MANY)


def _check(tree: nodes.Template, inputs: frozenset[str]) -> Iterator[str]:
    """Walk the tree, without recursion, and give the inputs it uses. Raises Refused."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 1, 0)]
    while waiting:
        node, line, depth = waiting.pop()
        line = _line_of(node, line)
        if depth > DEEPEST:
            raise Refused(line, _TOO_MANY)
        if what := _objection(node, inputs):
            raise Refused(line, what)
        if isinstance(node, nodes.Name):
            yield node.name
        children = [] if _is_list_of_constants(node) else list(node.iter_child_nodes())
        waiting += [(child, line, depth + 1) for child in reversed(children)]


def _line_of(node: nodes.Node, line: int) -> int:
    """Give a node's line; some have none but through their children, or their parent."""
    return node.lineno or next((c.lineno for c in node.iter_child_nodes() if c.lineno), line)


def _objection(node: nodes.Node, inputs: frozenset[str]) -> str | None:
    if isinstance(node, nodes.Name):
        known = f"there are {', '.join(sorted(inputs))}" if inputs else "none is declared"
        return None if node.name in inputs else f"there is no input `{node.name}`: {known}"
    if isinstance(node, _PLAIN):
        return None
    if objects := _OBJECTIONS.get(type(node)):
        return objects(node)
    kind = type(node).__name__
    sort = "arithmetic" if isinstance(node, nodes.BinExpr | nodes.UnaryExpr) else f"`{kind}`"
    return f"{_CALLED.get(kind, sort)} can't be used here: {_INSTEAD}"


def _bad_test(node: nodes.Test) -> str | None:
    if node.name in TESTS and not node.args and not node.kwargs:
        return None
    return f"there is no test `is {node.name}`: there are {', '.join(TESTS)}"


def _bad_comparison(node: nodes.Operand) -> str | None:
    if node.op not in ("in", "notin") or _is_list_of_constants(node):
        return None
    return "`in` is followed by a list of texts, as in `Tone in ['Formal', 'Friendly']`"


def _bad_sign(node: nodes.Neg) -> str | None:
    if isinstance(node.node, nodes.Const) and type(node.node.value) in (int, float):
        return None
    return "`-` stands before numbers only"


def _bad_filter(node: nodes.Filter) -> str | None:
    if node.node is None or node.name not in FILTERS:
        return f"there is no filter `{node.name}`: there are {', '.join(FILTERS)}"
    most = FILTERS[node.name][1]
    if len(node.args) > most or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return f"`{node.name}` takes {most or 'no'} argument{'s' * (most != 1)} in its brackets"
    return _bad_digits(node.args) if node.name == "round" else None


def _bad_digits(args: list[nodes.Expr]) -> str | None:
    digits = args[0] if args else nodes.Const(0)
    if isinstance(digits, nodes.Const) and digits.value in range(FINEST + 1):
        return None
    return f"`round` takes a number of digits from 0 to {FINEST}"


def _is_list_of_constants(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Operand)
        and isinstance(node.expr, nodes.List | nodes.Tuple)
        and all(isinstance(each, nodes.Const) for each in node.expr.items)
    )


_OBJECTIONS: dict[type[nodes.Node], Callable[[Any], str | None]] = {
    nodes.Filter: _bad_filter,
    nodes.Test: _bad_test,
    nodes.Operand: _bad_comparison,
    nodes.Neg: _bad_sign,
}


class _Joins(NodeTransformer):
    """Makes each `~` a filter, which writes values as people do and keeps to the budget."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named by the library
        first, *rest = [self.visit(each) for each in node.nodes]
        return nodes.Filter(first, _JOIN, rest, [], None, None, lineno=node.lineno)


def _line(error: BaseException) -> int:
    """Find the line of the template on which it failed; Jinja2 puts it into the trace."""
    line, trace = 1, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
