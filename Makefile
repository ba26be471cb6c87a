# Hardwire: `make run` does the main job, `make test` passes the tests; both install what they need.

CARGO ?= cargo
# Where rustup puts a toolchain that `deps` has just installed.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# The framework corpus: its own virtual environment, and where the text goes.
CORPUS_VENV ?= target/corpus/venv
CORPUS ?= target/corpus/framework.jsonl
CORPUS_RUN = $(CORPUS_VENV)/bin/python -B scripts/corpus
BROWSER_VENV ?= target/browser/venv
# GenZ, with which `compare-genz` compares.
GENZ_VENV ?= target/genz/venv
# The report that ships, and what it is made of.
REPORT = reports/published
# An evaluation of the model that ships; after `make evaluate` give EVALUATION=target/evaluation/evaluation.json once: what the page
# shows of it is kept beside the page.
EVALUATION ?= $(REPORT)/evaluation.json
REPORT_OPTIONS = --sweep $(REPORT)/sweep --evaluation $(EVALUATION) --out $(REPORT)

.PHONY: help deps run test lint doc bench bench-sweep bench-query compare-genz test-kill clean header \
        report test-browser deps-mlir test-mlir differential corpus-env corpus-framework corpus-generic corpus-check train evaluate

help: ## What the targets do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /: /'

deps: ## Install what builds and tests need: a C compiler, Rust, and Python 3 for the tests
	@./scripts/deps.sh

run: deps ## Build, then compare the simulated machine with the published one
	$(CARGO) run --release --locked -- reproduce hnlpu

# A fixed seed keeps the run repeatable; PROPTEST_RNG_SEED=... explores other cases.
test: export PROPTEST_RNG_SEED ?= 1
test: export PROPTEST_DISABLE_FAILURE_PERSISTENCE ?= 1
test: deps lint doc ## Everything that has to pass before a change lands
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --workspace --locked --no-fail-fast; \
	else \
	  $(CARGO) test --workspace --locked --no-fail-fast --lib --bins --tests; \
	fi
	$(CARGO) test --workspace --locked --doc

lint: deps ## Formatting and lints, warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

doc: deps ## API documentation, warnings as errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

bench: deps ## Criterion benchmarks of the hot paths
	$(CARGO) bench --workspace --locked

bench-sweep: deps ## A point of a sweep (criterion); a million points in closed form, a thousand from events: time and memory
	$(CARGO) bench -p sweep --locked
	$(CARGO) build --release --locked
	python3 -B scripts/sweep/measure.py target/release/hardwire million events

bench-query: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
bench-query: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
bench-query: deps-mlir ## Time of a prediction: warm, a process, batches, and beside lowering and labelling the same functions
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked -p costmodel --features mlir --example query_speed -- target/release/hardwire

compare-genz: deps ## The same decode grid by hardwire and by GenZ (PyPI genz-llm, in a virtual environment of its own)
	$(CARGO) build --release --locked
	@./scripts/sweep/genz.sh $(GENZ_VENV)
	$(GENZ_VENV)/bin/python -B scripts/sweep/measure.py target/release/hardwire genz

test-kill: deps ## Kill a sweep ten times at random moments and compare the files with those of an uninterrupted run
	$(CARGO) test --release --locked --test sweep -- --ignored --nocapture

clean: ## Remove build products
	$(CARGO) clean

deps-mlir: deps ## Install LLVM and MLIR 22, which only the feature `mlir` needs (Debian packages, about 2 GB)
	@./scripts/deps-mlir.sh

# Linking LLVM is what takes time and disk: only the crate that uses it, its tests from outside in one binary.
test-mlir: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
test-mlir: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
test-mlir: export PROPTEST_RNG_SEED ?= 1
test-mlir: export PROPTEST_DISABLE_FAILURE_PERSISTENCE ?= 1
test-mlir: deps-mlir ## Lint and test what needs LLVM: the bridge, the labels made with it, the pass annotate-cost, FileCheck on predictions
	$(CARGO) clippy -p ir --features mlir --lib --tests --locked -- -D warnings
	$(CARGO) test -p ir --features mlir --locked --lib --test mlir
	$(CARGO) clippy -p costmodel --features mlir --lib --test mlir --example annotate_cost --locked -- -D warnings
	$(CARGO) test -p costmodel --features mlir --locked --test mlir
	FILECHECK=$(MLIR_SYS_220_PREFIX)/bin/FileCheck $(CARGO) test --locked --test predict -- --ignored filecheck

# Rows, corpora (Parquet) or graphs (JSON lines) that both parsers read.
DIFFERENTIAL ?= corpus/hardwire-corpus-v1.parquet $(wildcard $(CORPUS) $(CORPUS:.jsonl=.generic.jsonl))
differential: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
differential: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
differential: deps-mlir ## Compare our parser with upstream's on every text of DIFFERENTIAL="files"
	$(CARGO) run --release --features mlir --locked -- dataset compare-parsers $(DIFFERENTIAL)

header: deps ## Write the header of the C interface, capi/include/hardwire.h, again (`make test` checks it)
	HARDWIRE_BLESS=1 $(CARGO) test -p capi --locked --test header

report: deps ## Write the published report again (`make test` checks it), with a new EVALUATION=file if there is one
	$(CARGO) run --release --locked -- report $(REPORT_OPTIONS)

# Needs Debian's Chromium, which it installs; screenshots go to target/browser.
test-browser: deps ## Look at the published report in Chromium: desktop and phone, light and dark, print, accessibility
	@./scripts/browser/env.sh $(BROWSER_VENV)
	$(BROWSER_VENV)/bin/python -B scripts/browser/check.py $(REPORT)/index.html target/browser

corpus-env: ## Install the pinned JAX and torch-mlir that framework MLIR is made with (Python 3.11)
	@./scripts/corpus/env.sh $(CORPUS_VENV)

corpus-framework: corpus-env ## Write the framework corpus as JSON lines to CORPUS=path, with CORPUS_OPTIONS="--seed 1"
	@mkdir -p $(dir $(CORPUS))
	@$(CORPUS_RUN)/framework.py $(CORPUS) $(CORPUS_OPTIONS)

corpus-generic: corpus-env ## Add the generic form of StableHLO graphs, for `make differential`
	@$(CORPUS_RUN)/generic.py $(CORPUS) $(CORPUS:.jsonl=.generic.jsonl)

corpus-check: corpus-env ## Check the corpus generator, and the lines of CORPUS if it is there
	@$(CORPUS_RUN)/check.py tests/fixtures/framework.jsonl $(wildcard $(CORPUS))

# Both keep finished fits in target/costmodel and go on from them; `train` reuses those of `evaluate`.
train: deps ## Train the shipped cost model on the corpus again: the same bytes from the same corpus
	$(CARGO) run --release --locked -- train --out costmodel/model/hardwire-cost-model-v1.safetensors

evaluate: deps ## Measure the cost model and what it has to beat, and renew the tables of docs/costmodel-quality.md
	$(CARGO) run --release --locked -- evaluate --out target/evaluation --document docs/costmodel-quality.md
