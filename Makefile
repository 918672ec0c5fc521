# make demo | test | torture | mutants | planted | setup | check | lock | clean
# Needs python3 (3.11 or newer, with venv) and make; everything else goes into .venv/.

PYTHON ?= python3
DEMO ?= demo
WORKERS ?= 2
TORTURE ?= .torture
MUTANTS ?= .mutants
RUNS ?= 1000000

MEMBERS := $(filter-out connectors/_template/,$(dir $(wildcard connectors/*/pyproject.toml)))
MEMBER_FILES := $(addsuffix pyproject.toml,$(MEMBERS))
SOURCES := $(wildcard $(addsuffix src,$(MEMBERS)))

VENV := .venv
RUN := $(VENV)/bin/python -m
UV := $(RUN) uv --quiet
HERE := --python $(VENV)/bin/python
READY := $(VENV)/.ready

.PHONY: setup demo test torture mutants planted check lock wheels clean
.DELETE_ON_ERROR:

setup: $(READY)

# Once for each change of the lock or of a pyproject.toml; otherwise there is nothing to do.
$(READY): requirements.lock pyproject.toml $(MEMBER_FILES) | $(VENV)/bin/uv
	$(UV) pip sync $(HERE) --require-hashes requirements.lock
	$(UV) pip install $(HERE) --no-deps --no-build-isolation -e . $(addprefix -e ,$(MEMBERS))
	@touch $@

# A half-made environment (python3-venv missing, a broken download) is made anew.
$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "itpm-sync needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say make PYTHON=python3.12, or whatever yours is called.")'
	$(PYTHON) -m venv --clear $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check uv

demo: $(READY)
	$(VENV)/bin/itpm-sync demo --dir $(DEMO) $(DEMO_ARGS)

test: $(READY)
	$(RUN) pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

# The long share: hours. What is done is noted in $(TORTURE)/; broken off and said again, it goes on where it was.
# The simulator goes last and keeps no note: `make torture RUNS=100000` for less of it.
torture: $(READY)
	@mkdir -p $(TORTURE)
	@echo "Broken off? Say make torture again: what is done is noted in $(TORTURE)/. To begin anew, remove that folder."
	for n in $$(seq $(WORKERS)); do \
	    $(RUN) itpm_sync.testing.kills --share $$n/$(WORKERS) --state $(TORTURE)/kills-$$n-of-$(WORKERS).jsonl & \
	    shares="$$shares $$!"; \
	done; failed=0; for share in $$shares; do wait $$share || failed=1; done; exit $$failed
	$(RUN) itpm_sync.testing.killed --database sqlite --kills 1000 --state $(TORTURE)/killed-sqlite.jsonl
	$(RUN) itpm_sync.testing.killed --database postgresql --kills 1000 --state $(TORTURE)/killed-postgresql.jsonl
	ITPM_KILLS=300 $(RUN) pytest -q tests/system/test_killed_sync.py
	$(VENV)/bin/itpm-sync simulate --runs $(RUNS)

# Small faults planted one by one in the pure centre, each in a process of its own; what no test notices is listed. Takes
# hours; broken off, it goes on where it was. `make mutants MUTANTS_ARGS="reconcile/sides.py"` for a part.
mutants: $(READY)
	$(RUN) itpm_sync.testing.mutants --state $(MUTANTS)/state.jsonl $(MUTANTS_ARGS)

# Mistakes that a person could make, planted one by one, and what sees each: a table in $(TORTURE)/planted/. An hour or
# so; broken off, it goes on where it was. `make planted PLANTED_ARGS="--only pull.py"` for a part.
planted: $(READY)
	$(RUN) itpm_sync.testing.planted --folder $(TORTURE)/planted --jobs $(WORKERS) $(PLANTED_ARGS)

check: $(READY)
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy src benchmarks $(SOURCES)
	$(VENV)/bin/lint-imports --no-logo
	if [ -x $(VENV)/bin/hadolint ]; then $(VENV)/bin/hadolint deploy/Dockerfile; fi

# Packages, versions and hashes for every platform; no address. `make lock UPGRADE=--upgrade` takes newer versions.
lock: | $(VENV)/bin/uv
	$(UV) pip compile $(HERE) pyproject.toml $(MEMBER_FILES) --all-extras --group dev \
	    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --no-emit-package itpm-sync $(patsubst connectors/%/,--no-emit-package itpm-sync-%,$(MEMBERS)) \
	    $(UPGRADE) --output-file requirements.lock
	@! grep -nE '://|^-|file:' requirements.lock

# What `uv tool install` or `pipx install` takes.
wheels: $(READY)
	for member in . $(MEMBERS); do $(UV) build $(HERE) --no-build-isolation --wheel --out-dir dist $$member || exit 1; done

clean:
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
