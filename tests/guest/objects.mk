# SPDX-License-Identifier: MIT
# Guest-side tests: each folder with a main.c is one PV kernel that boots as the initial domain.
#   make check-guest               all of them on our hypervisor
#   make check-guest HV=path       the same binaries on another one
#   make check-guest TESTS="a b"   some of them

guest-tests := hello startofday startofday_linux hypercall_page hypercalls sweep version \
    multicall console traps user privileged callbacks segment_bases debugreg descriptors \
    mmu_update page_types table_writes mmuext memory events fifo timers sched grants grants_v2 vcpus \
    domctl saving sysctl cpupools hypfs physdev platform domu domu_rights failsafe races mm_random \
    hc_random attacks seldom l1tf bsd_symtab cpuid tsc_modes
# The same kernels as unprivileged domains, where that makes sense.
guest-tests-domu := $(addsuffix @domu,hypercalls sweep multicall traps user callbacks \
    segment_bases debugreg descriptors table_writes grants fifo vcpus hc_random attacks seldom)

HV ?= $(B)/domus

guest-test-lib := $(call guest-objs,$(addprefix tests/guest/lib/,test.o audit.o startofday.o user.o insn.o \
    domu.o))
guest-test-elfs := $(foreach t,$(guest-tests) as_domu alloc_faults,$(B)/guest/$(t).elf)

# The kernel of test $(1); a folder with a notes.S of its own links that instead of the usual one.
define guest-test-rule
guest-objs-$(1) := $(call guest-objs,$(patsubst %.c,%.o,$(wildcard tests/guest/$(1)/*.c))) \
    $(if $(wildcard tests/guest/$(1)/notes.S),$(call guest-objs,tests/guest/$(1)/notes.o),$(sdk-notes))
all-objs += $$(filter-out $(sdk-notes),$$(guest-objs-$(1)))
$(B)/guest/$(1).elf: $$(guest-objs-$(1)) $(guest-test-lib) $(sdk-lib) guest-sdk/x86/guest.lds
	@mkdir -p $$(@D)
	$$(call say,LINK)$$(CC) $$(sdk-ldflags) -o $$@ $$(filter-out %.lds,$$^)
endef
$(foreach t,$(guest-tests) as_domu alloc_faults,$(eval $(call guest-test-rule,$(t))))
all-objs += $(guest-test-lib)

.PHONY: guest-tests check-guest check-faults
guest-tests: $(guest-test-elfs)

check-guest: guest-tests $(filter $(B)/domus,$(HV))
	python3 tests/guest/run.py --hv $(HV) --dir $(B)/guest $(guest-run-options) $(or $(TESTS),$(guest-tests) $(guest-tests-domu))

# Each allocation fails once: the debug build of the hypervisor can be told to.
check-faults: guest-tests
	@+$(MAKE) DEBUG=1 hypervisor
	python3 tests/guest/run.py --hv $(B)/debug/domus --dir $(B)/guest $(guest-run-options) alloc_faults
