# `make run` builds and reproduces the published machine, `make test` runs the tests; both install what they need first.
# `make help` lists all targets.

CARGO ?= cargo
# rustup installs to this folder; a shell from before `make deps` does not have it on its path.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# Python environments, each with the pinned packages of one task, and the file of the framework corpus.
CORPUS_VENV ?= target/corpus/venv
CORPUS ?= target/corpus/framework.jsonl
CORPUS_RUN = $(CORPUS_VENV)/bin/python -B scripts/corpus
BROWSER_VENV ?= target/browser/venv
GENZ_VENV ?= target/genz/venv
PYTHON_VENV ?= target/python/venv
RAY_VENV ?= target/ray/venv
# The report in the repository and its inputs. EVALUATION is an evaluation of the shipped model: after `make evaluate`
# run `make report EVALUATION=target/evaluation/evaluation.json` once, which copies what the page shows of it.
REPORT = reports/published
EVALUATION ?= $(REPORT)/evaluation.json
REPORT_OPTIONS = --sweep $(REPORT)/sweep --evaluation $(EVALUATION) --repository ../.. --out $(REPORT)

# Where `make install` puts the command, its completions and manual pages. DESTDIR is for packages.
PREFIX ?= $(HOME)/.local
INSTALL_TO = $(DESTDIR)$(PREFIX)

.PHONY: help deps run install uninstall test test-python test-ray wheel dist lint doc deny bench bench-sweep bench-query bench-python compare-genz test-kill test-flags compare-fidelities test-hostile clean header \
        test-serve report test-browser deps-mlir deps-ptxas test-mlir differential corpus-public corpus-env corpus-framework corpus-generic corpus-check \
        plugin test-passes test-passes-full measure-passes measure-native measure-order train evaluate train-gpu evaluate-gpu caches-reference test-caches

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /: /'

deps: ## Install what builds and tests need: a C compiler, Rust and Python 3
	@./scripts/deps.sh

run: deps ## Build, then compare the simulated machine with the published figures
	$(CARGO) run --release --locked -- reproduce hnlpu

install: deps ## Install the command, completions and manual pages in PREFIX (~/.local), and the plugin where LLVM 22 is
	$(CARGO) build --release --locked --bin hardwire
	@./scripts/install.sh target/release/hardwire "$(INSTALL_TO)"
	@if [ -f "$$(llvm-config-22 --includedir 2>/dev/null)/mlir/Pass/Pass.h" ]; then \
	  $(MAKE) plugin && install -D -m 644 $(PLUGIN) "$(INSTALL_TO)/lib/libHardwirePasses.so" && \
	  echo "installed $(INSTALL_TO)/lib/libHardwirePasses.so"; \
	fi

uninstall: ## Remove what `make install` has installed
	@./scripts/install.sh --remove "$(INSTALL_TO)"

# Property tests use a fixed seed, so that a run is repeatable; set PROPTEST_RNG_SEED to try other cases.
test: export PROPTEST_RNG_SEED ?= 1
test: export PROPTEST_DISABLE_FAILURE_PERSISTENCE ?= 1
test: deps lint doc ## Lints, documentation and all tests: what must pass before a change lands
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run $(OTHERS) --locked --no-fail-fast; \
	else \
	  $(CARGO) test $(OTHERS) --locked --no-fail-fast --lib --bins --tests; \
	fi
	$(CARGO) test $(OTHERS) --locked --doc

lint: deps ## Check formatting and lints, warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(OTHERS) --all-targets --locked -- -D warnings
	python3 -B scripts/structure/check.py

# The package links no libpython, which only maturin arranges: other targets leave it out.
OTHERS = --workspace --exclude hardwire-python

# A build without optimisation of everything that Python and the command need, in a folder of its own.
test-python: export PYO3_BUILD_EXTENSION_MODULE = 1
test-python: deps ## Test the Python package in an environment of its own: pytest, mypy, stubs
	@./scripts/venv.sh python3.11 $(PYTHON_VENV) python/requirements-test.txt
	$(CARGO) clippy -p hardwire-python --locked -- -D warnings
	$(CARGO) build --locked -p hardwire -p hardwire-python
	./scripts/python.sh $(PYTHON_VENV) target/debug

