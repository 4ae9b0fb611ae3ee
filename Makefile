# `make` prints the targets. What they do beyond one command stands in scripts/.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

LISTEN ?= 127.0.0.1:5000
DATA   ?= ./data
ARGS   ?=

.PHONY: help
help: ## print these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build everything, the console included; leaves bin/bailiwick
	@scripts/ensure-go
	@scripts/ensure-console
	@mkdir -p bin
	go build -o bin/bailiwick ./cmd/bailiwick

.PHONY: build-pkcs11
build-pkcs11: ## build bin/bailiwick-pkcs11, for key-encryption keys in a PKCS#11 token (needs a C compiler)
	@scripts/ensure-go
	@mkdir -p bin
	CGO_ENABLED=1 go build -o bin/bailiwick-pkcs11 ./cmd/bailiwick-pkcs11

.PHONY: run
run: build ## start the server on LISTEN (127.0.0.1:5000) with the data folder DATA (./data)
	@echo
	@echo "Server:  http://$(LISTEN)    data: $(DATA)    stop: Ctrl-C"
	@echo "Sign in: the first start prints a one-time link for the administrator; open it, or run bin/bailiwick login LINK."
	@echo "         With BAILIWICK_ADMIN_TOKEN (32 characters or more) set at the first start, that is the token of the user admin."
	@echo
	@exec bin/bailiwick serve --listen $(LISTEN) --data $(DATA) $(ARGS)

.PHONY: demo
demo: build ## build, start a server of its own and play a team's first day on it, step by step
	@clients/demo/run $(ARGS)

.PHONY: test
test: ## install what the tests need and run all of them (logs in .cache/test)
	@scripts/test

.PHONY: test-go
test-go: ## only the Go tests, on SQLite
	@scripts/test build vet go

.PHONY: test-engines
test-engines: ## only the store's contract and the server's tests on PostgreSQL
	@scripts/test build engines

.PHONY: test-clients
test-clients: ## only the suites of real clients, on SQLite and on PostgreSQL
	@scripts/test build clients clients-postgres

.PHONY: test-race
test-race: ## the packages with goroutines under the race detector (needs a C compiler)
	@scripts/test race

.PHONY: test-browser
test-browser: ## the console and MLflow's own pages in a real browser; pictures of all screens in web/test-results/screens
	@scripts/test build browser

.PHONY: check
check: ## linters, shape figures, import table, printed files
	@scripts/check

.PHONY: golden
golden: ## print the files that tests hold against tables; read the diff before you commit it
	BAILIWICK_TEST_GOLDEN=write go test -count=1 -run Printed ./...

.PHONY: bench
bench: build ## the benchmark: the same work on this server and on its peers, in one run
	@scripts/ensure-python >/dev/null
	go run ./bench $(ARGS)

.PHONY: fmt
fmt: ## format the Go code
	gofmt -w $$(git ls-files --cached --others --exclude-standard -- '*.go')

.PHONY: clean
clean: ## remove what was built, logs and caches; data folders and .venv stay
	rm -rf bin .cache
