# One verb per line of work. A bare machine with Python 3.11+ (with venv) and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE ?= demo
PYTEST = $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -r s
# Compiled files make every later start faster; some machines switch them off.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test long check fix bench prove calibrate docs lock clean

help: ## say what each verb does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo ## build the example country and open the hub in a browser
	$(BIN)/kalanso demo --store $(STORE)

test: $(VENV)/.dev ## run the tests in under ten minutes, or those of TESTS=
	$(PYTEST) $(if $(TESTS),$(TESTS),-m "not long")

long: $(VENV)/.dev ## run the tests that take longer: every page for every role, whole countries, Java, a browser
	$(PYTEST) -m long

check: $(VENV)/.dev ## lint, types, layers, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 tests/test_repository.py tests/test_translations.py tests/test_documentation.py

fix: $(VENV)/.dev ## mend what tools can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure speed against named peers (BENCH_ROWS=1000000,10000000,100000000 for the full scale)
	$(BIN)/python -m benchmarks $(BENCH)

prove: $(VENV)/.all ## run the long proofs and date their results in docs/reference/proofs.md
	$(BIN)/python tests/proofs $(PROOF)

calibrate: $(VENV)/.dev ## prove that intervals hold what they say (CALIBRATE="--countries 200"), resumable
	$(BIN)/python tests/proofs/calibrate.py $(CALIBRATE)

docs: $(VENV)/.all ## build the manual into docs/_build
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

lock: $(VENV)/bin/uv ## renew the hashed requirements from pyproject.toml
	for set in demo dev all; do sh requirements/lock.sh $(BIN)/uv $$set; done

clean: ## remove the environment and what was built
	rm -rf $(VENV) docs/_build build dist

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Kalanso needs Python 3.11 or newer: install it, or say where it is with make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv is missing: on Debian or Ubuntu run  apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/demo.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo

$(VENV)/.all: requirements/all.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/all.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.dev $(VENV)/.demo
