# Two commands matter: `make book` builds the site, `make test` checks everything.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PROFILE ?=
CHAPTER ?=
ARGS ?=
PORT ?= 8000
BRANCH ?= main
BOOK := $(BIN)/python -m helpers.book

# What make would take and never use: `make run units=64`.
KNOWN := PYTHON PROFILE CHAPTER ARGS PORT URL SITE BRANCH NAME FRESH
GIVEN := $(foreach v,$(filter-out .% -% MAKE%,$(.VARIABLES)),$(if $(filter command,$(origin $v)),$v))
ifneq ($(filter-out $(KNOWN),$(GIVEN)),)
$(error make knows no variable $(filter-out $(KNOWN),$(GIVEN)); it knows $(KNOWN). Parameters go into ARGS: make run CHAPTER=01 ARGS="-p units 64")
endif

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo
	@echo 'Variables: CHAPTER=04 PROFILE=quick ARGS="-p units 64" FRESH=1 PORT=8000 PYTHON=python3.12'

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Unrolled needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 book" >&2; exit 1; }
	@echo "Installing into .venv (about 1 GB, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo "Could not make .venv: is the venv module installed (Debian: python3-venv)?" >&2; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet "$$(grep -oE '^uv==[^ ]+' requirements.txt)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: book
book: $(STAMP)  ## set up and build the site from the published notebooks
	@$(BOOK) build

.PHONY: test
test: $(STAMP)  ## everything a change must pass
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest

.PHONY: run
run: $(STAMP)  ## execute chapters into _build/run/, in parallel
	@$(BOOK) run $(CHAPTER) $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

.PHONY: sweep
sweep: $(STAMP)  ## the same for many values: ARGS="--grid units=32,64 --seeds 3"
	@$(BOOK) sweep $(CHAPTER) $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

.PHONY: publish
publish: $(STAMP)  ## execute chapters at full profile, in place, with result files
	@$(BOOK) publish $(CHAPTER) $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)
	@$(BOOK) readme

.PHONY: pretrain
pretrain: $(STAMP)  ## list the models that the book ships, or make one: NAME=review_vectors
	@$(BOOK) pretrain $(NAME) $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

.PHONY: sync
sync: $(STAMP)  ## bring changed prose into the published notebooks
	@$(BOOK) sync $(CHAPTER) $(if $(PROFILE),--profile $(PROFILE)) $(ARGS)

.PHONY: handout
handout: $(STAMP)  ## notebooks for a class, without outputs and solutions, in _build/handout/
	@$(BOOK) handout $(CHAPTER)

.PHONY: new
new: $(STAMP)  ## begin a chapter: NAME=12_attention
	@$(BOOK) new $(NAME)

.PHONY: bench
bench: $(STAMP)  ## the speed comparisons, as ratios in one run
	@$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-columns=median,stddev,rounds --benchmark-sort=name

.PHONY: serve
serve: book  ## build the site and show it on localhost
	@echo "Open http://127.0.0.1:$(PORT) (Ctrl-C stops)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

.PHONY: lock
lock: $(STAMP)  ## pin the dependencies of pyproject.toml anew in requirements.txt
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml --all-extras --universal \
	  --python-version 3.11 --fork-strategy fewest --generate-hashes --quiet --upgrade -o requirements.txt

.PHONY: screenshot
screenshot: $(STAMP)  ## take the pictures of README and of social cards
	@$(BOOK) screenshot

.PHONY: address
address: $(STAMP)  ## for a fork: URL=https://github.com/me/book SITE=https://me.github.io/book/ [BRANCH=main]
	@$(BOOK) address --url "$(URL)" --site "$(SITE)" --branch "$(BRANCH)"

.PHONY: clean
clean:  ## delete what was built (.venv stays; `rm -rf .venv` starts afresh)
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .benchmarks .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
