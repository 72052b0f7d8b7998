# One command for each thing to do. `make test` is the gate, and what CI runs.

VENV := .venv
PY := $(VENV)/bin/python
# Debian packages that tests use beside Python's; installed when we are root.
APT_PACKAGES := chromium curl mariadb-server postgresql strace

# Which index pip asks is the machine's business. build.txt pins the build backend: older pips
# take it from the first variable, newer ones from the second.
PIP := PIP_CONSTRAINT=constraints/build.txt PIP_BUILD_CONSTRAINT=constraints/build.txt \
	PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore scripts/packages $(PY)
PYTEST := $(PY) -m pytest
# Half the time of most tests of programs is waiting, so there are three workers a core. Eight are enough.
WORKERS := $(shell n=$$(($$(nproc) * 3)); echo $$((n < 8 ? n : 8)))

# The pages of the server, as Vite builds them, and what they are built of.
PAGES := src/ovms/server/http/web/index.html
WEB := scripts/web $(PY)
WEB_SOURCES := scripts/web web/index.html $(wildcard web/*.json web/*.ts) \
	$(shell find web/src web/public web/scripts -type f ! -name '*.test.ts*')

# What is done side by side prints whole lines of a recipe at once, where make can do that.
BY_LINE := $(if $(filter output-sync,$(.FEATURES)),--output-sync=line)

# Programs that tests start would compile ovms each time again: a quarter of a server's start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run web bench test test-web compile-tests check check-web check-python format soak mutants lock clean packages FORCE

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: $(VENV)/.run ## Install what is needed and start the demo
	@$(MAKE) --no-print-directory web || echo "make: starting without the pages of the web app"
	@$(VENV)/bin/ovms demo --data demo-data

web: $(VENV)/.run $(PAGES) ## Build the pages of the web app

# mypy takes one core, and then the tests are compiled, once for all workers; the other core fetches,
# builds, checks and tests the web app meanwhile.
test: packages $(VENV)/.dev ## The gate: check, then every test; protocol/ by its own tests, each branch
	@$(MAKE) --no-print-directory --jobs=2 $(BY_LINE) check-python test-web compile-tests
	$(PYTEST) -n auto tests/protocol --cov --cov-branch --cov-fail-under=100 \
		--cov-report=term-missing:skip-covered
	$(PYTEST) -n $(WORKERS) --dist worksteal --ignore=tests/protocol
	$(PY) -m benchmarks.speed --short --check

check: check-web check-python ## Format, lint and types

test-web: $(VENV)/.dev
	@$(WEB) packages
	@$(MAKE) --no-print-directory web
	@$(MAKE) --no-print-directory check-web
	$(WEB) vitest run

compile-tests: $(VENV)/.dev
	@$(PYTEST) --collect-only -q >/dev/null 2>&1 || true

check-web: $(VENV)/.dev
	$(WEB) biome ci .
	$(WEB) tsc

check-python: $(VENV)/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check . scripts/lock scripts/reference scripts/icons
	$(PY) -m mypy --explicit-package-bases src tests examples benchmarks/speed scripts/lock scripts/mutants.py \
		scripts/api_types.py scripts/web_tables.py scripts/screenshots.py
	$(PY) -m mypy --explicit-package-bases scripts/reference

format: $(VENV)/.dev ## Put the code in shape
	$(WEB) biome check --write .
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

soak: $(VENV)/.dev ## The tests that take minutes
	$(PYTEST) -m soak

bench: $(VENV)/.dev ## How fast the server is, beside the least that the work takes in Python
	$(PY) -m benchmarks.speed

mutants: $(VENV)/.mutants ## Which changes to MODULE=ovms/... its tests do not notice
	$(PY) scripts/mutants.py $(MODULE) $(TESTS)

lock: $(VENV)/.place ## Choose the newest versions again and write constraints/
	$(PY) scripts/lock

clean: ## Remove what these targets made, the demo's data excepted
	rm -rf $(VENV) web/node_modules web/dist $(dir $(PAGES)) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find src tests -name __pycache__ -prune -exec rm -rf {} +

packages:
	@test -z "$(APT_PACKAGES)" || scripts/system $(APT_PACKAGES) \
		|| echo "make: going on without; tests that need them will say so"

# .place changes only when the venv was made or the folder moved, so it is looked at each time.
$(VENV)/.place: FORCE
	@scripts/venv $(VENV)

$(VENV)/.run: $(VENV)/.place pyproject.toml constraints/run.txt constraints/build.txt
	@$(PIP) --constraint constraints/run.txt --editable '.[car,notify,pdf,web]'
	@touch $@

# It may be there before the packages of tools are, which `make run` does not need.
$(PAGES): $(WEB_SOURCES) | $(VENV)/.run
	@$(WEB) build

$(VENV)/.dev: $(VENV)/.place pyproject.toml constraints/dev.txt constraints/build.txt
	@$(PIP) --constraint constraints/dev.txt --editable '.[dev]'
	@touch $(VENV)/.run $@

$(VENV)/.mutants: $(VENV)/.dev
	@$(PIP) --constraint constraints/dev.txt --editable '.[dev,mutants]'
	@touch $@
