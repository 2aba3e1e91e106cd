"""Files become text, in a process that can break, hang or grow without harm to the app."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost import inputs
from signpost.inputs import files
from signpost.inputs.converting import MOST_READ, Refused, convert
from signpost.problems import Invalid, TooLarge, TooMany
from signpost.text import digest
from tests.files import SAID, a_docx, a_locked_pdf, a_pdf, a_zip, upload

RULE = inputs.File(max_length=60_000)
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
TRACKED = """
<w:p><w:ins><w:r><w:t>Put in.</w:t></w:r></w:ins><w:del><w:r><w:delText>No</w:delText></w:r></w:del>
<w:moveFrom><w:r><w:t>Gone.</w:t></w:r></w:moveFrom></w:p>
<w:sdt><w:sdtContent><w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr>
<w:r><w:t xml:space="preserve">A </w:t><w:br/><w:t>field</w:t><w:tab/><w:noBreakHyphen/></w:r></w:p>
</w:sdtContent></w:sdt>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"""


async def read(content: bytes, name: str) -> dict[str, Any]:
    """Send a file as the only input, and give what is stored of it."""
    stored = await inputs.read({"Notes": RULE}, {"Notes": upload(content, name)})
    value: dict[str, Any] = stored["Notes"]
    return value


@pytest.mark.parametrize(
    "name,content,text",
    [
        ("notes.txt", b"Two\r\nlines\r\n", "Two\nlines"),
        ("Notes.TXT", "Stra\u00dfe".encode(), "Stra\u00dfe"),
        ("notes.v2.md", b"\xef\xbb\xbf# Title", "# Title"),
        ("notes.txt", "Stra\u00dfe".encode("utf-16"), "Stra\u00dfe"),
        ("notes.txt", b"\xfe\xff" + "Stra\u00dfe".encode("utf-16-be"), "Stra\u00dfe"),
        ("list.csv", b"a;b\r\n1;2\r\n", "a;b\n1;2"),
        ("notes.txt", "pay\u202eroll".encode(), "payroll"),
        ("notes.pdf", a_pdf(), SAID),
        ("notes.pdf", a_pdf(packed=2), SAID),
        ("notes.pdf", a_locked_pdf(""), SAID),
        ("notes.pdf", b"junk before it\n" + a_pdf(), SAID),
        ("notes.docx", a_docx("One", "Two\nlines"), "One\nTwo\nlines"),
        ("notes.docx", a_docx(xml=TRACKED), "Put in.\nA \nfield\t-\na\tb"),
    ],
)
async def test_files_become_text(name: str, content: bytes, text: str) -> None:
    """Name, text, digest and size are stored, and the bytes are not."""
    expected = {"name": name, "text": text, "size": len(content)}
    stored = await read(content, name)
    assert stored.pop("digest").startswith("sha256:")
    assert stored == expected


async def test_the_digest_is_that_of_the_bytes() -> None:
    """Whoever has the file can prove that it was this one."""
    assert (await read(b"A text.", "notes.txt"))["digest"] == digest("A text.")


GOOD = [
    (".txt", "Stra\u00dfe".encode()),
    (".pdf", a_pdf()),
    (".pdf", a_pdf(packed=1)),
    (".docx", a_docx("One", "Two")),
    (".docx", a_docx(xml=TRACKED)),
]
BAD: list[tuple[str, bytes, str]] = [
    ("notes.pdf", a_pdf()[:300], "broken"),
    ("notes.pdf", b"%PDF-1.7\n" + bytes(5000), "broken"),
    ("notes.pdf", a_pdf(b""), "no text. A scan has to be turned into text first"),
    ("notes.pdf", a_locked_pdf("secret"), "protected by a password"),
    ("notes.pdf", b"Just text.", "It is no PDF file, though its name says so"),
    ("notes.pdf", a_docx("One"), "It is no PDF file"),
    ("notes.docx", a_pdf(), "It is no Word file, though its name says so"),
    ("notes.docx", OLD_WORD, "older Word file or has a password"),
    ("notes.docx", a_docx("One")[:-50], "broken"),
    ("notes.docx", a_zip(a=1), "broken"),
    ("notes.docx", a_docx(), "no text"),
    ("notes.txt", a_pdf(), "It is no text, though its name says so"),
    ("notes.csv", a_docx("One"), "It is no text"),
    ("notes.txt", b"a\0b", "It is no text, though"),
    ("notes.txt", "Stra\u00dfe".encode("latin-1"), "It is no text in UTF-8: save it in that"),
    ("notes.txt", b"\xff\xfea", "It is no text in UTF-8"),
    ("notes.txt", b" \r\n\xef\xbb\xbf", "The file holds no text."),
    ("notes.md", b"x" * 60_001, "At most 60,000 characters of text; these are 60,001."),
    ("notes.md", b"x" * (MOST_READ + 1), "more than 1,000,000 characters"),
]


@pytest.mark.parametrize("name,content,said", BAD, ids=[f"{name} {said}" for name, _, said in BAD])
def test_files_without_a_text_are_told_why(name: str, content: bytes, said: str) -> None:
    """Each sentence says what to do about the file."""
    with pytest.raises(Refused) as error:
        convert(content, Path(name).suffix, RULE.max_length)
    assert said in str(error.value)


BOMBS = [
    ("bomb.pdf", a_pdf(bytes(200_000_000), packed=2)),
    ("bomb.docx", a_zip(**{"word/document.xml": 200_000_000})),
    ("many.docx", a_zip(**{f"part{n}": 1 for n in range(2001)})),
    ("deep.docx", a_docx(xml="<w:p>" * 200 + "</w:p>" * 200)),
]


@pytest.mark.parametrize("name,content", BOMBS, ids=[name for name, _ in BOMBS])
async def test_bombs_are_refused(name: str, content: bytes) -> None:
    """A small file that unpacks to much costs little, and ends in a sentence."""
    began = time.monotonic()
    with pytest.raises(Invalid) as error:
        await read(content, name)
    assert error.value.field == "inputs.Notes"
    assert time.monotonic() - began < files.SECONDS


@pytest.mark.parametrize("size", [files.MOST_BYTES + 1, 30_000_000])
async def test_large_files_are_not_even_read(size: int) -> None:
    """5 MB are enough; a byte more is told before anything reads it."""
    with pytest.raises(TooLarge, match="at most 5,242,880 bytes") as error:
        await read(a_pdf() + bytes(size - len(a_pdf())), "notes.pdf")
    assert error.value.field == "inputs.Notes"


async def test_the_largest_file_is_read() -> None:
    """Its size is no fault of a file whose text is short."""
    assert (await read(a_pdf() + bytes(files.MOST_BYTES - len(a_pdf())), "n.pdf"))["text"] == SAID


@pytest.mark.parametrize(
    "name,said",
    [
        ("../notes.txt", "without its folders"),
        ("C:\\fakepath\\notes.txt", "without its folders"),
        ("no\u202etxt.txt", "rename it"),
        ("notes\n.txt", "rename it"),
        ("notes\0.txt", "rename it"),
        ("", "1 to 255 characters"),
        ("x" * 252 + ".txt", "1 to 255 characters"),
        (
            "notes.exe",
            "Files of these kinds are read: .txt, .md, .csv, .pdf, .docx. Save it as one of them.",
        ),
        ("notes.doc", "Files of these kinds"),
        ("notes", "Files of these kinds"),
        (".txt", "Files of these kinds"),
        ("notes.txt ", "Files of these kinds"),
    ],
)
async def test_odd_names_are_refused(name: str, said: str) -> None:
    """A name is one file's own and plain; nothing is cut off it silently."""
    with pytest.raises(Invalid, match=said):
        await read(b"x", name)


