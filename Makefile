# Everything that is done in this repository. `make` alone lists it.
# Each target sets up what it needs; Python 3.11 or newer and make are enough.

PYTHON := .venv/bin/python
STAMP := .venv/.installed
EXIT ?=
KAFKA ?=
BROKERS ?=
MONGODB ?=
BENCH ?=
CHECKED := shared services deploy tests
COMPILE := .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11

SERVERS := $(if $(KAFKA),ONEVOICE_KAFKA=$(KAFKA)) $(if $(BROKERS),ONEVOICE_KAFKA_BROKERS=$(BROKERS)) \
           $(if $(MONGODB),ONEVOICE_MONGODB=$(MONGODB))

.DEFAULT_GOAL := help
.PHONY: help env demo run servers keys test test-apache test-ferretdb test-faults check test-fast bench requirements contract \
        translations clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / && !seen[$$1]++ { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A linked .venv belongs to another checkout, which keeps it.
ifeq ($(shell test -L .venv && echo linked),linked)
env: ## Make or refresh .venv, which every other target uses
	@:
else
env: $(STAMP) ## Make or refresh .venv, which every other target uses
endif

# Python 3.11 is tried first: every pinned package has a wheel for it.
$(STAMP): requirements/dev.txt
	@python=""; \
	for one in python3.11 python3 python3.12 python3.13 python3.14; do \
	  if $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$one; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Onevoice needs Python 3.11 or newer, and none was found (tried python3, python3.11 to python3.14)." >&2; exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python cannot make environments: install its venv module (on Debian: apt install python3-venv)." >&2; exit 1; \
	fi; \
	echo "making .venv with $$($$python --version)"; \
	$$python -m venv .venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: env ## Start everything, publish a history, say what was found (EXIT=1: end there)
	@$(SERVERS) $(PYTHON) -m deploy.local demo $(if $(EXIT),--exit)

run: env ## Start everything; data under .onevoice/ survives a restart (KAFKA=apache [BROKERS=3]: Apache Kafka)
	@$(SERVERS) $(PYTHON) -m deploy.local run

servers: env ## Start Kafka and MongoDB alone (KAFKA=apache [BROKERS=3], MONGODB=ferretdb)
	@$(SERVERS) $(PYTHON) -m deploy.local servers

keys: env ## Make the keys alone, for docker compose
	@$(PYTHON) -m deploy.local keys

test: env ## All tests (KAFKA=apache: on Apache Kafka; MONGODB=ferretdb)
	$(SERVERS) $(PYTHON) -m pytest

test-apache: env ## The tests that talk to Kafka, on Apache Kafka
	@ONEVOICE_KAFKA=apache $(PYTHON) -m deploy.local fetch
	ONEVOICE_KAFKA=apache $(PYTHON) -m pytest tests/contract tests/integration tests/e2e

test-ferretdb: env ## The tests of what talks to MongoDB, on FerretDB (needs Go; built once)
	@ONEVOICE_MONGODB=ferretdb $(PYTHON) -m deploy.local fetch
	ONEVOICE_MONGODB=ferretdb $(PYTHON) -m pytest tests/integration/test_mongo.py tests/integration/test_stores.py \
	  tests/integration/test_asked_of_mongodb.py

test-fast: env ## The tests that need no servers
	$(PYTHON) -m pytest -q $(wildcard tests/unit tests/contract)

test-faults: env ## Break servers, services and links under load (ONEVOICE_FAULT_EVENTS=100000: at length)
	$(PYTHON) -m pytest -s tests/faults

check: env ## Format, lint, types, imports, the published contract, the fast tests
	$(PYTHON) -m ruff format --check $(CHECKED)
	$(PYTHON) -m ruff check $(CHECKED)
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m deploy.contract check
	$(PYTHON) -m pytest -q $(wildcard tests/unit tests/contract)

bench: env ## Benchmarks, each beside its bare limit (needs wrk; BENCH="ingest --runs 3": see --help)
	$(SERVERS) $(PYTHON) -m tests.bench $(BENCH)

contract: env ## Write docs/contract (OpenAPI, AsyncAPI) anew from the models
	$(PYTHON) -m deploy.contract write

translations: env ## Bring the message catalogues up to date with the sources (NEW=de: begin one)
	@$(PYTHON) -m deploy.translations $(NEW)

requirements: env ## Compile the pinned requirements anew from requirements/*.in
	$(COMPILE) requirements/services.in -o requirements/services.txt
	$(COMPILE) requirements/local.in -o requirements/local.txt
	$(COMPILE) requirements/dev.in -o requirements/dev.txt

clean: ## Remove what was built and the local stack's data (not .venv)
	rm -rf .onevoice .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build
	find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +
