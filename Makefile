# The front door; `.ci/run` only calls it.
.PHONY: help setup build run test conformance heavy external examples bench bench-facade bench-quick bench-peers bench-tables bench-yardsticks memory moves kills postgres failover failover-quick failover-program faults faults-quick crash crash-quick power power-quick leaks leaks-quick model model-quick trials fuzz fuzz-quick tsan tsan-quick asan asan-quick coverage docs lint format ci clean

ENGINE ?= all
REPORTS ?= reports

help: ## What there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Install the C libraries that are missing (apt, as root or through sudo; names the brew packages on macOS)
	@scripts/setup

build: setup ## Build everything
	swift build --build-tests

run: setup ## Open a store written by another program, copy it onto every engine, prove them equal, compare their speed
	swift build -c release --product persistency
	swift build -c release --product persistency-bench
	"$$(swift build -c release --show-bin-path)/persistency" demo Tests/CLITests/Fixtures/nim-alpha.db
	"$$(swift build -c release --show-bin-path)/persistency-bench" --quick

test: setup ## All tests but PostgreSQL's, which need its server: make postgres
	swift build --build-tests
	@# Apart: with thousands of descriptors open Foundation's Process, which the others use, reads past a list's end.
	swift test --skip-build --skip 'ScaleTests|EngineConformanceTests|PostgresTests'
	swift test --skip-build --filter 'ScaleTests|EngineConformanceTests'

conformance: setup ## The suite on every engine, with reports/conformance.json and .md
	@mkdir -p $(REPORTS)
	swift build -c release --product persistency
	"$$(swift build -c release --show-bin-path)/persistency" conformance --engine $(ENGINE) \
		--json $(REPORTS)/conformance.json --markdown $(REPORTS)/conformance.md

heavy: setup ## The suite's checks of full size: two million rows under 50 MB, 10,000 rounds, 4 × 200,000 racing steps
	@mkdir -p $(REPORTS)
	swift build -c release --product persistency
	"$$(swift build -c release --show-bin-path)/persistency" conformance --engine $(ENGINE) --tiers heavy --no-self-test \
		--json $(REPORTS)/heavy.json --markdown $(REPORTS)/heavy.md

external: setup ## An adapter in a package of its own, built on the public API, through the suite
	swift test --package-path Tests/ExternalAdapter

examples: setup ## Build and run the example programs
	swift run --package-path Examples Tour

bench: setup ## Every workload, engine and layer; reports/bench.json and bench.html
	@mkdir -p $(REPORTS)
	swift build -c release --product persistency-bench
	"$$(swift build -c release --show-bin-path)/persistency-bench" --json $(REPORTS)/bench.json --html $(REPORTS)/bench.html

bench-facade: setup ## What a job costs and gains, against what was promised of it; reports/facade.json
	@mkdir -p $(REPORTS)
	swift build -c release --product persistency-bench
	"$$(swift build -c release --show-bin-path)/persistency-bench" facade --json $(REPORTS)/facade.json

bench-quick: setup ## The same, small, within a minute
	@mkdir -p $(REPORTS)
	swift build -c release --product persistency-bench
	"$$(swift build -c release --show-bin-path)/persistency-bench" --quick \
		--json $(REPORTS)/bench-quick.json --html $(REPORTS)/bench-quick.html

bench-peers: setup ## Every workload beside GRDB and SortedDictionary, with reports/peers.json and peers.html
	@mkdir -p $(REPORTS)
	swift build -c release --package-path Benchmarks/Peers
	"$$(swift build -c release --package-path Benchmarks/Peers --show-bin-path)/PersistencyPeers" \
		--engine sqlite --engine memory --json $(REPORTS)/peers.json --html $(REPORTS)/peers.html

bench-tables: ## Put the tables of reports/bench.json into Benchmarks/README.md
	swift build -c release --product persistency-bench
	"$$(swift build -c release --show-bin-path)/persistency-bench" tables $(REPORTS)/bench.json Benchmarks/README.md

bench-yardsticks: setup ## Instructions an op of the C yardsticks, by callgrind, against tuned C
	@scripts/yardstick-instructions

