"""Makes files of the kinds that people send, good and bad, byte by byte or by the libraries."""

import base64
import io
import zipfile
import zlib
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pypdf import PdfReader, PdfWriter

WORDS = b"BT /F1 12 Tf 50 700 Td (The terrace opens on Monday.) Tj ET"
SAID = "The terrace opens on Monday."


def upload(content: bytes, name: str = "notes.txt") -> dict[str, str]:
    """Give a file as it is sent."""
    return {"name": name, "contentBytes": base64.b64encode(content).decode()}


def a_pdf(drawn: bytes = WORDS, *, packed: int = 0) -> bytes:
    """Write a PDF of one page by hand; its drawing may be compressed, also several times."""
    for _ in range(packed):
        drawn = zlib.compress(drawn, 9)
    names = b" ".join([b"/FlateDecode"] * packed)
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        b"<< /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (len(drawn), names, drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 6\n0000000000 65535 f \n" + table + tail


def a_locked_pdf(password: str) -> bytes:
    """Protect a PDF; without a password everybody can open it, and not change it."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(a_pdf())))
    writer.encrypt(password, "owner", algorithm="AES-256")
    return _saved(writer)


def a_docx(*paragraphs: str, xml: str = "") -> bytes:
    """Write a Word file with these paragraphs, and with XML of its own kind behind them."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if xml:
        body: Any = parse_xml(f"<w:body {nsdecls('w')}>{xml}</w:body>")
        for each in list(body):
            document.element.body.insert(len(document.element.body) - 1, each)
    return _saved(document)


def a_zip(**sizes: int) -> bytes:
    """Write an archive with parts of so many zeros."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in sizes.items():
            archive.writestr(name, bytes(size))
    return packed.getvalue()


def _saved(document: Any) -> bytes:
    content = io.BytesIO()
    save = document.write if isinstance(document, PdfWriter) else document.save
    save(content)
    return content.getvalue()
