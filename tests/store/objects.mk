# SPDX-License-Identifier: MIT
# The store daemon on a Xen made of files: under the sanitizers for tests, plain for counting
# instructions; and the same files under Debian's xenstored.
store-fake-objs := $(xenstore-core-objs) $(xenstore-daemon-objs) xenstore/daemon/main.o \
                   tests/store/xen_fake.o tests/store/fake_xen.o

$(call host_program,bench-xenstored,$(store-fake-objs))
$(call host_program,test-store-client,tests/store/client_user.o $(xenstore-client-objs))

$(B)/bin/test-xenstored: $(addprefix $(B)/obj/unit/,$(store-fake-objs))
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(unit-ldflags) -o $@ $^
all-objs += $(addprefix $(B)/obj/unit/,$(store-fake-objs))

$(B)/bin/xenstored-shim.so: tests/store/debian_shim.c tests/store/fake_xen.c tests/store/fake_xen.h
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(host-flags) -fPIC -shared -o $@ $(filter %.c,$^)

store-test-programs := $(addprefix $(B)/bin/,test-xenstored test-store-client xenstore \
                         xenstore-control xenstored-shim.so)

.PHONY: check-store bench-store
check-store: $(store-test-programs)
	@BUILD=$(B) $(PYTHON) -m pytest -p no:cacheprovider -q tests/store $(TESTS)

# User instructions of each operation, ours and Debian's (needs valgrind).
bench-store: $(store-test-programs) $(B)/bin/bench-xenstored
	@BUILD=$(B) $(PYTHON) tests/store/bench.py