bench-python: export PYO3_BUILD_EXTENSION_MODULE = 1
bench-python: deps ## Overhead of the Python package against the C interface, threads, memory over 100,000 calls
	@./scripts/venv.sh python3.11 $(PYTHON_VENV) python/requirements-test.txt
	$(CARGO) build --release --locked -p hardwire-python -p capi
	PYTHONPATH=$$(./scripts/package.sh target/release) $(PYTHON_VENV)/bin/python -B scripts/python/bench.py target/release

# Ray's environment is 285 MB; skipped with a message where namespaces are not allowed. LABELLER is a `hardwire` of a build with LLVM
# (`cargo build --features mlir`); without it no labels of LLVM are made, and the test says so.
test-python test-ray: export HARDWIRE_LABELLER ?= $(abspath $(LABELLER))
test-ray: export PYO3_BUILD_EXTENSION_MODULE = 1
test-ray: deps ## Sweeps and labels on a Ray cluster of two workers without network: kills, files byte by byte, overhead (LABELLER=command)
	@if ./scripts/venv.sh python3.11 $(RAY_VENV) python/requirements-ray.txt; then \
	  $(CARGO) build --locked -p hardwire -p hardwire-python && ./scripts/ray/run.sh $(RAY_VENV) target/debug; \
	else \
	  echo "test-ray: SKIPPED: Ray cannot be installed here; it was not tested" >&2; \
	fi

# Bytes of what is released depend on sources and tools, not on folder, user or time.
RELEASED = SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} \
  RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/hardwire --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/cargo"

wheel: deps ## Build the Python wheel into target/wheels
	@./scripts/venv.sh python3.11 $(PYTHON_VENV) python/requirements-test.txt
	$(RELEASED) $(PYTHON_VENV)/bin/maturin build --release --locked --manifest-path python/Cargo.toml --out target/wheels

dist: deps ## Build the archive of a release into target/archives: command, libhardwire, manual pages, completions, model
	$(RELEASED) $(CARGO) build --profile dist --locked -p hardwire -p capi
	$(RELEASED) ./scripts/dist.sh target/dist target/archives

doc: deps ## Build the API documentation, warnings as errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(OTHERS) --no-deps --locked

# The advisory database is a git repository on the network; without it the other checks still run.
deny: deps ## Check licences, sources and versions of dependencies (cargo-deny); known advisories if they can be fetched
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --workspace --locked check bans licenses sources
	@if $(CARGO) deny --workspace --locked fetch db >/dev/null 2>&1; then \
	  $(CARGO) deny --workspace --locked check --disable-fetch advisories; \
	else \
	  echo "deny: the advisory database cannot be fetched; advisories were not checked" >&2; \
	fi

bench: deps ## Run the criterion benchmarks of the hot paths
	$(CARGO) bench $(OTHERS) --locked

bench-sweep: deps ## Time and memory of sweeps: one point, a million closed-form points, a thousand simulated points
	$(CARGO) bench -p sweep --locked
	$(CARGO) build --release --locked
	python3 -B scripts/sweep/measure.py target/release/hardwire million events

bench-query: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
bench-query: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
bench-query: deps-mlir ## Time of a prediction: warm, by process, in batches, and against compiling the same functions
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked -p costmodel --features mlir --example query_speed -- target/release/hardwire

test-serve: deps ## 64 hostile clients and 100,000 requests against `hardwire serve`: memory stays flat
	$(CARGO) test --locked --test predict -- --ignored --nocapture memory_stays_flat

compare-genz: deps ## Run the same decode grid with hardwire and with GenZ (PyPI genz-llm) and compare
	$(CARGO) build --release --locked
	@./scripts/sweep/genz.sh $(GENZ_VENV)
	$(GENZ_VENV)/bin/python -B scripts/sweep/measure.py target/release/hardwire genz

HOSTILE_OPTIONS ?= --lines 5000 --seed 1
test-hostile: deps ## Run random hostile command lines: exit codes 0, 1 or 2, under 20 s and 2 GB (HOSTILE_OPTIONS="--seed 2")
	$(CARGO) build --locked
	python3 -B scripts/hostile/run.py target/debug/hardwire $(HOSTILE_OPTIONS)

