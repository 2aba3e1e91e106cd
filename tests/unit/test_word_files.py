"""Word files are read as they look, from the package alone, and hostile XML gets nowhere."""

import io
import time
import zipfile
from typing import Any

import pytest

from signpost import inputs
from signpost.inputs import files
from signpost.inputs.converting import Refused, convert
from signpost.inputs.word import AT_ONCE, OFFICE_DOCUMENT
from signpost.problems import Invalid
from tests.files import upload

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
FOREIGN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MOVED = "http://schemas.openxmlformats.org/markup-compatibility/2006"
DOCUMENT = "word/document.xml"
BROKEN = "broken"
NO_WORD = "It is no Word file"
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE d [<!ENTITY a0 "ha">{ENTITIES}]>'
STOLEN = '<!DOCTYPE d [<!ENTITY a9 SYSTEM "file:///etc/hostname">]>'


def related(target: str, kind: str = OFFICE_DOCUMENT[0], more: str = "") -> str:
    """Write one relationship of the package."""
    return f'<Relationship Id="r" Type="{kind}" Target="{target}" {more}/>'


def package(
    parts: dict[str, str | bytes], relations: str = related(DOCUMENT), head: str = ""
) -> bytes:
    """Write a package of these parts; `head` stands before its relationships."""
    named = "http://schemas.openxmlformats.org/package/2006/relationships"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels", f'{head}<Relationships xmlns="{named}">{relations}</Relationships>'
        )
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def document(
    body: str, *, namespace: str = TRANSITIONAL, head: str = "", root: str = "document"
) -> str:
    """Write the main part, with `head` before it."""
    names = f'xmlns:w="{namespace}" xmlns:x="{FOREIGN}" xmlns:mc="{MOVED}"'
    return f"{head}<w:{root} {names}><w:body>{body}</w:body></w:{root}>"


def said(text: str) -> str:
    """Write a paragraph."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def read(content: bytes) -> str:
    """Give the text of a Word file, or the sentence about what is wrong with it."""
    try:
        return convert(content, ".docx", 60_000)
    except Refused as error:
        return str(error)


LINE = said("Hello.")
GOOD = document(LINE)
CELLS = f"<w:tr><w:tc>{LINE}</w:tc><w:tc>{LINE}{LINE}</w:tc></w:tr>"
FALLBACK = "<mc:Fallback><w:p/><w:r><w:tab/></w:r><w:t>No</w:t></mc:Fallback>"
READ: dict[str, tuple[bytes, str]] = {
    "elsewhere": (package({"a/b.xml": GOOD}, related("a/b.xml")), "Hello."),
    "from the root": (package({DOCUMENT: GOOD}, related("/word/document.xml")), "Hello."),
    "a way round": (package({DOCUMENT: GOOD}, related("x/../word/document.xml")), "Hello."),
    "strict": (
        package(
            {DOCUMENT: document(LINE, namespace=STRICT)},
            related(DOCUMENT, OFFICE_DOCUMENT[1]),
        ),
        "Hello.",
    ),
    "another relationship": (
        package({DOCUMENT: GOOD}, related("x.xml", "urn:picture") + related(DOCUMENT)),
        "Hello.",
    ),
    "UTF-16": (package({DOCUMENT: GOOD.encode("utf-16")}), "Hello."),
    "a comment": (package({DOCUMENT: document(said("He<!-- x -->llo."))}), "Hello."),
    "others' elements": (
        package({DOCUMENT: document("<x:p><x:t>No</x:t></x:p><t>No</t>" + said("Yes"))}),
        "Yes",
    ),
    "outside the body": (
        package({DOCUMENT: GOOD.replace("</w:body>", f"</w:body>{said('No')}")}),
        "Hello.",
    ),
    "a fallback": (package({DOCUMENT: document(said(f"Y</w:t>{FALLBACK}<w:t>es"))}), "Yes"),
    "a table": (
        package({DOCUMENT: document(f"<w:tbl>{CELLS * 2}</w:tbl>{LINE}")}),
        "Hello.\tHello.\nHello.\n" * 2 + "Hello.",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_document_is_found_and_read(name: str) -> None:
    """The relationships say where the text is, and only what a reader sees is taken of it."""
    content, text = READ[name]
    assert read(content) == text


REFUSED: dict[str, tuple[bytes, str]] = {
    "a workbook": (package({DOCUMENT: document("", root="workbook")}), NO_WORD),
    "another's document": (package({DOCUMENT: document("", namespace=FOREIGN)}), NO_WORD),
    "no part": (package({}), BROKEN),
    "no relationship": (package({DOCUMENT: GOOD}, ""), BROKEN),
    "no target": (package({DOCUMENT: GOOD}, related("").replace('Target=""', "")), BROKEN),
    "two main parts": (package({DOCUMENT: GOOD}, related(DOCUMENT) * 2), BROKEN),
    "outside": (package({DOCUMENT: GOOD}, related("../../../../etc/hostname")), BROKEN),
    "by a drive": (package({DOCUMENT: GOOD}, related("file:///etc/hostname")), BROKEN),
    "by the net": (package({DOCUMENT: GOOD}, related("http://127.0.0.1:9/x")), BROKEN),
    "external": (
        package({DOCUMENT: GOOD}, related(DOCUMENT, more='TargetMode="External"')),
        BROKEN,
    ),
    "laughs": (package({DOCUMENT: document(said("&a9;"), head=LAUGHS)}), BROKEN),
    "a stolen file": (package({DOCUMENT: document(said("&a9;"), head=STOLEN)}), BROKEN),
    "a document type": (
        package({DOCUMENT: document(said("x"), head="<!DOCTYPE document>")}),
        BROKEN,
    ),
    "laughs before it": (package({DOCUMENT: GOOD}, head=LAUGHS), BROKEN),
    "a document type before it": (package({DOCUMENT: GOOD}, head="<!DOCTYPE x>"), BROKEN),
    "no end": (package({DOCUMENT: GOOD[:-9]}), BROKEN),
    "no start": (package({DOCUMENT: ""}), BROKEN),
    "no body": (package({DOCUMENT: f'<w:document xmlns:w="{TRANSITIONAL}"/>'}), "no text"),
    "no XML": (package({DOCUMENT: "PK\x03\x04"}), BROKEN),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_document_is_refused(name: str) -> None:
    """The sentence is ours, and holds nothing of the file or of this machine."""
    content, sentence = REFUSED[name]
    assert sentence in read(content)


LARGE: dict[str, tuple[str, str]] = {
    "an attribute": (document(f'<w:p w:x="{"x" * 20_000_000}"/>'), "holds no text"),
    "attributes": (
        document("<w:p {}/>".format(" ".join(f'w:x{n}=""' for n in range(400_000)))),
        "holds no text|too much",
    ),
    "depth": (document("<w:r>" * 1_000_000 + "</w:r>" * 1_000_000), "holds no text"),
    "text": (document(said("x" * (AT_ONCE + 1)) * 40)[:-9], "more than 1,000,000 characters"),
}


@pytest.mark.parametrize("name", LARGE)
async def test_large_xml_costs_little(name: str) -> None:
    """Whatever swells in it, the file is refused in time, by the process that reads it."""
    content, sentence = LARGE[name]
    began = time.monotonic()
    sent: Any = upload(package({DOCUMENT: content}), "notes.docx")
    with pytest.raises(Invalid, match=sentence) as error:
        await inputs.read({"Notes": inputs.File(max_length=60_000)}, {"Notes": sent})
    assert error.value.field == "inputs.Notes"
    assert time.monotonic() - began < files.SECONDS
