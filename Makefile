# What a person or a CI job does with this tree. GNU make; "make help" lists it.
# Everything that is compiled lives in build/ and build-*/; meson and ninja do the work there.

PREFIX = /usr/local
DESTDIR =
# For "make run": options of "padlock demo".
ARGS =
# "true" makes errors of the compiler's warnings, as the CI job does. A compiler newer than the ones
# that we know may warn about more: that is no reason not to build.
STRICT = false
# Minutes for each target of "make fuzz" and "make check-all".
FUZZ_MINUTES = 1

PYTHON = /usr/bin/python3
PYTEST = $(PYTHON) -m pytest -p no:cacheprovider
# Most tests wait for something most of the time: three at once on two processors.
E2E = $(PYTEST) -q -n 3 tests/e2e
SANITIZED = -Db_sanitize=address,undefined -Doptimization=1 -Dtests=enabled
STEPS = tools/run_steps
GATES = "gates = tools/check" "gates' own tests = $(PYTEST) -q tests/gates"
TESTS = "unit tests = meson test -C build --no-rebuild --print-errorlogs" \
    "unit tests, sanitized = meson test -C build-asan --no-rebuild --print-errorlogs" \
    "end to end = $(E2E)"

.PHONY: all run test test-build check-all bench fuzz soak install uninstall format clean help
.NOTPARALLEL:

all:
	@tools/setup build
	@tools/configure build -Dstrict=$(STRICT)
	@ninja -C build --quiet program

run: all
	@build/src/padlock demo $(ARGS)

test-build:
	@tools/setup test
	@tools/configure build -Dstrict=$(STRICT) -Dtests=enabled
	@tools/configure build-asan -Dstrict=$(STRICT) $(SANITIZED)
	@ninja -C build --quiet
	@ninja -C build-asan --quiet

test: test-build
	@$(STEPS) $(GATES) "analysers = tools/analyse" $(TESTS)

check-all: test-build
	@tools/configure build-clang -Dstrict=true -Dtests=enabled --native-file tools/clang.ini
	@$(STEPS) $(GATES) "analysers = tools/analyse --all" "clang = ninja -C build-clang --quiet" $(TESTS) \
	    "end to end, sanitized = env PADLOCK=build-asan/src/padlock $(E2E)" \
	    "fuzzing = tools/fuzz $(FUZZ_MINUTES)"

bench: all
	@tools/setup bench
	@ninja -C build --quiet bench-programs
	@bench/run

fuzz:
	@tools/setup test
	@tools/fuzz $(FUZZ_MINUTES)

# The full counts of what "make test" does a few times.
soak: test-build
	@env PADLOCK_SOAK=1 $(E2E)
	@tools/fuzz 30

# After "make", as whoever may write there. As root and without DESTDIR also the users and the unit.
install:
	@[ -x build/src/padlock ] || { echo 'install: run "make" first' >&2; exit 1; }
	@tools/install "$(DESTDIR)" "$(PREFIX)"

uninstall:
	@tools/install --remove "$(DESTDIR)" "$(PREFIX)"

format:
	@find src tests bench -name '*.[ch]' | xargs clang-format -i
	@tools/check_codes --sort

clean:
	@rm -rf build build-asan build-clang build-fuzz

help:
	@echo 'make             install what is needed, build into build/'
	@echo 'make run         the same, then the demo on https://localhost:8443 (ARGS="--https-port 9443")'
	@echo 'make test        everything that must hold before a change lands (under 20 minutes)'
	@echo 'make check-all   the same on all files, with clang, sanitizers end to end, and fuzzing'
	@echo 'make fuzz        every parser for a minute (FUZZ_MINUTES=10)'
	@echo 'make soak        the full counts: kill loops, long fuzzing (hours)'
	@echo 'make bench       measures, side by side with other servers'
	@echo 'make install     into PREFIX=/usr/local (DESTDIR= for packages); make uninstall'
	@echo 'make format      lay out the C code'
	@echo 'make clean       remove what was built'
