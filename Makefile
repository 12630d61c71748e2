# Every command of the project; `make help` explains each in a line.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
PORT ?=
WORKERS ?= 2
HOST ?= http://127.0.0.1:8000
PEOPLE ?= 8
MINUTES ?= 2

.DEFAULT_GOAL := help
.PHONY: help install install-demo demo demo-reset test coverage check fix e2e api-fuzz bench docs catalogue tour screenshots messages lock t test-dates load faults sbom release quick-starts

help: ## Explain each command in a line
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: ## Prepare this clone for development: environment, packages, front-end files, system libraries
	@$(PYTHON) scripts/set_up.py --dev

install-demo:
	@$(PYTHON) scripts/set_up.py

demo: install-demo ## Serve a synthetic trial until Ctrl-C (PORT=8000 chooses the port, PRACTICE=1 serves practice too); keeps its data in var/
	@exec $(VENV_PYTHON) manage.py demo $(if $(PORT),--port $(PORT)) $(if $(PRACTICE),--practice)

demo-reset: install-demo ## Throw the synthetic trial away; the next `make demo` fills a new one
	@$(VENV_PYTHON) manage.py demo --reset

test: install ## Run every test on a real PostgreSQL
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

t: ## Run some tests in seconds: make t ARGS=tests/protocol/test_staging.py (installs nothing, keeps the database)
	@$(VENV_PYTHON) scripts/one_test.py -q $(ARGS)

test-dates: install ## Run every test on other dates too: 29 February, New Year's Eve, a night, five years on (nightly)
	@$(VENV_PYTHON) scripts/test_dates.py -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: install ## Run every test and say which branches of code and templates none has taken
	@PALACE3_COVERAGE=1 $(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(ARGS)

check: install ## Lint, format, types, templates, migrations, architecture, translations, generated docs
	@sh scripts/check.sh

fix: install ## Let the linters mend what they can
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format . ; .venv/bin/djlint templates --reformat --quiet ; PATH="$$PWD/.venv/bin:$$PATH" node_modules/.bin/biome check --write || true

e2e: install ## Drive the whole walk in a real browser
	@$(VENV_PYTHON) -m pytest tests/e2e $(ARGS)

api-fuzz: install ## Send the API whatever its description allows and forbids, and hold every answer against it (minutes)
	@$(VENV_PYTHON) -m pytest --hypothesis-profile=api-fuzz -o timeout=7200 tests/integration/exports/test_api_fuzz.py $(ARGS)

bench: install ## Measure the budgets of the design, as ratios in one run
	@$(VENV_PYTHON) -m bench $(ARGS)

load: install ## Play a morning against a demonstration that serves: make load HOST=http://127.0.0.1:8000 PEOPLE=8 MINUTES=2
	@.venv/bin/uv run --no-project --isolated --with-requirements requirements/load.txt locust -f bench/load/locustfile.py \
		--headless --host $(HOST) --users $(PEOPLE) --spawn-rate 1 --run-time $(MINUTES)m --only-summary

faults: install ## Play faults on a whole installation and print the table of docs/reliability.md
	@$(VENV_PYTHON) -m tests.faults $(ARGS)

release: install ## Write var/palace3-VERSION.tar.gz: tree, wheels, pages' files; installs without the internet (CONTAINERS=0: without what containers need; RESULTS=results.xml: with the results of its tests)
	@sh scripts/release.sh

quick-starts: install ## Print the quick starts of docs/ as PDF into var/quick-starts/, two pages each
	@$(VENV_PYTHON) scripts/print_quick_starts.py

sbom: install ## Write the software bill of materials (CycloneDX) into var/sbom.cdx.json
	@.venv/bin/uv run --no-project --with-requirements requirements/sbom.txt scripts/sbom.py

docs: install ## Regenerate the pages of docs/ that are made from code
	@$(VENV_PYTHON) manage.py build_docs

catalogue: install ## Write the guards that verification expects of the database (audit/catalogue.txt) after a migration
	@PALACE3_WRITE_CATALOGUE=1 $(VENV_PYTHON) scripts/one_test.py tests/integration/audit/test_catalogue.py

tour: install ## Trace one save, one randomization and one export anew into docs/tour.md
	@PALACE3_WRITE_TOUR=1 $(VENV_PYTHON) -m pytest -q -p no:randomly tests/integration/crf/test_hops.py tests/integration/randomization/test_tour.py tests/integration/exports/test_tour.py

screenshots: install ## Take the screenshot book anew into docs/screens/ (both languages, three widths)
	@$(VENV_PYTHON) -m pytest tests/e2e/test_screenshots.py -m screenshots -p no:randomly $(ARGS)

messages: install ## Collect the texts to translate into locale/, and say which lack a translation
	@$(VENV_PYTHON) manage.py messages

lock: install ## Pin the newest packages that fit pyproject.toml, with hashes
	@sh scripts/lock.sh