test-kill: deps ## Kill a sweep ten times at random moments; its files must equal those of an uninterrupted run
	$(CARGO) test --release --locked --test sweep -- --ignored --nocapture

test-flags: deps ## Closed forms against events over 1,000 random machines: unflagged ones within 2 % (HARDWIRE_SEED=n for others)
	$(CARGO) test --release --locked -p sim --test flags -- --ignored --nocapture

# The reference of `cargo test -p caches`: compiled code under cachegrind. CACHES_OUT is compared with the committed file.
CACHES_OUT ?= target/caches
caches-reference: deps-mlir ## Draw the kernels again, count their misses with cachegrind, compare with the committed reference
	@command -v valgrind >/dev/null || { echo "caches-reference: install valgrind, then run this again" >&2; exit 1; }
	@mkdir -p $(CACHES_OUT)
	python3 -B scripts/caches/draw.py $$(sed -n '1s/.*draw.py \([0-9]*\).*/\1/p' tests/validation/cachegrind/kernels.mlir) > $(CACHES_OUT)/kernels.mlir
	cmp $(CACHES_OUT)/kernels.mlir tests/validation/cachegrind/kernels.mlir
	python3 -B scripts/caches/cachegrind.py $(CACHES_OUT)/kernels.mlir $(CACHES_OUT)/misses.csv --work $(CACHES_OUT)
	python3 -B scripts/caches/same.py $(CACHES_OUT)/misses.csv tests/validation/cachegrind/misses.csv

CACHES_SEED ?= 4
test-caches: deps ## Shortcuts of `hardwire caches` against exact walks on large drawn kernels (CACHES_SEED=n for others)
	$(CARGO) build --release --locked
	python3 -B scripts/caches/shortcuts.py target/release/hardwire $(CACHES_SEED)

compare-fidelities: deps ## Closed form, events and cycles on 50 random machines against docs/fidelities.md (HARDWIRE_BLESS=1 writes it)
	$(CARGO) test --release --locked -p sim --test fidelities -- --ignored --nocapture

clean: ## Remove build products
	$(CARGO) clean

deps-mlir: deps ## Install LLVM and MLIR 22 for the feature `mlir` (Debian packages, about 2 GB)
	@./scripts/deps-mlir.sh

# ptxas has NVIDIA's licence: it is a tool of labelling, and nothing of it is in what is built or released.
PTXAS_VENV ?= target/ptxas/venv
deps-ptxas: ## Install NVIDIA's ptxas (PyPI) for labels of sm_90: target/ptxas/venv/bin/ptxas
	@./scripts/venv.sh python3 $(PTXAS_VENV) scripts/ptxas/requirements.txt
	@ln -sf "$$(cd $(PTXAS_VENV) && ls -d "$$PWD"/lib/python3*/site-packages/nvidia/cuda_nvcc/bin/ptxas)" $(PTXAS_VENV)/bin/ptxas
	@$(PTXAS_VENV)/bin/ptxas --version | tail -2

# Each binary that links LLVM costs time and disk, so the integration tests of a crate are one binary.
test-mlir: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
test-mlir: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
test-mlir: export PROPTEST_RNG_SEED ?= 1
test-mlir: export PROPTEST_DISABLE_FAILURE_PERSISTENCE ?= 1
# Labels of sm_90 are tested where ptxas is installed.
test-mlir: export HARDWIRE_PTXAS ?= $(wildcard $(abspath $(PTXAS_VENV)/bin/ptxas))
test-mlir: deps-mlir ## Lint and test what needs LLVM: the bridge, labels of processors and GPUs, the pass annotate-cost, FileCheck
	$(CARGO) clippy -p ir --features mlir --lib --tests --locked -- -D warnings
	$(CARGO) test -p ir --features mlir --locked --lib --test mlir
	$(CARGO) clippy -p costmodel --features mlir --lib --test mlir --example annotate_cost --locked -- -D warnings
	$(CARGO) test -p costmodel --features mlir --locked --test mlir
	FILECHECK=$(MLIR_SYS_220_PREFIX)/bin/FileCheck $(CARGO) test --locked --test predict -- --ignored filecheck

