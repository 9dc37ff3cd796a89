# SPDX-License-Identifier: MIT
# Which lines and functions the tests reach: the store's and libdomus's and image/ in unit and store
# tests on the host, the hypervisor in guest tests. Everything is built apart, in build/cover.
#   make cover                     the table, and the functions that nothing has called
#   make cover TESTS="grants fifo" fewer guest tests

cover := $(CURDIR)/build/cover
# The hypervisor counts in its own memory: no runtime of gcov's, QEMU hands out what is there.
cover-hv := -fprofile-arcs -ftest-coverage -fprofile-info-section -fprofile-update=atomic
cover-make = $(MAKE) B=build/cover unit-extra=--coverage hv-extra="$(cover-hv)" \
             hv-link-extra=-Wl,--defsym=__gcov_merge_add=0
# What no unit test links counts as not reached.
cover-host-objs := $(patsubst %.c,build/cover/obj/unit/%.o,$(wildcard xenstore/core/*.c \
                   xenstore/daemon/*.c xenstore/client/*.c toolstack/lib/*.c toolstack/lib/*/*.c))

.PHONY: cover cover-host cover-hv
cover: deps-check
	@rm -rf build/cover/dumps; mkdir -p build/cover/dumps; find build/cover -name '*.gcda' -delete
	@+$(cover-make) hypervisor guest-tests programs $(cover-host-objs)
	@+$(cover-make) check-unit check-store
	@+$(cover-make) check-guest guest-run-options="--image build/cover/domus-syms --dumps build/cover/dumps" \
	    $(if $(TESTS),TESTS="$(TESTS)")
	@$(PYTHON) tests/cover/gcda.py --image build/cover/domus-syms build/cover/dumps
	@$(PYTHON) tests/cover/cover.py build/cover
