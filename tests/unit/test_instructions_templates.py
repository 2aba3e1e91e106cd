"""Templates take placeholders, conditions and harmless filters; nothing in them runs or reaches."""

import contextlib
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.instructions import Unusable, parse

FRONT = """\
---
inputs:
  - {name: Topic, kind: string, required: true}
  - {name: Seats, kind: float}
  - {name: Urgent, kind: boolean}
---
system:
{# {{ Topic }} #}{% if 1 == 2 %}{{ Topic ~ Seats ~ Urgent }}{% endif %}
"""
END = "\n\nuser:\nGo.\n"
TURN = FRONT[: FRONT.index("system:")].count("\n") + 1
FIRST = FRONT.count("\n") + 1  # the line that follows


def rendered(template: str, **values: Any) -> str:
    """Fill in a template."""
    messages = parse(FRONT + template + END, "write").fill_in({"Topic": "a tea", **values})
    return messages[0]["content"] if messages[1:] else ""


def refused(template: str) -> Unusable:
    """Give what is said about a template that can't be used."""
    with pytest.raises(Unusable) as error:
        parse(FRONT + template + END, "write")
    return error.value


WORKS: list[tuple[str, dict[str, Any], str]] = [
    ("{{ Topic }}", {}, "a tea"),
    ("{{Topic}}{{ Topic }}", {}, "a teaa tea"),
    ("{{ Topic|upper }}", {}, "A TEA"),
    ("{{ Topic|upper|lower|title }}", {}, "A Tea"),
    ("{{ Topic|capitalize }}", {}, "A tea"),
    ("[{{ Topic|trim }}]", {"Topic": "  x "}, "[x]"),
    ("{{ Topic|length }} {{ Topic|wordcount }}", {}, "5 2"),
    ("{{ Seats|default('some') }}", {}, "some"),
    ("{{ Seats|default('some') }}", {"Seats": 0}, "0"),
    ("{{ Seats|default('some', true) }}", {"Seats": 0}, "some"),
    ("{{ Seats|default }}.", {}, "."),
    ("{{ Seats|round if Seats is defined }}", {"Seats": 2.6}, "3"),
    ("{{ Seats|round(1) if Seats }}", {"Seats": 2.66}, "2.7"),
    ("{{ Seats|int }} {{ Topic|int }}", {"Seats": 2.6}, "2 0"),
    ("{{ Topic|int }}", {"Topic": "1e999"}, "0"),
    ("{{ Topic|int }}", {"Topic": "9" * 5000}, "0"),
    ("{{ Urgent|upper }} {{ Urgent ~ '!' }}", {"Urgent": True}, "YES Yes!"),
    ("{{ Seats ~ ' seats' }}", {"Seats": 2.0}, "2 seats"),
    ("{{ Topic ~ (Seats ~ Urgent) }}", {"Seats": 1, "Urgent": False}, "a tea1No"),
    ("{{ none }}{{ true }}{{ 1.0 }}{{ -5 }}{{ 'x' }}", {}, "Yes1-5x"),
    ("{% if Urgent %}now{% else %}later{% endif %}", {}, "later"),
    ("{% if Urgent %}now{% else %}later{% endif %}", {"Urgent": True}, "now"),
    ("{% if Seats and Seats > 5 %}many{% elif Seats %}few{% endif %}", {"Seats": 5}, "few"),
    ("{% if not Urgent or 1 < Seats <= 3 %}x{% endif %}", {}, "x"),
    ("{% if Topic in ['a tea', 'x'] %}in{% endif %}", {}, "in"),
    ("{% if Topic not in ('x', 'y') %}out{% endif %}", {}, "out"),
    ("{% if Seats is defined %}x{% else %}y{% endif %}", {}, "y"),
    ("{% if Seats is none %}x{% else %}y{% endif %}", {}, "x"),
    ("{% if Seats is not none %}x{% else %}y{% endif %}", {"Seats": 0}, "x"),
    ("{{ 'now' if Urgent else 'later' }}{{ 'x' if Urgent }}", {}, "later"),
    ("{% raw %}{{ Topic.x }}{% endraw %}", {}, "{{ Topic.x }}"),
    ("a {#- gone -#} b", {}, "ab"),
    ("{% print Topic %}", {}, "a tea"),
    ("{ Topic } {{ '{{' }} $${x} %s", {}, "{ Topic } {{ $${x} %s"),
]  # fmt: skip


