# `make` lists what there is. Nothing needs to be set up before: each target makes what it needs.
PYTHON ?= python3
PORT ?= 4242
# More arguments for pytest, as in: make test ARGS='tests/store -k pool'
ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-bench/.ready
TOOLS := $(patsubst tests/conformance/tools/%.txt,.venv-tools/%/.ready,$(wildcard tests/conformance/tools/*.txt))

.DEFAULT_GOAL := help
.PHONY: help run demo test test-all bench bench-quick lint format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) ## a store in ./demo, a token, the receiver and the site on this machine (PORT=4242)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/run.sh demo $(PORT)

demo: $(READY) ## the main job, from upload to install with Python's tools and with R's, by itself in a throw-away home
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(READY) tools packages lint ## install what the tests need, then lint and run all tests (ARGS= for pytest)
	@$(BIN)/python -m pytest --numprocesses 2 $(ARGS)

test-all: ## the same, where a missing client is a failure and not a skip
	@REPOGEN_REQUIRE_CLIENTS=1 $(MAKE) --no-print-directory test

bench: $(READY) $(PEERS) compared ## repogen beside its peers, with up to 50,000 files: one table, in 45 minutes
	@$(BIN)/python -m benchmarks

bench-quick: $(READY) $(PEERS) compared ## the same with 1,000 files, in four minutes
	@$(BIN)/python -m benchmarks --quick

lint: $(READY) ## ruff, mypy and import-linter
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

format: $(READY) ## put the code into its form
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format

lock: $(READY) ## write requirements-dev.txt anew from pyproject.toml, with the newest versions
	@$(BIN)/uv pip compile pyproject.toml --group dev --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file requirements-dev.txt
	@for tool in tests/conformance/tools/*.in; do \
		$(BIN)/uv pip compile "$$tool" --upgrade --universal --python-version 3.11 --generate-hashes \
			--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file "$${tool%.in}.txt"; \
	done

clean: ## remove what was made here, but not ./demo
	rm -rf .venv .venv-bench .venv-tools dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

.PHONY: compared packages tools
compared:
	@sh .ci/packages git r-base-core

packages:
	@sh .ci/packages git git-lfs gnupg nginx-light chromium curl r-base-core r-cran-remotes gcc g++ gfortran

tools: $(READY)
	@$(MAKE) --silent --jobs 4 $(TOOLS)

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.13")'
	@PYTHON="$(PYTHON)" sh .ci/packages python3-venv
	@echo "making the environment in .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --require-hashes --requirement requirements-dev.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS): benchmarks/peers.txt
	@PYTHON="$(PYTHON)" sh .ci/packages python3-venv
	@echo "making the environment of the peers in .venv-bench"
	@$(PYTHON) -m venv --clear .venv-bench
	@.venv-bench/bin/python -m pip install -qq --require-hashes --requirement benchmarks/peers.txt
	@touch $@

# An upload tool each, as their needs conflict.
.venv-tools/%/.ready: tests/conformance/tools/%.txt $(READY)
	@echo "making the environment of $* in .venv-tools"
	@$(BIN)/uv venv --quiet --clear --python "$(CURDIR)/$(BIN)/python" .venv-tools/$*
	@$(BIN)/uv pip install --quiet --require-hashes --python .venv-tools/$* --requirement $<
	@touch $@
