# Everything here works from a clean clone: it needs Python 3.10 or newer and a package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test sweeps test-all bench lint format directives reference docs clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

demo: $(READY)  ## Lint the partner's recipe of examples/two-way-authentication, both of its cases
	@$(BIN)/python examples/two-way-authentication/demo.py

lint: $(READY)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## What every change has to pass
	$(BIN)/pytest -m "not sweep" -n auto

sweeps: $(READY)  ## The long comparisons with real nginx
	$(BIN)/pytest -m sweep -n auto

test-all: test sweeps  ## Both

bench: $(READY)  ## Measure CPU and memory beside nginx -t and other linters, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks $(BENCH)

format: $(READY)  ## Put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

directives: $(READY)  ## Make the directive table anew by asking the installed nginx binaries
	$(BIN)/python tools/directive_table.py

reference: $(READY)  ## Make the generated pages of docs/ anew: rules and commands
	$(BIN)/python tools/reference.py

docs: reference  ## Build the documentation site into site/
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs site

clean:  ## Remove what the other targets made
	rm -rf $(VENV) dist site examples/two-way-authentication/out .mypy_cache .pytest_cache .ruff_cache .hypothesis
