# `make help` lists what there is. Every target sets itself up first; ARGS="…" goes to the command behind it.
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON_BIN := .venv/bin/python
POINTSTREAM := .venv/bin/pointstream
PYTEST := $(PYTHON_BIN) -m pytest
ARGS ?=

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: ## Make .venv from the locks (nothing to do when it is up to date)
	@.ci/setup

.PHONY: up
up: setup ## Start the whole platform and play real receipts into it; Ctrl-C stops it
	@$(POINTSTREAM) up $(ARGS)

.PHONY: down
down: setup ## Stop a platform that runs in the background
	@$(POINTSTREAM) down $(ARGS)

.PHONY: status
status: setup ## Say what runs, where
	@$(POINTSTREAM) status $(ARGS)

.PHONY: doctor
doctor: setup ## Check ports, disk, memory and versions
	@$(POINTSTREAM) doctor $(ARGS)

.PHONY: reset
reset: setup ## Throw away the platform's data
	@$(POINTSTREAM) reset $(ARGS)

.PHONY: test
test: setup ## Run every test but the long forms and the benchmarks (ARGS="-k name" for some)
	@$(if $(strip $(ARGS)),$(PYTEST) -m "not slow and not bench" --junit-xml=build/selection.xml $(ARGS),.ci/test)

.PHONY: test-slow
test-slow: setup ## Run the long forms of the tests
	@$(PYTEST) -m slow --junit-xml=build/slow.xml $(ARGS)

.PHONY: lint
lint: setup ## Check style, types and the direction of imports
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports

.PHONY: format
format: setup ## Bring the code into its form
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

.PHONY: check
check: setup ## Check that generated files are what the contracts make of them
	@$(PYTHON_BIN) -m libs.contracts check

.PHONY: generate
generate: setup ## Write schemas and docs/events.md anew from the contracts and the programme
	@$(PYTHON_BIN) -m libs.contracts generate $(ARGS)
	@mkdir -p build
	@$(POINTSTREAM) programme schema > build/programme.schema.json
	@mv build/programme.schema.json libs/promotions/
	@$(POINTSTREAM) catalogue schema > build/reward.schema.json
	@mv build/reward.schema.json libs/catalogue/

.PHONY: bench-quick
bench-quick: setup ## Measure in about a minute and a half; the last line is one JSON object
	@$(PYTHON_BIN) -m tests.bench.quick $(ARGS)

.PHONY: bench
bench: setup ## Measure everything, beside others, in about half an hour; the last line is one JSON object
	@.ci/peers
	@$(PYTHON_BIN) -m tests.bench.full $(ARGS)

.PHONY: features
features: setup ## Say which features the latest test run has proven
	@$(POINTSTREAM) features $(ARGS)

.PHONY: lock
lock: setup ## Write the locks anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@.ci/lock

.PHONY: clean
clean: ## Remove what the tools have left behind, but neither .venv nor data
	@rm -rf build dist .cache/lock .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
