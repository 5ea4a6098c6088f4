# Front doors: make demo, make test, make lint, make bench, make screenshots,
# make translations. Each makes the environment it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: demo test lint bench screenshots translations clean

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

$(VENV)/.lint: $(VENV)/.created pyproject.toml
	$(PIP) "$$($(BIN)/python -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["lint"][0])')"
	@touch $@

demo: $(VENV)/.runtime
	$(BIN)/python -m SwinX2SLib demo --out demo-output

test: $(VENV)/.test
	$(BIN)/python -m pytest

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.test
	$(BIN)/python Testing/bench/run.py

# Look at the pictures after a change of the module; the tutorial shows them.
screenshots: $(VENV)/.test
	$(BIN)/python Testing/standin/screenshots.py Docs/screenshots

translations: $(VENV)/.test
	$(BIN)/python Testing/translations/extract.py

clean:
	rm -rf $(VENV) demo-output build dist
