# make demo      the bundled example, from installation to results/demo/report.html
# make examples  every config of config/examples, on pictures of our own making
# make test      the tests, in under ten minutes on two cores
SHELL := /bin/bash
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
CORES ?= $(shell nproc)

.PHONY: install demo examples test test-slow test-slurm test-gpu check format docs bench clean

install: $(VENV)/.installed

# torch goes first and by itself: it is most of the download
$(VENV)/.installed: constraints.txt pyproject.toml
	@start=$$(date +%s); \
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch torchvision && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' && \
	touch $@ && echo "installed in $$(( $$(date +%s) - start )) s"

demo: install
	@start=$$(date +%s); \
	snakemake --cores $(CORES) && \
	echo "done in $$(( $$(date +%s) - start )) s: open results/demo/report.html"

# every config of config/examples on pictures that are made for it: under twenty minutes on two cores
examples: install
	@CORES=$(CORES) .ci/examples

test: install
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE pytest -m "not slow and not slurm and not gpu" -n $(CORES) --dist loadgroup

test-slow: install
	pytest -m slow

# starts a Slurm of its own on this machine, which takes root; Debian or Ubuntu
test-slurm: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[slurm]'
	OMP_WAIT_POLICY=PASSIVE pytest -m slurm

# on a machine with a GPU: what must hold there as on a CPU
test-gpu: install
	pytest -m gpu

check: install
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check workflow
	snakemake --lint

format: install
	ruff check --fix .
	ruff format .
	snakefmt workflow

docs: install
	python -m bioloom.settings.schema
	python -m bioloom.settings.reference
	python -m bioloom.commands.manual docs

bench: install
	bioloom bench docs/benchmarks.md

clean:
	rm -rf results logs benchmarks synthetic .snakemake
