# SPDX-License-Identifier: MIT
# Logs the hypercalls of dom0's programs; goes into the test machine's full dom0 only.
programs: $(B)/hypercall-log.so
$(B)/hypercall-log.so: tests/integration/hypercall_log.c GNUmakefile
	$(call say,LINK)$(CC) $(host-flags) $(host-ldflags) -fPIC -shared -o $@ $<

# Our halves and Debian's in every combination, Debian's commands and libvirt on both hypervisors,
# guests that go from one to the other and back, and guests that the other toolstack has made.
.PHONY: check-interop
check-interop: deps-check
	@+$(MAKE) all
	@INTEROP=1 BUILD=$(B) FULL=$(FULL) $(integration) tests/integration/test_interop.py \
	    tests/integration/test_xl_commands.py tests/integration/test_save.py::test_swap \
	    tests/integration/test_foreign.py $(TESTS)