@pytest.mark.parametrize("template,values,expected", WORKS, ids=range(len(WORKS)))
def test_what_a_prompt_needs_works(template: str, values: dict[str, Any], expected: str) -> None:
    """Placeholders, conditions, comparisons, joining, tests and filters do what they say."""
    assert rendered(template, **values) == expected


REACHING = [
    "{{ Topic.__class__ }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ Topic|attr('__class__') }}", "{{ Topic['__class__'] }}", "{{ Topic[0] }}",
    "{{ Topic[1:2] }}", "{{ Topic.upper() }}", "{{ ''.join(['a']) }}", "{{ Topic.format(Topic) }}",
    "{{ '{0.__class__}'.format(Topic) }}", "{{ '%c' % 65 }}", "{{ '{0.__class__}'|format(Topic) }}",
    "{{ self }}", "{{ self.__init__.__globals__ }}", "{{ super() }}", "{{ loop }}",
    "{{ caller() }}",
    "{{ varargs }}", "{{ kwargs }}", "{{ range }}", "{{ range(9) }}", "{{ dict() }}", "{{ dict }}",
    "{{ lipsum() }}", "{{ lipsum.__globals__['os'] }}", "{{ cycler('a') }}", "{{ joiner() }}",
    "{{ namespace(a=1) }}", "{{ namespace }}", "{{ cycler.__init__.__globals__ }}", "{{ config }}",
    "{{ request }}", "{{ get_flashed_messages() }}", "{{ url_for }}", "{{ _ }}",
    "{{ __builtins__ }}",
    "{{ ().__class__ }}", "{{ [] }}", "{{ {} }}", "{{ {'a': 1} }}", "{{ (1, 2) }}", "{{ 1, 2 }}",
    "{{ ['a'] }}", "{{ Topic|map('upper') }}", "{{ Topic|map(attribute='x')|list }}",
    "{{ Topic|select }}", "{{ Topic|groupby('x') }}", "{{ Topic|sort }}", "{{ Topic|list }}",
    "{{ Topic|xmlattr }}", "{{ Topic|pprint }}", "{{ Topic|tojson }}", "{{ Topic|safe }}",
    "{{ Topic|escape }}", "{{ Topic|urlize }}", "{{ Topic|random }}", "{{ Topic|first }}",
    "{{ Topic|reverse }}", "{{ Topic|filesizeformat }}", "{{ Topic|batch(2) }}", "{{ Topic|e }}",
    "{{ Topic|striptags }}", "{{ Topic|~ }}", "{{ Topic is sameas Topic }}",
    "{{ Topic is callable }}", "{{ Topic is in 'x' }}", "{{ Topic is eq('x') }}",
    "{{ Topic is divisibleby 3 }}", "{{ Topic is defined(1) }}", "{{ Topic is filter }}",
    "{% set Topic = 1 %}", "{% set x %}a{% endset %}", "{% set ns.x = 1 %}",
    "{% for a in Topic %}{{ a }}{% endfor %}", "{% for a in Topic recursive %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}", "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}", "{% with a = 1 %}{{ a }}{% endwith %}",
    "{% block b %}x{% endblock %}", "{% include 'secret' %}", "{% import 'x' as x %}",
    "{% from 'x' import y %}", "{% extends 'x' %}", "{% autoescape true %}x{% endautoescape %}",
    "{% do x %}", "{% debug %}", "{% trans %}x{% endtrans %}", "{% break %}", "{% continue %}",
    "{{ debug() }}", "{{ Topic + 'x' }}", "{{ Topic * 9 }}", "{{ 'x' * 999999999 }}", "{{ 1 - 1 }}",
    "{{ 9 ** 9 ** 9 }}", "{{ 1 // 0 }}", "{{ 1 / 0 }}", "{{ +Topic }}", "{{ -Topic }}",
    "{{ - -1 }}",
    "{{ -'x' }}", "{{ Topic|round(method='floor') }}", "{{ Topic|default(*Topic) }}",
    "{{ Topic|default(**Topic) }}", "{{ Topic|default(default_value='x') }}",
    "{{ Topic in Topic }}", "{{ 'a' in Topic }}", "{{ 'a' in ['a', Topic] }}",
    "{{ Topic in ['a', ['b']] }}", "{{ (Topic).x }}", "{{ (Topic|upper)() }}", "{{ 'a'.b }}",
    "{{ Topci }}", "{{ topic }}", "{% if Topci %}{% endif %}", "{{ Topic if Topci else 1 }}",
    "{{ 1e999 }}", "{{ -1e999 }}", "{{ Topic ~ Topci }}",
    "{{ 1 < Topci }}", "{{ not Topci }}", "{{ Topic|default(Topci) }}",
]  # fmt: skip


