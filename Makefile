# Short commands for people and for continuous integration. Paths are relative: the folder's name
# may hold spaces.
.DEFAULT_GOAL := help
.PHONY: help setup run demo test soak check lint types format
# `make -j` would let two setups write the same folders.
.NOTPARALLEL:

python := .venv/bin/python

# Two workers because two cores are the smallest machine that the suite is meant for, and most of
# its time is spent waiting for started processes. `loadfile` keeps a file's tests on one worker,
# so that what they share (the model server, a browser) starts once.
pytest := $(python) -m pytest -n 2 --dist loadfile

help: ## Print these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Install what `make run` and the tests need
	@scripts/setup --browser

run: ## Serve Signpost on http://localhost:7071 (PORT=7080, TEAMS_PORT=7082, FRESH=1 to forget)
	@scripts/setup
	@$(python) -m local $(if $(PORT),--port $(PORT)) $(if $(TEAMS_PORT),--teams-port $(TEAMS_PORT)) $(if $(FRESH),--fresh)

demo: ## Run the whole chain once in the terminal: draft, signature, post
	@scripts/setup
	@$(python) -m local.demo

test: ## Run every test (ARGS="tests/unit -k name" for some)
	@scripts/setup --browser
	$(pytest) $(ARGS)

soak: ## Run the acceptance tests at full size, which takes long (ARGS as for `make test`)
	@scripts/setup --browser
	SIGNPOST_SOAK=1 $(pytest) -o faulthandler_timeout=1800 $(or $(ARGS),tests/acceptance)

check: lint types test ## Lint, types and tests: what continuous integration runs

lint: ## Check style and formatting
	@scripts/setup
	$(python) -m ruff check .
	$(python) -m ruff format --check .

types: ## Check types strictly
	@scripts/setup
	$(python) -m mypy

format: ## Format the Python code
	@scripts/setup
	$(python) -m ruff format .
	$(python) -m ruff check --fix .
