# The face of the project. Everything here only calls meson and tools/.
BUILD ?= build
MESON_SETUP = test -f $(BUILD)/build.ninja || meson setup $(BUILD)

.PHONY: help run test build check bench fuzz deps conformance install clean

help:
	@echo 'make run          install what is missing, build, guard a real MCP server (ARGS="..." for doorward dev)'
	@echo 'make test         install what is missing, build, run every test'
	@echo 'make build        install what is missing, build; the binary is $(BUILD)/doorward'
	@echo 'make check        format, layers, sizes, texts, query plans, clang-tidy, cppcheck, -fanalyzer, sanitizers (25 minutes)'
	@echo 'make fuzz         each fuzz target for 60 seconds (SECONDS=60)'
	@echo 'make bench        nginx, HAProxy and doorward in one run, against the budgets (ARGS="--only=tenant --quick")'
	@echo 'make conformance  the official MCP suites: authorization server, and server of both revisions'
	@echo 'make deps         install the packages that building and testing need, nothing else'
	@echo 'make install      install to PREFIX (meson; DESTDIR works)'
	@echo 'make clean        remove build trees'

deps:
	@tools/install-deps build test

build:
	@tools/install-deps build
	@$(MESON_SETUP)
	@ninja -C $(BUILD)

run:
	@tools/install-deps build run
	@$(MESON_SETUP)
	@ninja -C $(BUILD) doorward
	@tools/with-node $(BUILD)/doorward dev $(ARGS)

test:
	@tools/install-deps build test
	@$(MESON_SETUP)
	@ninja -C $(BUILD)
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs

conformance:
	@tools/install-deps build test
	@$(MESON_SETUP)
	@ninja -C $(BUILD)
	@meson test -C $(BUILD) --no-rebuild --print-errorlogs integration/conformance integration/conformance_server
	@sed -n 's/^# official/official/p' $(BUILD)/meson-logs/testlog.txt

check:
	@tools/install-deps build test check
	@tools/check-all

fuzz:
	@tools/install-deps build check
	@tools/fuzz $(or $(SECONDS),60)

bench:
	@tools/install-deps build run bench
	@$(MESON_SETUP)
	@ninja -C $(BUILD)
	@tools/with-node node bench/run.mjs $(ARGS)

install:
	@tools/install-deps build
	@$(MESON_SETUP)
	@$(if $(PREFIX),meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX)))
	@ninja -C $(BUILD) installed
	@meson install -C $(BUILD) --no-rebuild

clean:
	@rm -rf build build-*