@pytest.mark.parametrize("template", REACHING)
def test_what_could_reach_or_run_is_refused(template: str) -> None:
    """No attribute, item, call, loop, arithmetic or unknown name is compiled; the line is told."""
    error = refused(f"x\n{template}\n")
    assert error.line == FIRST + 1
    assert error.what


SAID = [
    ("{{ Topci }}", "there is no input `Topci`: there are Seats, Topic, Urgent"),
    ("{{ Topic.x }}", "a `.` after a name can't be used here: there are {{ Input }}, `if` with"),
    ("{{ Topic|shuffle }}", "there is no filter `shuffle`: there are capitalize, default, "),
    ("{{ Topic|upper(1) }}", "`upper` takes no arguments in its brackets"),
    ("{{ Topic|default(*Topic) }}", "`default` takes 2 arguments in its brackets"),
    ("{{ Topic|default(a='x') }}", "`default` takes 2 arguments in its brackets"),
    ("{{ Seats|round(1, 'ceil') }}", "`round` takes 1 argument in its brackets"),
    ("{{ Seats|round(999999999) }}", "`round` takes a number of digits from 0 to 10"),
    ("{{ Seats|round(Seats) }}", "`round` takes a number of digits from 0 to 10"),
    ("{{ Seats|round('2') }}", "`round` takes a number of digits from 0 to 10"),
    ("{{ Topic is odd }}", "there is no test `is odd`: there are defined, undefined, none"),
    ("{% for a in b %}{% endfor %}", "a loop (`for`) can't be used here"),
    ("{{ 2 * 2 }}", "arithmetic can't be used here"),
    ("{{ Topic in 'abc' }}", "`in` is followed by a list of texts"),
    ("{{ Topic", "end of template, expected 'end of print statement': is `}}` or `%}` missing"),
    ("{{ Topic </x>", "this is no template: unexpected '/': is `}}` or `%}` missing before it?"),
    ("{% if Topic %}", "this is no template: Unexpected end of template"),
    ("{% endif %}", "this is no template: Encountered unknown tag 'endif'"),
    ("{# open", "this is no template: Missing end of comment tag"),
    ("{{ 'open }}", "this is no template: unexpected char"),
    ("{{ Topic > 5 }}", "it can't be filled in: '>' not supported between"),
    (
        "{% if Seats > 5 %}x{% endif %}",
        "it fails where a value is missing ('Seats' is undefined): ask",
    ),
    ("{{ Seats|round }}", "it fails where a value is missing (there is nothing to round)"),
    ("{{ Topic" + " and Topic" * 41 + " }}", "too many, or nested too deeply"),
    ("{{ " + "(" * 300 + "Topic" + ")" * 300 + " }}", "too many, or nested too deeply"),
    ("{{ " + "not " * 3_000 + "Topic }}", "its brackets are nested too deeply"),
    ("{{ Topic }}" * 2_001, "too many, or nested too deeply"),
    ("{{ Topic|round }}", "it can't be filled in: `round` takes a number"),
]


