# Needs Python 3.11 or newer and nothing else; the environment is built in .venv.

PYTHON ?= python3
VENV ?= .venv
FLOOR_VENV ?= .venv-floor

# `make demo` reads a synthetic panel, `make demo DATA=panel.csv` your own. The
# columns are names or patterns such as 'channel_*'; several are separated by
# spaces. REGION, CONTROLS and TIME may be empty.
DATA ?=
TARGET ?= visits
REGION ?= dma
TIME ?= week
MEDIA ?= channel_*
CONTROLS ?= control_*
REPORT ?= demo_report.html

PY := $(VENV)/bin/python
FLOOR_PY := $(FLOOR_VENV)/bin/python
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

# Two test processes share the cores; more threads each would only compete. The tests
# of a file go to one process, which makes their fixtures once.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-floor lint format typecheck doctest docs links \
        bench benchmarks clean

help:
	@echo "make demo         fit a model on synthetic data and write $(REPORT)"
	@echo "make demo DATA=panel.csv TARGET=sales REGION=region TIME=week \\"
	@echo "          MEDIA='tv search' CONTROLS='price'      the same on your data"
	@echo "make test         fast test suite; tests in a browser need Chromium"
	@echo "make test-slow    the tests marked slow"
	@echo "make test-floor   fast test suite on the oldest supported versions"
	@echo "make lint         ruff check and ruff format --check"
	@echo "make format       apply ruff's fixes and formatting"
	@echo "make typecheck    mypy"
	@echo "make doctest      examples in docstrings and on the pages of the documentation"
	@echo "make docs         documentation in docs/_build/html, warnings are errors"
	@echo "make links        check the links inside the built documentation"
	@echo "make bench        renew the tables of docs/benchmarks.rst (minutes)"
	@echo "make benchmarks   list the benchmarks"
	@echo "make clean        remove what the tools wrote (not the environments)"

# ---------------------------------------------------------------- environments

# $(call make_venv,FOLDER): keep a working environment, else build a new one.
define make_venv
	@if ! $(1)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then \
	    if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	            2>/dev/null; then \
	        echo "error: sklearn_mmm needs Python 3.11 or newer, but" \
	             "$(PYTHON) is $$($(PYTHON) --version 2>&1 || true);" \
	             "name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	        exit 1; \
	    fi; \
	    $(PYTHON) -m venv --clear $(1); \
	fi
endef

# One stamp per set of dependencies. Touched last, so that an installation that
# was interrupted is repeated.
$(VENV)/.stamp-demo: pyproject.toml constraints.txt
	$(call make_venv,$(VENV))
	@echo "Installing sklearn_mmm into $(VENV) (minutes the first time)"
	@$(PY) $(PIP_INSTALL) -c constraints.txt -e .
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml constraints.txt
	$(call make_venv,$(VENV))
	@echo "Installing sklearn_mmm[dev] into $(VENV) (minutes the first time)"
	@$(PY) $(PIP_INSTALL) -c constraints.txt -e ".[dev]"
	@touch $(VENV)/.stamp-demo $@

$(FLOOR_VENV)/.stamp: pyproject.toml constraints-floor.txt
	$(call make_venv,$(FLOOR_VENV))
	@echo "Installing the oldest supported versions into $(FLOOR_VENV)"
	@$(FLOOR_PY) $(PIP_INSTALL) -c constraints-floor.txt -e ".[test]"
	@touch $@

# ------------------------------------------------------------------------ demo

# One thread unless the caller wants more: on a machine that is busy, threads that wait
# for one another take many times as long.
# `set -f`: the patterns in MEDIA and CONTROLS are for column names, not files.
demo: export OMP_NUM_THREADS ?= 1
demo: $(VENV)/.stamp-demo
ifeq ($(strip $(DATA)),)
	@$(PY) examples/quickstart.py --output "$(REPORT)"
else
	@set -f; $(PY) -m sklearn_mmm report "$(DATA)" --target "$(TARGET)" \
	    $(if $(REGION),--region "$(REGION)") $(if $(TIME),--time "$(TIME)") \
	    --media $(MEDIA) $(if $(CONTROLS),--controls $(CONTROLS)) -o "$(REPORT)"
endif
	@echo "Report: $(abspath $(REPORT))"

# ---------------------------------------------------------------------- checks

test: $(VENV)/.stamp-dev
	@$(PYTEST) -n 2 --dist loadfile -q

test-slow: $(VENV)/.stamp-dev
	@$(PYTEST) -n 2 --dist loadfile -q -m slow

test-floor: $(FLOOR_VENV)/.stamp
	@OMP_NUM_THREADS=1 $(FLOOR_PY) -m pytest -n 2 --dist loadfile -q

lint: $(VENV)/.stamp-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

format: $(VENV)/.stamp-dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

typecheck: $(VENV)/.stamp-dev
	@$(PY) -m mypy

doctest: $(VENV)/.stamp-dev
	@$(PYTEST) -q --doctest-modules sklearn_mmm
	@$(PYTEST) -q -m "slow or not slow" tests/test_pages.py

docs: $(VENV)/.stamp-dev
	@$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "Documentation: $(abspath docs/_build/html/index.html)"

# Of the pages that `make docs` has built.
links: $(VENV)/.stamp-dev
	@$(PY) docs/_links.py docs/_build/html

# ------------------------------------------------------------------ benchmarks

# What docs/benchmarks.rst shows; BENCH=--long runs the long ones as well.
BENCH ?=
bench: $(VENV)/.stamp-dev
	@$(PY) benchmarks/bench.py $(BENCH)

benchmarks:
	@echo "Each benchmark prints a table and the machine it ran on:"
	@for file in benchmarks/[!_]*.py; do \
	    printf '  %-42s %s\n' "$(PY) $$file" \
	        "$$(sed -n '1s/^"""\(.*[^"]\)\("""\)*$$/\1/p' $$file)"; \
	done

clean:
	rm -rf .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	rm -rf docs/_build docs/auto_examples docs/generated docs/reference/generated \
	    docs/reference/sections
	rm -f docs/sg_execution_times.rst *_report.html
	find sklearn_mmm tests benchmarks examples docs -name __pycache__ \
	    -type d -prune -exec rm -rf {} +
