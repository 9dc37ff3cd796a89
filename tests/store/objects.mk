# SPDX-License-Identifier: MIT
# The store daemon on a Xen made of files, and the same files under Debian's xenstored.
$(call host_program,test-xenstored,$(xenstore-core-objs) $(xenstore-daemon-objs) \
    xenstore/daemon/main.o tests/store/xen_fake.o tests/store/fake_xen.o)

$(call host_program,test-store-client,tests/store/client_user.o $(xenstore-client-objs))

$(B)/bin/xenstored-shim.so: tests/store/debian_shim.c tests/store/fake_xen.c tests/store/fake_xen.h
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(host-flags) -fPIC -shared -o $@ $(filter %.c,$^)

.PHONY: check-store
check-store: programs $(B)/bin/xenstored-shim.so
	@BUILD=$(B) $(PYTHON) -m pytest -p no:cacheprovider -q tests/store $(TESTS)
