# Everything runs in .venv, made with plain Python. pip's own configuration (PIP_*, pip.conf) is respected.
#
#   make demo     install the core, get the models, extract a talking face, write a page to look at
#   make test     install what the tests need and run them
#   make check    what CI runs: format, lint, types, tests
#   make soak     hours of video, a kill -9 at any moment, thirty faults here, on S3 and on a Ray cluster (long)
#   make bench    speed, size, closeness and growth beside other programs (about two hours; BENCH=--short for a look)

SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
PYTEST_WORKERS ?= 2
# The versions that were tried together; `make test CONSTRAINTS=` takes the newest instead.
CONSTRAINTS ?= -c requirements.lock

BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types soak bench clean

help:
	@sed -n 's/^#   make/make/p' Makefile

demo: $(VENV)/core.stamp
	$(BIN)/bitflow demo

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup $(PYTEST_ARGS)

check: format lint types test

format: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .

types: $(VENV)/dev.stamp
	$(BIN)/pyright --pythonpath $(BIN)/python

soak: $(VENV)/ray.stamp
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python -m benchmarks.faults
	$(BIN)/python -m benchmarks.scaling ray

bench: $(VENV)/ray.stamp
	$(BIN)/python -m benchmarks.bench $(BENCH)

clean:
	rm -rf $(VENV) build dist bitflow-demo .pytest_cache .ruff_cache .hypothesis

# Older pips know neither PEP 660 nor PEP 639.
$(VENV)/pip.stamp:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import pip; raise SystemExit(tuple(map(int, pip.__version__.split(".")[:2])) < (23, 1))' \
		|| $(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

$(VENV)/core.stamp: pyproject.toml $(VENV)/pip.stamp
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/dev.stamp: pyproject.toml requirements.lock $(VENV)/pip.stamp
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) -e ".[dev,asr,fast]"
	touch $@ $(VENV)/core.stamp

$(VENV)/ray.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) -e ".[dev,asr,fast,ray]"
	touch $@ $(VENV)/dev.stamp
