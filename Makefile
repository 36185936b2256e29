# Two commands are all a visitor needs: make demo, make test. Each builds .venv by itself.
PYTHON ?= python3
BIN := .venv/bin
RUN_READY := .venv/.ready
DEV_READY := .venv/.ready-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo run test check format prove words lock shots letters

demo: $(RUN_READY)  ## a sandbox shop with the app in it; ONCE=1 plays one round and exits
	$(BIN)/perennial demo $(if $(ONCE),--once)

run: $(RUN_READY)  ## serve the app for a real Saleor (settings: README)
	$(BIN)/perennial serve

test: $(DEV_READY)  ## every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(DEV_READY)  ## format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

prove: $(DEV_READY)  ## the long proofs: the same stories at full size
	$(BIN)/python -m pytest -m prove -n 0 -s $(ARGS)

shots: $(DEV_READY)  ## pictures of every page: two themes, three languages, two widths
	$(BIN)/python -m sandbox.shots $(or $(OUT),shots) $(ARGS)

letters: $(DEV_READY)  ## pictures of every e-mail: two themes, three languages, two widths
	$(BIN)/python -m sandbox.letters $(or $(OUT),letters) $(ARGS)

bench-import: $(DEV_READY)
	$(BIN)/python -m benchmarks.history $(ARGS)

bench-%: $(DEV_READY)
	$(BIN)/python -m benchmarks.$* $(ARGS)

words: $(DEV_READY)  ## extract what people read; then translate what is new in app/locale
	$(BIN)/pybabel -q extract -F babel.cfg --omit-header --no-wrap --sort-by-file --add-location file -o app/locale/messages.pot .
	$(BIN)/pybabel -q update -i app/locale/messages.pot -d app/locale --no-wrap --no-fuzzy-matching --ignore-obsolete

lock:  ## pin everything again, with hashes and without addresses (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --extra dev -c requirements.txt pyproject.toml \
		-o requirements-dev.txt

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(RUN_READY): requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	$(PIP) --require-hashes -r requirements-dev.txt
	touch $@
