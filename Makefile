# Everything a developer runs. `make run` and `make test` need Go and make, nothing else.

GO ?= go
# Arguments of the example, such as ARGS="-out DIR".
ARGS ?=
# Which benchmarks, and how long each fuzz target runs.
BENCH ?= .
FUZZTIME ?= 20s
# Arguments of the comparison with other ways to run a graph, such as BENCHARGS="-size 1e6 -md".
BENCHARGS ?= -size 1,1000

# What a user of the library imports.
LIBRARY := ./graph/... ./executor/... ./cache/... ./comm/... ./lazy/... ./proc/... ./viz/...
CHECKED := ./lazy/... ./executor/... ./cache/... ./comm/... ./internal/... ./graph/...
# Modules of their own, into which ./... does not descend.
MODULES := internal/bench viz/internal/browser viz/dallyotel viz/dallyprom
BIN := $(CURDIR)/out/tools

.DEFAULT_GOAL := help
.PHONY: help run test race lint vet staticcheck gofumpt fresh bench fuzz cover gen

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## run the example gostat, with a report, then again with its results in a cache (ARGS="-out DIR" says where its picture goes)
	@mkdir -p out && rm -rf out/gostat-cache
	$(GO) build -buildvcs=false -o out/gostat ./examples/gostat
	out/gostat -cache out/gostat-cache -report out/report.html $(ARGS)
	@echo; echo 'Again, now that the results are kept:'
	out/gostat -cache out/gostat-cache -quiet $(ARGS)

test: ## run all tests, then those with invariants checked
	$(GO) test ./...
	$(GO) test -short -tags invariants $(CHECKED)
	@$(call each,$(MODULES),$(GO) test ./...)

race: ## run the tests under the race detector, without the largest sizes (needs a C compiler)
	$(GO) test -race -short ./...
	@$(call each,$(MODULES),$(GO) test -race -short ./...)

lint: vet staticcheck gofumpt fresh ## vet, staticcheck, gofumpt, and: are generated files fresh?

bench: ## run the benchmarks (BENCH=regexp chooses), then compare with other ways (BENCHARGS="-size 1000,1e5")
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	@$(call each,internal/bench,$(GO) run . $(BENCHARGS))

fuzz: ## run every fuzz target for FUZZTIME=20s
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do \
		name=$${func#func }; dir=$$(dirname "$$file"); \
		echo "== $$dir $$name"; \
		(cd "$$dir" && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x . </dev/null) || exit 1; \
	done

cover: ## print how much of the library the tests cover, and keep it in cover.out
	$(GO) test -short -coverpkg=$$(echo $(LIBRARY) | tr ' ' ',') -coverprofile=cover.out ./...
	$(GO) tool cover -func=cover.out | tail -n 1

gen: ## write the generated files anew
	$(GO) generate ./...

# $(call each,MODULES,COMMAND) runs a command in each of the modules that are there. If what one needs cannot be had,
# for want of a network, it says so and goes on with the next.
define each
for dir in $(1); do \
	if [ ! -f $$dir/go.mod ]; then continue; fi; \
	if ! log=$$(cd $$dir && $(GO) mod download 2>&1); then \
		echo "$$log" | tail -n 3; echo "$$dir: skipped: its modules cannot be had here"; continue; \
	fi; \
	echo "cd $$dir && $(2)"; \
	(cd $$dir && $(2)) || exit 1; \
done
endef

# The parts of lint.

vet:
	$(GO) vet ./...
	$(GO) vet -tags invariants $(CHECKED)
	@$(call each,$(MODULES),$(GO) vet ./...)

# $(call tool,NAME,PACKAGE) builds a tool in the version that internal/tools/go.mod pins. If it cannot be had, for
# want of a network, it says so and ends the recipe, and lint goes on without.
define tool
mkdir -p '$(BIN)'; \
if ! log=$$(cd internal/tools && $(GO) build -buildvcs=false -o '$(BIN)/$(1)' $(2) 2>&1); then \
	echo "$$log" | tail -n 3; echo "lint: skipped $(1): it cannot be had here"; exit 0; \
fi; \
echo '$(1)'
endef

staticcheck:
	@$(call tool,staticcheck,honnef.co/go/tools/cmd/staticcheck); \
	'$(BIN)/staticcheck' ./... && '$(BIN)/staticcheck' -tags invariants $(CHECKED) || exit 1; \
	$(call each,$(MODULES),'$(BIN)/staticcheck' ./...)

gofumpt:
	@$(call tool,gofumpt,mvdan.cc/gofumpt); \
	files=$$('$(BIN)/gofumpt' -l .) || exit 1; \
	if [ -n "$$files" ]; then echo "lint: gofumpt would change:"; echo "$$files"; exit 1; fi

# The checksums of all generated files.
GENERATED := grep -rl --include='*.go' '^// Code generated .* DO NOT EDIT\.$$' . | sort | xargs cksum

fresh:
	@echo '$(GO) generate ./...'; \
	before=$$($(GENERATED)); $(GO) generate ./... || exit 1; after=$$($(GENERATED)); \
	if [ "$$before" != "$$after" ]; then echo "lint: generated files were stale; now they are not: commit them"; exit 1; fi
