# One word for each thing people do here; `make` alone lists them.
# Needs make, git and Python 3.11 or newer; everything else is fetched into .venv and var.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup collections prepare demo test test-windows check format run seed bench soak test-macos pictures reference clean

# The first Python that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3; do \
	command -v $$one >/dev/null 2>&1 && $$one -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$one && break; done)
ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DATABASE ?= sqlite
ONCE ?=
JOBS ?= 2
TESTS ?=
# Where `make run` and `make seed` keep their data.
export KITTO_DATA ?= $(ROOT)/var/data

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Virtual environment in .venv with the locked packages

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Kitto needs Python 3.11 or newer; install it, or say PYTHON=/path/to/python." >&2; exit 1; }
	@echo "Setting up .venv with the locked packages (a few minutes, once)." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements-dev.lock
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > $(VENV)/where
	@printf '%s\n%s\n' '$(ROOT)/service' '$(ROOT)/agents' > "$$(cat $(VENV)/where)/kitto-source.pth"
	@printf '#!/bin/sh\nexec "%s" -c "import sys; sys.argv[0] = \\"kitto\\"; from kitto.cli import main; sys.exit(main())" "$$@"\n' '$(BIN)/python' > $(BIN)/kitto
	@chmod 755 $(BIN)/kitto
	@touch $@

# Without them only plays for Windows do not run, and it says so.
collections: $(READY)
	@$(BIN)/python tools/fetch_collections.py || true

prepare: $(READY) ## What tests and demo need from Debian, and the disk of the bench PCs
	@$(BIN)/python tests/prepare.py

demo: prepare ## The main job on the bench, then the console; ONCE=1 ends after it; DATABASE=postgresql
	@$(BIN)/python -m tests.demo --database $(DATABASE) $(if $(ONCE),--once,)

test: prepare ## Every test on both databases; TESTS=path for some
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -q $(TESTS)

check: $(READY) ## What CI checks beside the tests: format, lint, types, imports, words, house rules
	@failed=""; \
	run() { name=$$1; shift; printf '%-9s' "$$name" >&2; \
		if said=$$("$$@" 2>&1); then echo ok >&2; else echo FAILED >&2; echo "$$said" >&2; failed="$$failed $$name"; fi; }; \
	run format  $(BIN)/ruff format --check --quiet; \
	run lint    $(BIN)/ruff check --quiet; \
	run types   $(BIN)/mypy; \
	run imports $(BIN)/lint-imports; \
	run words   $(BIN)/python -m kitto.base.i18n check; \
	run house   $(BIN)/python -m pytest -q tests/house; \
	test -z "$$failed" || { echo "make check failed:$$failed" >&2; exit 1; }

format: $(READY) ## Format the code, and mend what can be mended without thinking
	@$(BIN)/ruff format --quiet
	@$(BIN)/ruff check --fix --quiet

reference: $(READY) ## docs/reference.md: rights, states, refusals, commands, as the program has them
	@$(BIN)/python tools/reference.py renew

run: $(READY) collections ## The console on localhost, on its own data in var/data
	@$(BIN)/kitto serve

seed: $(READY) ## Fill var/data with a believable office
	@$(BIN)/kitto db upgrade
	@$(BIN)/kitto seed

bench: prepare ## The benchmarks under tests/bench, as tables and JSON lines
	@for one in tests/bench/bench_*.py; do echo "== $$one" >&2; $(BIN)/python $$one || exit 1; done

test-macos: $(READY) ## The recipe for Macs on a real one: HOST, HOST_KEY, TAG, SERIAL, KEY (docs/macos.md)
	@KITTO_MAC_HOST='$(HOST)' KITTO_MAC_HOST_KEY='$(HOST_KEY)' KITTO_MAC_TAG='$(TAG)' KITTO_MAC_SERIAL='$(SERIAL)' \
	KITTO_MAC_KEY='$(KEY)' $(BIN)/python -m pytest -q -m macos_real tests/kitting/adapters/test_macos_real.py

soak: prepare ## The tests that take long
	@$(BIN)/python -m pytest -q -m soak --timeout 7200

pictures: prepare ## Pictures of the console: var/pictures, docs/pictures for the README, docs/guide
	@$(BIN)/python -m pytest -q tests/browser/test_every_page.py
	@$(BIN)/python -m tests.demo.picture docs/pictures/console.png
	@$(BIN)/python -m tests.browser.guide docs/guide

HOST ?=
USER_OF_HOST = $(if $(filter command line,$(origin USER)),$(USER),kitto)
test-windows: $(READY) collections ## What only a real Windows proves: HOST=… CERTIFICATE=…; docs/windows.md
	@KITTO_TEST_WINDOWS_HOST='$(HOST)' KITTO_TEST_WINDOWS_PORT='$(PORT)' KITTO_TEST_WINDOWS_USER='$(USER_OF_HOST)' \
	KITTO_TEST_WINDOWS_CERTIFICATE='$(CERTIFICATE)' KITTO_TEST_WINDOWS_MAY_CHANGE='$(WINDOWS_MAY_CHANGE)' \
	$(BIN)/python -m tests.windows_real

clean: ## Throw away what the demo made
	@rm -rf $(ROOT)/var/demo
