# On a fresh machine with Python 3.11+ and make: `make run` and `make test` do everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled at installation, since where Python may not write its bytecode every process would compile all anew.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes
ROOMS := orchestration transforms expectations warehouse simulation
DEMO ?= demo
POLICIES ?= 20000
MONTHS ?= 24
SEED ?= 7
# All but the drivers of databases that no test can have here.
LOCKED := install dev text notify openlineage mcp postgresql mysql storage

export DO_NOT_TRACK = 1
export DAGSTER_DISABLE_TELEMETRY = 1
export GX_ANALYTICS_ENABLED = false

.PHONY: run test campaign faults dev bench lint lock dictionary clean
.DELETE_ON_ERROR:

run: $(VENV)/installed  ## install, simulate an insurer, run the main job on it
	@test -f $(DEMO)/policypulse.yml || $(BIN)/policypulse simulate --out $(DEMO) --policies $(POLICIES) --months $(MONTHS) --seed $(SEED)
	$(BIN)/policypulse run --project $(DEMO)

test: $(VENV)/installed-dev  ## install and run the tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

campaign: $(VENV)/installed-dev  ## what `make test` has one of, many times over: simulated insurers of many seeds
	$(BIN)/python -m pytest -m campaign -n auto

faults: $(VENV)/installed-dev  ## runs killed at some 260 points, full disks, damage, clocks: what `make test` has some of
	$(BIN)/python -m pytest tests/faults -m "faults or not faults" -n auto --dist load -o tmp_path_retention_policy=failed

dev: run  ## open the Dagster UI on the simulated insurer
	$(BIN)/policypulse dev --project $(DEMO)

bench: $(VENV)/installed-dev  ## the speed claims of the README, side by side with their peers
	$(BIN)/python -m benchmarks

lint: $(VENV)/installed-dev  ## ruff, types, import rules, what nothing reaches
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

dictionary: $(VENV)/installed  ## write docs/dictionary and the reference of the project file from the code
	$(BIN)/policypulse dictionary --out docs/dictionary
	$(BIN)/policypulse reference --out docs

lock: $(VENV)/uv  ## pin all dependencies with their hashes anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $(foreach extra,$(LOCKED),--extra $(extra)) pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra install --extra text -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5,<1"
	@touch $@

$(VENV)/installed: $(VENV)/uv requirements.lock pyproject.toml
	$(UV) -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	$(UV) -r requirements-dev.lock
	@touch $@