# Passes for the distribution's mlir-opt-22: C++ over libMLIR, with the cost model linked in. Passes of a test build ask a
# library without optimisation.
PLUGIN = target/passes/libHardwirePasses.so
TEST_PLUGIN = target/passes/test/libHardwirePasses.so
plugin: deps-mlir ## Build the pass plugin for mlir-opt-22: target/passes/libHardwirePasses.so
	$(CARGO) build --release --locked -p capi
	./scripts/passes/plugin.sh target/release/libhardwire.a $(PLUGIN)

test-passes test-passes-full measure-passes measure-native: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
test-passes test-passes-full measure-passes measure-native: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)

$(TEST_PLUGIN): deps-mlir FORCE
	$(CARGO) build --locked -p capi
	@mkdir -p $(dir $@)
	./scripts/passes/plugin.sh target/debug/libhardwire.a $@
FORCE:

test-passes: $(TEST_PLUGIN) ## Test the passes: rules, FileCheck, results of candidates against originals, command against plugin
	python3 -B scripts/passes/filecheck.py $(TEST_PLUGIN) passes/tests/filecheck/*.mlir
	python3 -B scripts/passes/semantics.py $(TEST_PLUGIN)
	$(CARGO) clippy -p passes --features mlir --all-targets --locked -- -D warnings
	$(CARGO) test -p passes --features mlir --locked
	$(CARGO) build --features mlir --locked
	python3 -B scripts/passes/same.py $(TEST_PLUGIN) target/debug/hardwire passes/kernels/nests.mlir passes/kernels/blocks.mlir

test-passes-full: $(TEST_PLUGIN) ## Run over 500 transformed kernels against their originals: sequences, aliasing buffers, more seeds
	python3 -B scripts/passes/semantics.py $(TEST_PLUGIN) --full

# Costs that have been measured are kept in MEASURED, so an interrupted run goes on where it ended. Without optimisation deciding
# takes longer against compiling than it should.
MEASURED ?= target/passes/measured.jsonl
MEASURE_PROFILE ?= --release
measure-passes: deps-mlir ## Measure the decisions on passes/kernels: regret, spills, time; writes the tables of docs/passes.md
	@mkdir -p $(dir $(MEASURED))
	$(CARGO) run $(MEASURE_PROFILE) --locked -p passes --features mlir --example regret -- skylake-avx512 $(MEASURED) passes/kernels/nests.mlir \
	  passes/kernels/blocks.mlir --document docs/passes.md

# Finished rows are kept beside the measured costs. NATIVE_TARGET is the processor that runs them, or one like it.
NATIVE_TARGET ?= skylake-avx512
measure-native: plugin ## Native times of the decisions on 25 kernels and 5 blocks, with Polly and affine-loop-tile beside them
	python3 -B scripts/passes/native.py $(PLUGIN) passes/kernels/nests.mlir:25 passes/kernels/blocks.mlir:5 --target $(NATIVE_TARGET) \
	  --journal target/passes/native.jsonl --document docs/passes.md

measure-order: plugin ## How labels and predictions order native times of transformed nests, with and without simulated caches
	$(CARGO) build --release --locked --features mlir
	$(CARGO) run --release --locked -p passes --features mlir --example regret -- $(NATIVE_TARGET) target/passes/order-labels.jsonl \
	  passes/kernels/nests.mlir passes/kernels/blocks.mlir --nests target/passes/order-nests.jsonl
	python3 -B scripts/passes/order.py $(PLUGIN) target/release/hardwire target/passes/order-nests.jsonl passes/kernels/nests.mlir \
	  passes/kernels/blocks.mlir --target $(NATIVE_TARGET) --journal target/passes/order.jsonl --document docs/costmodel-quality.md

# MLIR's own tests from Debian's source packages, split, with upstream's parser as the judge. Versions that the package
# sources of this machine do not offer are skipped. Upstream's answers are kept in PUBLIC. Nothing of it is committed.
PUBLIC ?= target/public
PUBLIC_VERSIONS ?= 22 19
corpus-public: deps-mlir ## Acceptance of MLIR's own tests by dialect, with mlir-opt as the judge (PUBLIC_OPTIONS="--verbose 40")
	@./scripts/public/sources.sh $(PUBLIC) $(PUBLIC_VERSIONS)
	$(CARGO) build --release --locked -p ir --example read_texts
	python3 -B scripts/public/measure.py --tool target/release/examples/read_texts --work $(PUBLIC) $(PUBLIC_OPTIONS) \
	  $$(find $(PUBLIC) -maxdepth 3 -path '*/mlir-*/mlir/test')