@pytest.mark.parametrize("encoded", ["x", "%%%%", "eA", "eA==\n", "\u00e9A==", "data:,eA=="])
async def test_what_is_no_base64_is_refused(encoded: str) -> None:
    """Bytes are not guessed."""
    with pytest.raises(Invalid, match="`contentBytes` is not base64"):
        await inputs.read({"N": RULE}, {"N": {"name": "n.txt", "contentBytes": encoded}})


async def test_an_empty_file_is_refused() -> None:
    """Who sends a file means to say something."""
    with pytest.raises(Invalid, match="The file is empty"):
        await read(b"", "notes.txt")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD), st.floats(0, 1), st.binary(max_size=20), st.integers(0, 200))
def test_damaged_files_are_text_or_refused(
    good: tuple[str, bytes], where: float, put_in: bytes, taken_out: int
) -> None:
    """Nothing but a text or a sentence comes of a file, whatever happened to its bytes."""
    suffix, content = good
    place = int(where * len(content))
    damaged = content[:place] + put_in + content[place + taken_out :]
    try:
        told = convert(damaged, suffix, 100)
    except Refused as error:
        told = str(error)
    assert 0 < len(told) < 200


async def test_the_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets what starts Python, and none of the app's settings."""
    monkeypatch.setenv("SIGNPOST_SIGNING_KEYS", "secret")
    passed = files._environment()
    assert "secret" not in passed.values()
    assert set(passed) <= {"PYTHONPATH", *files.PASSED_ON}


async def test_it_works_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the app was started, and a module of the same name there, make no difference."""
    (tmp_path / "msgspec.py").write_text("raise SystemExit(3)", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert (await read(b"x", "notes.txt"))["text"] == "x"


async def test_more_files_than_can_wait_are_sent_away() -> None:
    """Each holds its bytes while it waits; who is sent away is told when to come again."""
    reads = (read(b"x", "notes.txt") for _ in range(files.MOST_QUEUED + 1))
    *_, last = found = await asyncio.gather(*reads, return_exceptions=True)
    assert isinstance(last, TooMany)
    assert [isinstance(each, dict) for each in found].count(True) == files.MOST_QUEUED


def test_a_process_that_hangs_is_ended() -> None:
    """Whatever keeps it from answering, the clock ends it."""
    assert files._read(b"x", ".txt", 1, seconds=0.01).refused == files.TOO_LONG


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
@pytest.mark.parametrize(
    "does,code", [("bytes(600_000_000)", 1), ("\nwhile True: pass", -signal.SIGXCPU)]
)
def test_the_process_limits_itself(does: str, code: int) -> None:
    """It can't take the memory of the app, nor its processor for long."""
    shorter = "converting.PROCESSOR_SECONDS = 1"
    program = f"from signpost.inputs import converting; {shorter}; converting.limit(); {does}"
    done = subprocess.run([sys.executable, "-c", program], check=False, stderr=subprocess.PIPE)
    assert done.returncode == code
    assert (b"MemoryError" in done.stderr) == (code == 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such program")
async def test_a_process_that_can_not_start_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that fails ends in a sentence, too, and the log has its code."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Invalid, match="The file can't be read"):
        await read(b"x", "notes.txt")
