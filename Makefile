# make run    set everything up and print the advice for an example firm
# make demo   make up 20,000 firms and screen them, into build/demo
# make test   run every test and check
# make bench  print the benchmarks, with two other engines beside ours
# make bench-screen  the same for a portfolio of a million firms
# make agreement     compare 20,000 firms one by one with the same firms as a table
# make lint   linters and types only
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps

.PHONY: run demo test lint bench bench-screen agreement lock clean

run: $(STAMPS)/run
	$(BIN)/advisor advise data/examples/growth_maker.yaml

demo: $(STAMPS)/run
	mkdir -p build/demo
	$(BIN)/advisor demo-data 20000 build/demo/firms.csv
	$(BIN)/advisor screen build/demo/firms.csv build/demo/result.xlsx

test: $(STAMPS)/test lint
	$(BIN)/python -m pytest

lint: $(STAMPS)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMPS)/bench
	$(BIN)/python -m bench.single_firm

bench-screen: $(STAMPS)/bench
	$(BIN)/python -m bench.screening

agreement: $(STAMPS)/test
	$(BIN)/python -m tests.screening.agreement 20000

$(STAMPS)/run: requirements/run.txt setup.cfg
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test: $(STAMPS)/run requirements/test.txt requirements/spark.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/test.txt
	if java -version >/dev/null 2>&1; then \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements/spark.txt; \
	else echo "No Java here: the Spark tests are left out."; fi
	touch $@

$(STAMPS)/bench: $(STAMPS)/run requirements/bench.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	touch $@

# Renews the pinned versions and their hashes; needs pip-tools.
lock:
	for part in run test bench spark; do \
	  pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate \
	    --output-file requirements/$$part.txt requirements/$$part.in || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