# Files whose texts both parsers read: rows and corpora (Parquet), graphs (JSON lines).
DIFFERENTIAL ?= corpus/hardwire-corpus-v2.parquet $(wildcard $(CORPUS) $(CORPUS:.jsonl=.generic.jsonl))
differential: export MLIR_SYS_220_PREFIX ?= $(shell llvm-config-22 --prefix 2>/dev/null || echo /usr/lib/llvm-22)
differential: export TABLEGEN_220_PREFIX ?= $(MLIR_SYS_220_PREFIX)
differential: deps-mlir ## Compare the parser with upstream's on every text of DIFFERENTIAL="files"
	$(CARGO) run --release --features mlir --locked -- dataset compare-parsers $(DIFFERENTIAL)

header: deps ## Regenerate the header of the C interface, capi/include/hardwire.h (`make test` checks it)
	HARDWIRE_BLESS=1 $(CARGO) test -p capi --locked --test header

report: deps ## Regenerate the published report (`make test` checks it), with EVALUATION=file after a new evaluation
	$(CARGO) run --release --locked -- report $(REPORT_OPTIONS)

# Installs Debian's Chromium; screenshots go to target/browser.
test-browser: deps ## Test the published report in Chromium: desktop and phone, light and dark, print, accessibility
	@./scripts/browser/env.sh $(BROWSER_VENV)
	$(BROWSER_VENV)/bin/python -B scripts/browser/check.py $(REPORT)/index.html target/browser

corpus-env: ## Install the pinned JAX and torch-mlir that generate framework MLIR (Python 3.11)
	@./scripts/corpus/env.sh $(CORPUS_VENV)

corpus-framework: corpus-env ## Write the framework corpus as JSON lines to CORPUS=path, with CORPUS_OPTIONS="--seed 1"
	@mkdir -p $(dir $(CORPUS))
	@$(CORPUS_RUN)/framework.py $(CORPUS) $(CORPUS_OPTIONS)

corpus-generic: corpus-env ## Write the generic form of StableHLO graphs, for `make differential`
	@$(CORPUS_RUN)/generic.py $(CORPUS) $(CORPUS:.jsonl=.generic.jsonl)

corpus-check: corpus-env ## Check the corpus generator, and the lines of CORPUS if the file exists
	@$(CORPUS_RUN)/check.py tests/fixtures/framework.jsonl $(wildcard $(CORPUS))

# Both keep finished fits in target/costmodel and resume from them; `train` reuses those of `evaluate`.
train: deps ## Train the shipped cost model: the same bytes from the same corpus
	$(CARGO) run --release --locked -- train --out costmodel/model/hardwire-cost-model-v1.safetensors

train-gpu: deps ## Train the shipped cost model of GPUs
	$(CARGO) run --release --locked -- train --corpus corpus/hardwire-gpu-corpus-v1.parquet --work target/costmodel-gpu \
		--out costmodel/model/hardwire-gpu-model-v1.safetensors

evaluate-gpu: deps ## Evaluate the cost model of GPUs and its baselines, and update the tables of docs/costmodel-gpu.md
	$(CARGO) run --release --locked -- evaluate --corpus corpus/hardwire-gpu-corpus-v1.parquet --work target/costmodel-gpu \
		--split families --out target/evaluation-gpu --document docs/costmodel-gpu.md

evaluate: deps ## Evaluate the cost model and its baselines, and update the tables of docs/costmodel-quality.md
	$(CARGO) run --release --locked -- evaluate --out target/evaluation --document docs/costmodel-quality.md
