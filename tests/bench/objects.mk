# SPDX-License-Identifier: MIT
# Single operations counted in instructions, ours beside Debian's Xen in the same run.
#   make bench                 build/domus beside Debian's, which is fetched if need be
#   make bench PEER=path       beside another one; PEER= alone

PEER ?= build/images/xen

bench-objs := $(call guest-objs,$(addprefix tests/bench/ops/,main.o calls.o memory.o traps.o \
    vcpus.o entries.o))
bench-elf := $(B)/guest/bench-ops.elf
all-objs += $(bench-objs)

$(bench-elf): $(bench-objs) $(sdk-notes) $(sdk-lib) guest-sdk/x86/guest.lds
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(sdk-ldflags) -o $@ $(filter-out %.lds,$^)

.PHONY: bench bench-ops
bench-ops: $(bench-elf)

bench: $(bench-elf) $(B)/domus $(PEER)
	@python3 tests/bench/bench.py --hv $(B)/domus $(if $(PEER),--peer $(PEER)) --kernel $(bench-elf)