memory: setup ## What counting, visiting and copying 1,000,000 rows takes in memory, every engine to every other; fails over 64 MB
	swift build -c release --product persistency
	scripts/memory "$$(swift build -c release --show-bin-path)/persistency"

moves: setup ## Speed and memory of copy, export, import and digest with 2,000,000 rows, every engine to every other, against the engines alone
	scripts/moves

kills: setup ## Copies, migrations and reclaims killed at every single step, on every pair of engines (an hour or two)
	swift build --build-tests
	PERSISTENCY_KILL_STRIDE=1 swift test --skip-build --filter KillTests

postgres: ## PostgreSQL: install and start a server of its own, the suite, the failures, killed clients, killed servers, its rows of the benchmark, and stop it
	@scripts/setup --postgres
	@mkdir -p $(REPORTS)
	swift build --build-tests
	@# The suite is run optimised, below.
	swift test --skip-build --filter PostgresTests --skip PostgresConformanceTests
	swift build -c release --product persistency
	swift build -c release --product persistency-trials
	swift build -c release --product persistency-bench
	scripts/throwaway-postgres run scripts/postgres-stages "$$(swift build -c release --show-bin-path)" $(REPORTS)

FAILOVER = scripts/failover run "$$(swift build -c release --show-bin-path)/persistency-trials" failover

failover: failover-program ## PostgreSQL: kill a primary, cut it off, bring it back, with a standby and four writers (root, and network namespaces)
	$(FAILOVER)

failover-quick: failover-program
	$(FAILOVER) --quick

failover-program:
	@scripts/setup --postgres
	swift build -c release --product persistency-trials

fuzz: ## libFuzzer, 60 seconds each, on what reads streams, keys, payloads, manifests and ids of jobs
	scripts/fuzz 60

fuzz-quick:
	scripts/fuzz 5

tsan: setup ## The concurrency tier and the tests of jobs, on every engine, under ThreadSanitizer
	scripts/sanitize thread

tsan-quick: setup
	scripts/sanitize thread quick

asan: setup ## Every test that a sanitizer leaves room for, under AddressSanitizer
	scripts/sanitize address

asan-quick: setup
	scripts/sanitize address quick

coverage: setup ## The lines of Sources that the tests run, those of child processes included; fails below 95 of 100
	@scripts/setup --postgres
	scripts/coverage

docs: setup ## Documentation of every product in reports/docs; warnings are errors
	scripts/docs

faults: setup ## Each system call of each engine fails once, and what is left is looked at; fails when a promise is broken
	swift build -c release --product persistency-faults
	"$$(swift build -c release --show-bin-path)/persistency-faults"

faults-quick: setup
	swift build -c release --product persistency-faults
	"$$(swift build -c release --show-bin-path)/persistency-faults" --quick

TRIALS = "$$(swift build -c release --show-bin-path)/persistency-trials"

crash: trials ## Kill a writing process, 50 times an engine, level and layer, and look at what it left
	$(TRIALS) crash --cycles 50

crash-quick: trials
	$(TRIALS) crash --cycles 10

power: trials ## Cut the power of its disk, 30 times an engine and level (root and loop devices)
	$(TRIALS) power --cuts 30

power-quick: trials
	$(TRIALS) power --cuts 4

leaks: trials ## Open and close by the thousand, and count what stays
	$(TRIALS) leaks --cycles 2000

leaks-quick: trials
	$(TRIALS) leaks --cycles 500

# Half of the time would be the disk's, which nothing here is asked about.
IN_MEMORY = $(if $(wildcard /dev/shm/.),TMPDIR=/dev/shm)

model: trials ## 20,000 random histories on every engine at once, with reopens, kills, copies and failing system calls
	$(IN_MEMORY) $(TRIALS) model --sequences 20000

model-quick: trials
	$(IN_MEMORY) $(TRIALS) model --sequences 2000

trials: setup
	swift build -c release --product persistency-trials

lint: ## Formatting, documentation and the rules of the house
	@scripts/lint

format: ## Format all Swift files in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests Benchmarks Fuzz

ci: ## What CI runs
	@.ci/run

clean: ## Remove what was built
	rm -rf .build Fuzz/.build Tests/ExternalAdapter/.build Examples/.build Benchmarks/Peers/.build $(REPORTS)
