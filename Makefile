# The steps of `check` stand in scripts/start/__main__.py, so that Windows and a machine without make run the same ones.
# BIN may point at another environment: make lint BIN=/somewhere/bin/
BIN ?= .venv/bin/

.PHONY: check fmt lint types contracts test lock

check:          ## all of the below that only look, then the tests: what a change must pass
	./run.sh check

fmt:            ## format, and apply the fixes that are safe
	$(BIN)ruff check --fix-only --quiet .
	$(BIN)ruff format .

lint:
	$(BIN)ruff format --check .
	$(BIN)ruff check .

types:
	$(BIN)python -m mypy

contracts:      ## who may import whom: the floors of ARCHITECTURE.md
	$(BIN)lint-imports

test:
	./run.sh test

lock:           ## after a change of the dependencies in pyproject.toml
	scripts/lock.sh
