# `make help` explains. Everything runs out of .venv; scripts/setup.sh makes it.
SHELL := /bin/sh
BIN   := .venv/bin
READY := .venv/.ready
DATA_DIR ?=
ROLE  ?= operations-lead

.DEFAULT_GOAL := help
.PHONY: help setup run test check format gallery screenshots bench lock openapi package clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.lock scripts/setup.sh
	@scripts/setup.sh

setup: $(READY) ## prepare .venv and what the system lacks (run and test do it themselves)

run: $(READY) ## start the sample shop and the console; without a display, draw every workspace into build/screenshots
	@scripts/run.sh $(BIN) $(ROLE) $(DATA_DIR)

test: $(READY) ## the whole suite, on all cores
	@scripts/test_tools.sh
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --dist worksteal tests

check: $(READY) ## static gates: format, lint, types, import directions, own rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python scripts/example.py build/example
	@cd build/example && ../../$(BIN)/mypy --cache-dir ../../.mypy_cache/example -p models.notes -p backend.notes -p app.notes -p views.notes
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/rules.py

format: $(READY) ## format and sort imports
	@$(BIN)/ruff check --fix-only --quiet . || true
	@$(BIN)/ruff format .

gallery: $(READY) ## draw the theme sheet of each theme from the real widgets into build/gallery
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m views.shell.gallery build/gallery

screenshots: $(READY) ## draw every workspace, dark and light, into build/screenshots
	@QT_QPA_PLATFORM=offscreen $(BIN)/opsconsole demo --as $(ROLE) --screenshots build/screenshots

bench: $(READY) ## run every benchmark and print one table of ratios
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks

lock: $(READY) ## resolve requirements.lock anew (names no package index)
	@scripts/uv.sh pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --quiet --group dev pyproject.toml -o requirements.lock

openapi: $(READY) ## write the committed OpenAPI document from the contract
	@$(BIN)/opsconsole openapi > docs/openapi.json

package: $(READY) ## build the one-folder application into dist/opsconsole
	@$(BIN)/pyinstaller --noconfirm --distpath dist --workpath build/pyinstaller opsconsole.spec

clean: ## remove everything that was generated
	@rm -rf .venv .uv build dist .mypy_cache .ruff_cache .hypothesis