@pytest.mark.parametrize("template,said", SAID, ids=range(len(SAID)))
def test_the_line_and_the_reason_are_told(template: str, said: str) -> None:
    """Who writes a template learns what to change, also when it fails with its values only."""
    error = refused(f"{template}\n")
    assert said in error.what
    assert error.line == (FIRST if "brackets are nested" not in said else TURN)


def test_the_line_is_told_in_the_turn_at_fault() -> None:
    """Lines are the file's, in any turn, also where another turn holds the same text."""
    same = "\n{{ Topci }}\n"
    source = f"{FRONT}user:\n{{% raw %}}{same}{{% endraw %}}\nassistant:{same}user:\nGo."
    with pytest.raises(Unusable) as error:
        parse(source, "write")
    assert error.value.line == source[: source.rindex(same)].count("\n") + 2


@pytest.mark.parametrize("name,line", [("Topic", 3), ("Seats", 4), ("Urgent", 5)])
def test_an_input_that_nothing_uses_is_told_with_its_line(name: str, line: int) -> None:
    """What is asked for and then not in the prompt is a mistake."""
    front, _, turns = FRONT.rpartition("\n---\n")
    with pytest.raises(Unusable) as error:
        parse(f"{front}\n---\n{turns.replace(name, '1')}{END}", "write")
    assert error.value.line == line
    assert f"no placeholder {{{{ {name} }}}}" in error.value.what


def test_a_prompt_that_can_come_out_empty_is_refused() -> None:
    """With as little as they need, instructions still leave something to answer."""
    source = "---\ninputs: [{name: A, kind: string}]\n---\nuser:\n{{ A }}\n"
    with pytest.raises(
        Unusable, match="line 4: this turn, which the model answers, would be empty with no input"
    ):
        parse(source, "write")
    prompt = parse(source.replace("string", "string, default: x"), "write")
    with pytest.raises(Unusable, match="would be empty with A = '  '") as error:
        prompt.fill_in({"A": "  "})
    assert error.value.plain.endswith("which the model answers, would be empty.")


