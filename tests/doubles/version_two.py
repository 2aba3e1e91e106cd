"""Makes the version 2 that docs/upgrade.md describes, and one that forgot the old way."""

import re
from pathlib import Path

from tests.doubles.releases import Edit, of_version
from tests.doubles.timed_app import ROOT, Release

SIGN_AND_POST = "orchestrators/sign_and_post.py"
POSTING = "        if standing.signed:\n            yield from post_text(context, work)\n"
ANNOUNCING = '''"""Owns announcing a post."""

from typing import Any

import azure.durable_functions as df

bp = df.Blueprint()


@bp.activity_trigger(input_name="work")
def announce(work: Any) -> None:
    """Say that a text is about to be posted."""
'''
REGISTERED = [
    Edit("activities/announce.py", "", ANNOUNCING),
    Edit("function_app.py", "import draft, ", "import announce, draft, "),
    Edit("function_app.py", "(sign_and_post, ", "(announce, sign_and_post, "),
]


def version_two(folder: Path) -> Release:
    """Write the app with the example of docs/upgrade.md, to the letter."""
    return of_version(folder, "2", *_edits(posting()))


def without_the_old_way(folder: Path) -> Release:
    """Write the same without its branch: each run takes the new way."""
    branch, told = (
        "            if began_under(context, 2):\n",
        "                yield from announce",
    )
    text = posting()
    assert text.count(branch + told) == 1
    return of_version(
        folder, "2", *_edits(text.replace(branch + told, told.replace("    ", "", 1)))
    )


def _edits(new_posting: str) -> list[Edit]:
    return [
        *REGISTERED,
        Edit("orchestrators/steps.py", "", f"\n\n{examples()[0]}"),
        Edit(SIGN_AND_POST, "import await_signature", "import announce, await_signature"),
        Edit(SIGN_AND_POST, "await_signature, close", "await_signature, began_under, close"),
        Edit(SIGN_AND_POST, POSTING, new_posting),
    ]


def posting() -> str:
    """Give the lines of the example that stand where the text is posted."""
    return examples()[1]


def examples() -> list[str]:
    """Read the code of docs/upgrade.md."""
    text = (ROOT / "docs" / "upgrade.md").read_text("utf-8")
    found = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 2
    return found
