"""Owns the text of Word files: which part holds it, and what of its XML a reader would see.

The parts and their relationships are those of ISO/IEC 29500, transitional or strict. Word writes no
document type, so a part that has one is refused, and with it every entity.
"""

import posixpath
import zipfile
from collections.abc import Iterator

from defusedxml.ElementTree import XMLParser, fromstring

OFFICE_DOCUMENT = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument",
)
AT_ONCE = 2**20  # bytes: expat reads a long token anew from its start with each portion
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT, _BODY, _P, _CELL, _R, _T = (
    _W + name for name in ("document", "body", "p", "tc", "r", "t")
)
_MARKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNSEEN = (_FALLBACK, _W + "moveFrom")


class NoDocument(Exception):  # noqa: N818 - it names what the file is not
    """An Office file whose main part is no text document, such as a workbook."""


def words(package: zipfile.ZipFile) -> Iterator[str]:
    """Give the text as it reads with all changes accepted, a line a paragraph, tabs between cells.

    Raises NoDocument, and what zipfile and the parser raise where the package is broken.
    """
    reader = _Reader()
    parser = XMLParser(target=reader, forbid_dtd=True)
    with package.open(_main_part(package)) as part:
        while portion := part.read(AT_ONCE):
            parser.feed(portion)
            yield from reader.take()
    parser.close()
    yield from reader.take()


def _main_part(package: zipfile.ZipFile) -> str:
    """Give the name of the part that the package is about: exactly one, inside the package."""
    relationships = fromstring(package.read("_rels/.rels"), forbid_dtd=True)
    [target] = [
        each.attrib["Target"]
        for each in relationships
        if each.get("Type") in OFFICE_DOCUMENT and each.get("TargetMode") != "External"
    ]
    return posixpath.normpath(target).lstrip("/")


class _Reader:
    """Takes the events of the parser, and keeps the text that they say until it is taken."""

    def __init__(self) -> None:
        self._open: list[str] = []  # the elements around what comes next, from the outermost
        self._has_cell: list[bool] = []  # which of them had a cell in it
        self._unseen = 0  # how many of them are not shown
        self._before = "\n"
        self._kept: list[str] = []

    def take(self) -> list[str]:
        """Give what was read since the last time."""
        kept, self._kept = self._kept, []
        return kept

    def start(self, tag: str, _: dict[str, str]) -> None:
        """Begin an element."""
        tag = _W + tag.removeprefix(_STRICT) if tag.startswith(_STRICT) else tag
        if not self._open and tag != _DOCUMENT:
            raise NoDocument
        if self._unseen or tag in _UNSEEN:
            self._unseen += 1
        else:
            self._see(tag)
        self._open.append(tag)
        self._has_cell.append(False)

    def end(self, _: str) -> None:
        """End the innermost element."""
        self._unseen -= self._unseen > 0
        self._open.pop()
        self._has_cell.pop()

    def data(self, text: str) -> None:
        """Take letters; those between the elements are none."""
        if self._open[-1] == _T and self._open[1] == _BODY and not self._unseen:
            self._kept.append(text)

    def _see(self, tag: str) -> None:
        if tag == _CELL:
            self._before = "\t" if self._has_cell[-1] else "\n"
            self._has_cell[-1] = True
        elif tag == _P:
            self._kept.append(self._before)
            self._before = "\n"
        elif tag in _MARKS and self._open[-1] == _R:  # not the tab stops of a style
            self._kept.append(_MARKS[tag])
