"""Owns seeded mistakes: what people get wrong in templates, planted in ours one at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.repo.infra.edits import EDITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.repo.infra.project import Project
    from tests.repo.infra.reader import File

EACH = 7  # of typos, versions and dropped params every seventh is planted, to stay quick


class Mistake(NamedTuple):
    """One seeded mistake: where, in words, and the file's text with it."""

    path: str
    about: str
    text: str


def typos(project: Project) -> Iterator[Mistake]:
    """Swap two letters in the name of a property that Azure defines."""
    for file in _modules(project):
        for resource in file.resources.values():
            for part in [] if resource.existing else resource.body.walk():
                for key, _ in part.entries:
                    if re.fullmatch(r"[A-Za-z]{4,}", key.text):
                        yield _typo(file, key.line, key.text)


def _typo(file: File, number: int, name: str) -> Mistake:
    swapped = name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else name + "x"
    old = re.compile(rf"(?<![\w.]){name}(?=: )")
    return _on_line(file, number, lambda line: old.sub(swapped, line, count=1), f"typo {swapped}")


def newer_versions(project: Project) -> Iterator[Mistake]:
    """Use a type in another version."""
    for file in _modules(project):
        for resource in file.resources.values():
            if not resource.existing:
                newer = re.compile(r"@20\d\d")
                about = f"version of {resource.name}"
                yield _on_line(file, resource.line, lambda line: newer.sub("@2031", line), about)  # noqa: B023 - used at once


def dropped_lines(project: Project) -> Iterator[Mistake]:
    """Leave out a grant, or a setting."""
    for path, start in (
        ("infra/modules/roles.bicep", r" +\{ to: "),
        ("infra/modules/settings.bicep", r"  [A-Z]\w+: "),
    ):
        file = project.bicep[path]
        for number, line in enumerate(file.text.splitlines(), 1):
            if re.match(start, line):
                yield _on_line(file, number, lambda _: None, f"dropped {line.strip()[:60]}")


def dropped_params(project: Project) -> Iterator[Mistake]:
    """Leave out what a module is given."""
    lines = project.main.text.splitlines()
    for module in project.main.modules.values():
        for name, value in module.params.items():
            if re.fullmatch(rf" +{name}: [^\[{{(]+", lines[value.line - 1]):
                about = f"{module.name} is not given {name}"
                yield _on_line(project.main, value.line, lambda _: None, about)


def secrets_in_clear(project: Project) -> Iterator[Mistake]:
    """Forget @secure()."""
    for file in project.bicep.values():
        for number, line in enumerate(file.text.splitlines(), 1):
            if line == "@secure()":
                yield _on_line(file, number, lambda _: None, f"no @secure() at {number}")


def turned_conditions(project: Project) -> Iterator[Mistake]:
    """Deploy a thing exactly where it should not be."""
    for file in [project.main, *_modules(project)]:
        for block in [*file.resources.values(), *file.modules.values()]:
            if block.condition and not block.loop:
                about = f"condition of {block.name} turned round"
                yield _on_line(
                    file, block.line, lambda line: line.replace(" if (", " if (!", 1), about
                )


def swapped_choices(project: Project) -> Iterator[Mistake]:
    """Take the other one of two values."""
    choice = re.compile(r"\? ('\w*'|\[\]) : ('\w*'|\[\])")
    for file in _modules(project):
        for number, line in enumerate(file.text.splitlines(), 1):
            if choice.search(line):
                yield _on_line(file, number, lambda text: choice.sub(r"? \2 : \1", text), line)


def _modules(project: Project) -> list[File]:
    return [file for path, file in project.bicep.items() if path.startswith("infra/modules/")]


def _on_line(file: File, number: int, change: Callable[[str], str | None], about: str) -> Mistake:
    """Change one line, or leave it out where the change gives None."""
    lines: list[str | None] = list(file.text.splitlines())
    lines[number - 1] = change(str(lines[number - 1]))
    text = "\n".join(line for line in lines if line is not None) + "\n"
    assert text != file.text, f"{file.path}:{number}: {about} changes nothing"
    return Mistake(file.path, f"{number}: {about}", text)


def by_hand(project: Project) -> Iterator[Mistake]:
    """Plant each of the mistakes by hand whose place is still there."""
    for file, old, new in EDITS:
        path = f"infra/{file}"
        text = project.texts[path]
        if old in text:
            yield Mistake(
                path, f"{old.strip()} -> {new.strip() or 'nothing'}", text.replace(old, new, 1)
            )


def beside(project: Project) -> Iterator[Mistake]:
    """Plant mistakes in what lies beside infra/."""
    for path, old, new in (
        ("host.json", "%TASKHUB_NAME%", "TASKHUB_NAME"),
        ("host.json", "DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "DTS_CONNECTION_STRING"),
        ("azure.yaml", "  app:", "  api:"),
        ("azure.yaml", "scripts/package", "scripts/pack"),
        ("docs/deploy.md", "azd env set VNET_ENABLED", "azd env set USE_VNET"),
    ):
        yield Mistake(path, f"{old} -> {new}", project.texts[path].replace(old, new))


def mistakes(project: Project) -> list[Mistake]:
    """Return all seeded mistakes."""
    return [
        *by_hand(project),
        *beside(project),
        *turned_conditions(project),
        *swapped_choices(project),
        *secrets_in_clear(project),
        *dropped_lines(project),
        *list(dropped_params(project))[::EACH],
        *list(newer_versions(project))[::EACH],
        *list(typos(project))[::EACH],
    ]
