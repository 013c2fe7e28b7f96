# A thin face over the CMake presets. `make run` and `make test` need nothing but make, on a fresh clone too.
SHELL := /bin/sh
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local
BIN := build/release/qkvbench

.PHONY: help run test test-environments mutants soak fuzz build install package package-test setup setup-test bench format check-format tidy \
        sanitize tsan study clean
.DEFAULT_GOAL := help

help:  ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: build  ## build, then train q_k_v, qk_v, q_kv and qkv on REVERSE and compare them
	$(BIN) train --variant q_k_v,qk_v,q_kv,qkv

test: setup-test  ## build and run all tests
	cmake --preset test
	cmake --build --preset test -j $(JOBS)
	ctest --test-dir build/test --output-on-failure -j $(JOBS)

test-environments:  ## run the tests that are built under eight environments, such as without HOME
	sh tests/environments build/test

mutants: setup-test  ## put known mistakes into the source, one by one, and see that a test notices each
	sh tests/mutants/run

soak: setup-test  ## the long forms of the tests of crashes: kills, faults, power loss, damage (some minutes)
	cmake --preset test
	cmake --build --preset test -j $(JOBS)
	QKVBENCH_SOAK=1 build/test/tests/unit '[crash]'
	QKVBENCH_SOAK=1 build/test/tests/cli '[crash]'

fuzz: setup  ## search every reader for crashes, FUZZ_SECONDS (60) each; needs clang
	@command -v clang++ >/dev/null || { echo "fuzz: clang++ is not there; install clang" >&2; exit 1; }
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	@for reader in tests/fuzz/corpus/*; do \
	  sh tests/fuzz/run "$$(basename $$reader)" $(FUZZ_SECONDS) || exit 1; done

build: setup  ## build the release binary, build/release/qkvbench
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

install: build  ## install the program below PREFIX (/usr/local)
	cmake --install build/release --prefix $(PREFIX)

package:  ## build a Debian package, build/package/qkvbench_*.deb, for every processor
	@sh .ci/setup package
	cmake --preset package
	cmake --build --preset package -j $(JOBS)
	cpack --config build/package/CPackConfig.cmake -B build/package

package-test: package  ## install the package in a new, bare system and run it there
	sh tests/levels build/package/qkvbench tests/golden
	sh tests/package build/package/qkvbench_*.deb

setup:  ## install what building needs and is not there
	@sh .ci/setup build

setup-test:
	@sh .ci/setup test

bench: build  ## time this machine, beside PyTorch where it is there, and write the tables of speed
	sh .ci/bench $(BIN)

sanitize: setup-test  ## run the tests with the rooms under the address and undefined-behaviour sanitizers
	cmake --preset test
	cmake --build --preset checked -j $(JOBS)
	ctest --test-dir build/test/checked --output-on-failure -j $(JOBS)

tsan: setup-test  ## run the tests, everything under ThreadSanitizer (an hour)
	cmake --preset tsan
	cmake --build --preset tsan -j $(JOBS)
	ctest --test-dir build/tsan --output-on-failure -j $(JOBS)

tidy:  ## look for what clang-tidy knows, in the rooms
	@sh .ci/setup check
	cmake --preset tidy
	cmake --build --preset tidy
	run-clang-tidy -p build/tidy -quiet -j $(JOBS) $(TIDY)

study: build  ## write docs/study.md and docs/study.html from results/record
	$(BIN) study results/record --out docs

format:  ## format the sources
	clang-format -i $$(git ls-files '*.cpp' '*.hpp')

check-format:  ## fail when a source is not formatted
	clang-format --dry-run --Werror $$(git ls-files '*.cpp' '*.hpp')

clean:  ## remove everything that was built
	rm -rf build
