"""Owns turning a file's bytes into text, in a process that limits itself: it reads hostile files.

`python -m signpost.inputs.converting .pdf 60000` reads the file from its standard input and writes
JSON: `{"text": ...}`, or `{"refused": ...}` with a sentence about what is wrong with the file.
"""

import io
import logging
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from signpost.text import clean

MEMORY = 512 * 1024 * 1024  # bytes of address space
PROCESSOR_SECONDS = 10
MOST_READ = 1_000_000  # characters, after which nobody counts any more
MOST_UNPACKED = 50 * 1024 * 1024
MOST_PARTS = 2000
NO_WORD = "It is no Word file, though its name says so."

_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Refused(Exception):  # noqa: N818 - it names what became of the file
    """A file that gives no text; the message is a sentence for whoever sent it."""


def convert(content: bytes, suffix: str, most: int) -> str:
    """Give a file's text, cleaned. Raises Refused."""
    try:
        text = clean("".join(_limited(_pieces(content, suffix))))
    except Refused:
        raise
    except MemoryError:
        raise Refused("Reading it takes too much memory.") from None
    except Exception as error:  # the libraries raise all kinds of them at broken files
        raise Refused(f"The {suffix} file is broken, or unpacks to too much.") from error
    if not text:
        scan = " A scan has to be turned into text first." * (suffix == ".pdf")
        raise Refused(f"The file holds no text.{scan}")
    if len(text) > most:
        raise Refused(f"At most {most:,} characters of text; these are {len(text):,}.")
    return text


def limit() -> None:
    """Bound this process's memory and processor time, where the platform can (not Windows)."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such module
    except ImportError:
        return
    bounds = ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR_SECONDS))
    for kind, most in bounds:
        with suppress(ValueError, OSError):  # macOS, or a limit that is stricter already
            resource.setrlimit(kind, (most, most + 1))  # at the second one no signal tells why


def _limited(pieces: Iterator[str]) -> Iterator[str]:
    """Stop a text that is longer than any that is taken."""
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MOST_READ:
            raise Refused(f"The file holds more than {MOST_READ:,} characters of text.")
        yield piece


def _pieces(content: bytes, suffix: str) -> Iterator[str]:
    readers = {".pdf": _pdf, ".docx": _docx}
    return readers.get(suffix, _plain)(content)


def _plain(content: bytes) -> Iterator[str]:
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("It is no text in UTF-8: save it in that encoding.") from None
    if "\0" in text or content.startswith((_PDF, _ZIP)):
        raise Refused("It is no text, though its name says so.")
    yield text


def _pdf(content: bytes) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - only PDF files need it

    if _PDF not in content[:1024]:
        raise Refused("It is no PDF file, though its name says so.")
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("It is protected by a password: save it without one.")
    for page in reader.pages:
        yield f"{page.extract_text()}\n\n"


def _docx(content: bytes) -> Iterator[str]:
    from signpost.inputs import word  # noqa: PLC0415 - only Word files need it

    if content.startswith(_OLE):
        raise Refused("It is an older Word file or has a password: save it as .docx without one.")
    if not content.startswith(_ZIP):
        raise Refused(NO_WORD)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sizes = [part.file_size for part in parts.infolist()]
        if len(sizes) > MOST_PARTS or sum(sizes) > MOST_UNPACKED:
            raise Refused(
                f"It unpacks to more than {MOST_UNPACKED:,} bytes or {MOST_PARTS:,} parts."
            )
        try:
            yield from word.words(parts)
        except word.NoDocument:
            raise Refused(NO_WORD) from None


def _main() -> None:
    limit()
    logging.disable()  # what a library finds odd in a file is of no use to anybody
    content, (suffix, most) = sys.stdin.buffer.read(), sys.argv[1:]
    try:
        told = {"text": convert(content, suffix, int(most))}
    except Refused as error:
        told = {"refused": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    _main()