N = 60_000
BLOWS = {
    "brackets": "{{ " + "(" * N,
    "lists": "{{ " + "[" * N,
    "dictionaries": "{{ " + "{" * N,
    "calls": "{{ Topic(" + "Topic(" * (N // 6),
    "not": "{{ " + "not " * (N // 4) + "Topic }}",
    "minus": "{{ " + "-" * N + "1 }}",
    "if": "{% if Topic %}" * (N // 14),
    "elif": "{% if Topic %}" + "{% elif Topic %}" * (N // 16) + "{% endif %}",
    "and": "{{ Topic" + " and Topic" * (N // 10) + " }}",
    "conditions": "{{ Topic" + " if Topic else Topic" * (N // 20) + " }}",
    "filters": "{{ Topic" + "|trim" * (N // 5) + " }}",
    "attributes": "{{ Topic" + ".a" * (N // 2) + " }}",
    "items": "{{ Topic" + "[0]" * (N // 3) + " }}",
    "joining": "{{ Topic" + "~1" * (N // 2) + " }}",
    "comparing": "{{ 1" + "<1" * (N // 2) + " }}",
    "powers": "{{ 9" + "**9" * (N // 3) + " }}",
    "numbers": "{{ " + "1.1" * (N // 3) + " }}",
    "a long number": "{{ " + "1" * N + " }}",
    "a hexadecimal number": "{{ 0x" + "f" * N + " }}",
    "quotes": "{{ " + "'" * N,
    "escapes": "{{ '" + "\\x" * (N // 2) + "' }}",
    "a character's name": "{{ '\\N{" + "A" * N + "}' }}",
    "open": "{{" * (N // 2),
    "blocks": "{% " * (N // 3),
    "blanks": "{%" + " " * N,
    "comments": "{#" * (N // 2),
    "raw": "{% raw %}" + "{% " * (N // 3),
    "placeholders": "{{ Topic }}" * (N // 11),
    "just not too many placeholders": "{{ Topic }}" * 1_400,
    "just not too many conditions": "{% if Topic %}b{% endif %}" * 650,
    "just not too deep": "{% if Topic %}b" * 18 + "{% endif %}" * 18,
    "sets": "{% set x %}" * (N // 11),
    "loops": "{% for a in b recursive %}" * (N // 26),
    "nested loops": "{% for a in range(99999) %}" * 9 + "x" + "{% endfor %}" * 9,
    "macros": "{% macro a() %}" * (N // 15),
    "recursion": "{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}",
    "multiplied": "{{ 'x' * 9999999999 }}",
    "centred": "{{ 'x'|center(9999999999) }}",
    "indented": "{{ 'x'|indent(9999999999) }}",
    "formatted": "{{ '%9999999999d'|format(1) }}",
    "replaced": "{{ Topic|replace('', Topic)|replace('', Topic)|replace('', Topic) }}",
    "joined": "{{ Topic|join(Topic)|join(Topic)|join(Topic)|join(Topic) }}",
    "wrapped": "{{ Topic|wordwrap(1, wrapstring=Topic) }}",
    "range": "{{ range(9999999999)|list }}",
    "lipsum": "{{ lipsum(n=9999999) }}",
    "tags": "".join(f"<a{i}>" for i in range(8_000)),
    "open tags": "<" * N,
    "heads": ("user[" + "]" * 100 + "\n") * 500,
    "blank heads": " " * 20_000 + "#" + " " * 20_000 + "user" + " " * 20_000,
    "turns": "\nuser:\nx" * (N // 8),
    "hidden": "\u200b" * (N // 3),
}


@pytest.mark.parametrize("template", BLOWS.values(), ids=BLOWS)
def test_no_template_takes_time_to_read(template: str) -> None:
    """Whatever is sent is read or refused at once, and never as a RecursionError."""
    began = process_time()
    with contextlib.suppress(Unusable):
        parse(FRONT + template + END, "write")
    assert process_time() - began < 0.5


@pytest.mark.parametrize(
    "template",
    ["{{ Topic|title|upper|title }}" * 300, "{{ Topic" + "~Topic" * 1_400 + " }}",
     "{{ (" + " ~ ".join(["Topic|upper"] * 400) + ")|length }}",
     "{{ Topic|int }}" * 600, "{{ Topic }}" * 1_000, "{{ Topic|wordcount }}" * 600],
)  # fmt: skip
def test_no_value_makes_a_template_slow_or_large(template: str) -> None:
    """What filters and `~` read, and what comes out, is bounded for the whole prompt."""
    prompt = parse(FRONT + template + END, "write")
    began = process_time()
    with pytest.raises(Unusable, match=r"too much work|longer than 1,000,000 bytes") as error:
        prompt.fill_in({"Topic": "a-" * 30_000})
    assert process_time() - began < 1
    assert error.value.field == "inputs"


CODE = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "-", "Topic", "Seats", "Urgent", "if", "elif", "else",
     "endif", "not", "and", "or", "in", "is", "==", "<", "~", "|", "upper", "default", "round",
     "(", ")", "[", "]", ".", ",", "'a'", "1", "2.5", "none", "true", "for", "set", "x", "*",
     "defined", "raw", "endraw", "<notes>", "\n", "user:"]
)  # fmt: skip


@given(st.lists(CODE, max_size=25))
def test_any_template_is_read_or_named(pieces: list[str]) -> None:
    """Whatever stands in brackets ends as instructions or as Unusable, never otherwise."""
    with contextlib.suppress(Unusable):
        parse(FRONT + " ".join(pieces) + END, "write")


@given(st.lists(CODE, max_size=12), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_expression_is_read_or_named(pieces: list[str], value: str) -> None:
    """The same of single placeholders, and of filling them in."""
    with contextlib.suppress(Unusable):
        prompt = parse(f"{FRONT}{{{{ {' '.join(pieces)} }}}}{END}", "write")
        prompt.fill_in({"Topic": value, "Seats": 1})
