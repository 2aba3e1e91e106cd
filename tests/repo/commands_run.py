"""Says of each command of the documents which test runs it, or why none does."""

from __future__ import annotations

import re

from tests.repo.commands import Line, fenced, spans

OF_DOCUMENTS = "tests/acceptance/test_document_commands.py"
PYTHON = r"(\.venv/bin/)?python3?"
KEY = "FUNCTION_KEY=RESULT "
# By which test of that module a command is run, with what a placeholder stands for filled in.
RUN = {
    rf"{PYTHON} -m signpost\.doctor": "test_the_doctor_examines_the_environment",
    rf"{PYTHON} -m signpost\.doctor --resource-group \S+( --subscription \S+)?": (
        "test_the_doctor_asks_azure"
    ),
    rf"{KEY}{PYTHON} -m signpost\.doctor --app \S+ --key-from-env FUNCTION_KEY": (
        "test_the_doctor_asks_an_app"
    ),
    rf"{PYTHON} scripts/smoke \S+": "test_the_smoke_test_looks_at_an_app",
    rf"{KEY}{PYTHON} -m signpost\.receipts export \S+ receipts --key-from-env FUNCTION_KEY": (
        "test_receipts_are_exported"
    ),
    rf"{PYTHON} -m signpost\.receipts export URL FOLDER": "test_receipts_are_exported",
    rf"{PYTHON} -m signpost\.receipts verify \S+( --key HEX)?": "test_receipts_are_verified",
    rf"({PYTHON} )?scripts/package( --zip signpost\.zip)?": "test_the_app_is_packed",
    r"npm ci --prefix console --omit=dev --ignore-scripts": "test_npm_knows_what_to_install",
    rf"{PYTHON} -m (signpost\.variables|tests\.unit\.flow_shapes)|scripts/histories": (
        "test_what_writes_files_runs"
    ),
    r"(MODEL_BASE_URL=\.\.\. MODEL_NAME=\.\.\. )?scripts/samples": "test_samples_are_written",
    rf"{PYTHON} -m bench\.\w+.*": "test_benchmarks_run",
    rf"{PYTHON} -m devhost( \. --port 7072 --fresh)?": "test_the_devhost_serves",
    r"OTEL_TRACES_EXPORTER=console make run": "test_spans_come_to_the_terminal",
    r"((MODEL_BASE_URL|MODEL_NAME|PYTHON)=\S+ )*make \w+( .*)?": "test_targets_are_commands",
}
# Further tests, of commands that need a whole product or a server.
ELSEWHERE = {
    r"curl http://localhost:7071/api/flows/.*": (
        "tests/acceptance/test_start.py::test_the_command_of_the_readme_starts_a_run"
    ),
    r"make run": (
        "tests/acceptance/test_launcher.py::test_launcher_serves_until_it_is_told_to_stop"
    ),
    r"make demo": "tests/acceptance/test_launcher.py::test_demo_posts_what_was_signed",
}
# What no test runs, and why.
NOT_RUN = {
    r"cat ~/\S+|cat infra/\S+|eval RESULT": "gives what others need",
    r"func start": "Core Tools are not installed here",
    r"python3\.11 scripts/lock": "it asks the package registry",
    r"scripts/screenshots": "it opens a browser on a product that somebody started",
}


def run_by(test: str) -> list[Line]:
    """Give the lines of documents that a test has to run, each once, as they are shown."""
    patterns = [pattern for pattern, name in RUN.items() if name == test]
    return list(
        {
            line.text: line
            for line in (*fenced(), *spans())
            for command in line.commands
            if any(re.fullmatch(pattern, command.typed) for pattern in patterns)
        }.values()
    )
