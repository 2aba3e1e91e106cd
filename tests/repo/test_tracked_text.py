"""What is committed names no machine, and no registry that a reader may not have."""

from __future__ import annotations

import re

import pytest

from tests.repo.sources import ROOT, files

# A bracketed letter keeps this file from finding itself.
MACHINE_PATHS = r"/wor[k]/|/tm[p]/|/roo[t]/|/hom[e]/[a-z]|/User[s]/[A-Za-z]"
HOSTS = r"pypi\.or[g]|pythonhosted\.or[g]|npmjs\.or[g]|deb\.debian\.or[g]"
LARGEST_FILE = 500_000


def texts() -> list[tuple[str, str]]:
    """Return path and content of every committed text file."""
    raw = [(str(path), (ROOT / path).read_bytes()) for path in files()]
    return [(path, content.decode("utf-8")) for path, content in raw if b"\0" not in content]


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, HOSTS], ids=["machine paths", "registry hosts"])
def test_no_file_names_a_machine_or_registry(pattern: str) -> None:
    """A clone works wherever it lies and whatever mirror its packages come from."""
    found = {path: match.group() for path, text in texts() if (match := re.search(pattern, text))}
    assert found == {}


def test_patterns_see_what_they_look_for() -> None:
    """The checks themselves find such a path and such a host."""
    assert re.search(MACHINE_PATHS, "cd {}/adele/signpost".format("/home"))
    assert re.search(HOSTS, '"resolved": "https://{}.org/swiper"'.format("registry.npmjs"))


def test_text_files_end_with_one_newline() -> None:
    """Tools agree about the last line."""
    ends = {path for path, text in texts() if text and not re.search(r"[^\n]\n\Z", text)}
    assert ends == set()


def test_nothing_large_is_committed() -> None:
    """Weights, bundles and recordings stay out of the repository."""
    large = {str(path) for path in files() if (ROOT / path).stat().st_size > LARGEST_FILE}
    assert large == set()


def test_third_party_code_is_not_committed() -> None:
    """Browser libraries come from npm and are never copied in."""
    assert [path for path in files() if path.name.endswith((".min.js", ".min.css"))] == []
