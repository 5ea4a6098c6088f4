# Front doors. `make help` lists them. Each makes the environment it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
# More options of pytest: make test PYTEST="-k femur -x"
PYTEST ?=
# One process for each core, each with its own files of tests; WORKERS=0 runs them in this process, for a debugger.
WORKERS ?= logical
RUN_TESTS := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-slicer lint format types docs docs-serve build bench bench-history \
	notebooks screenshots translations hooks clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The stamps are files, so that a second call does not install again; they depend on what the project declares.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 13) else "SwinX2S needs Python 3.11 or 3.12, and %s is %d.%d. Name another: make PYTHON=python3.12 ..." % (sys.executable, *v))'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	@touch $@

$(VENV)/.runtime: $(VENV)/.created pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.created pyproject.toml
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.runtime

# Tools that read the source but do not import it: the packages of one extra, without the library and PyTorch.
$(VENV)/.lint $(VENV)/.docs $(VENV)/.build: $(VENV)/.%: $(VENV)/.created pyproject.toml
	@$(BIN)/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $* > $(VENV)/$*.txt
	$(PIP) --requirement $(VENV)/$*.txt
	@touch $@

# The type checker follows imports into numpy and PyTorch.
$(VENV)/.types: $(VENV)/.test
	$(PIP) --editable '.[types]'
	@touch $@

# They run the library and draw with what it brings.
$(VENV)/.notebooks: $(VENV)/.test
	$(PIP) --editable '.[notebooks]'
	@touch $@

demo: $(VENV)/.runtime  ## reconstruct the three demo pairs, offline, into demo-output
	$(BIN)/python -m SwinX2SLib demo --out demo-output

test: $(VENV)/.test  ## run every test
	$(RUN_TESTS) $(PYTEST)

test-fast: $(VENV)/.test  ## run the library's tests, without those marked slow
	$(RUN_TESTS) Testing/unit -m "not slow" $(PYTEST)

# With SLICER_SOURCE=/path/to/Slicer, Slicer's own Python and CMake macros take the place of the stand-ins.
test-slicer: $(VENV)/.test  ## run the tests on Slicer's MRML and on the stand-in for its widgets
	$(RUN_TESTS) Testing/slicer Testing/standin Testing/cmake $(PYTEST)

lint: $(VENV)/.lint  ## check style, format, spelling and pyproject.toml
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/validate-pyproject pyproject.toml

format: $(VENV)/.lint  ## mend style and format where that is safe
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.types  ## check the types
	$(BIN)/python -m mypy

docs: $(VENV)/.docs  ## build the documentation into site; warnings are errors
	$(BIN)/python -m mkdocs build --strict --quiet

docs-serve: $(VENV)/.docs  ## show the documentation at http://127.0.0.1:8000, renewed at each change
	$(BIN)/python -m mkdocs serve

build: $(VENV)/.build  ## build the wheel and the source distribution into dist, and check them
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

bench: $(VENV)/.test  ## measure speed and memory against plain ways to do the same
	$(BIN)/python Testing/bench/run.py

bench-history: $(VENV)/.test  ## plot the committed results of bench
	$(BIN)/python Testing/bench/history.py

# Look at the pictures in them afterwards; the site shows them.
notebooks: $(VENV)/.notebooks  ## execute the example notebooks and save their outputs
	$(BIN)/python Docs/examples/execute.py

# Look at the pictures after a change of the module; the tutorial shows them.
screenshots: $(VENV)/.test  ## take the pictures of the module for the tutorial
	$(BIN)/python Testing/standin/screenshots.py Docs/screenshots

translations: $(VENV)/.test  ## renew the source texts of the translations
	$(BIN)/python Testing/translations/extract.py

hooks: $(VENV)/.lint  ## run the checks of .pre-commit-config.yaml before each commit
	$(BIN)/pre-commit install

clean:  ## remove what was built
	rm -rf $(VENV) demo-output build dist site
