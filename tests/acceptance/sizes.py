"""Owns how large the acceptance tests are, and on which ledgers they run.

Continuous integration runs them small, on both ledgers. `make soak` sets SIGNPOST_SOAK=1 and runs
the same tests at full size. SIGNPOST_TEST_LEDGER=sqlite or tables runs all of them on that ledger
alone, also those that otherwise run on SQLite only.
"""

import os

FULL = os.environ.get("SIGNPOST_SOAK") == "1"
LEDGERS = tuple(os.environ.get("SIGNPOST_TEST_LEDGER", "sqlite tables").split())


def _size(small: int, full: int) -> int:
    return full if FULL else small


KILLS = _size(30, 300)
SHUFFLED_RUNS = _size(8, 1000)
EARLY_RUNS = _size(8, 300)
DEADLINE_RUNS = _size(30, 1000)
RACES = _size(3, 1000)
SOAK_RUNS = _size(200, 5000)
SCANS = _size(200, 1000)
SCANNER_STAYS_SECONDS = _size(2, 10)
MUTATED_TOKENS = _size(100, 1000)
TAMPERED_RECEIPTS = 1000
INJECTIONS = _size(200, 1000)  # of those there are
FUZZED_BODIES = _size(1000, 10_000)
STORM_DRAFTS = 200
UNPACED_DRAFTS = _size(60, 200)
UPGRADED_RUNS = _size(50, 500)
