# SPDX-License-Identifier: MIT
# Single operations and `create`, counted in instructions, ours beside Debian's Xen in one run.
#   make bench                 build/domus beside Debian's, which is fetched if need be
#   make bench PEER=path       beside another one; PEER= alone
#   make bench-create          only the tools

PEER ?= build/images/xen

bench-objs := $(call guest-objs,$(addprefix tests/bench/ops/,main.o calls.o memory.o traps.o \
    vcpus.o entries.o))
bench-elf := $(B)/guest/bench-ops.elf
bench-plugin := $(B)/bench/costs.so
all-objs += $(bench-objs)

$(bench-elf): $(bench-objs) $(sdk-notes) $(sdk-lib) guest-sdk/x86/guest.lds
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(sdk-ldflags) -o $@ $(filter-out %.lds,$^)

$(bench-plugin): tests/bench/costs.c GNUmakefile
	@mkdir -p $(@D)
	$(call say,PLUGIN)$(CC) $(c-flags) -D_GNU_SOURCE -fPIC -shared -o $@ $<

.PHONY: bench bench-ops bench-create
bench-ops: $(bench-elf) $(bench-plugin) $(B)/domus $(PEER)
	@$(PYTHON) tests/bench/bench.py --hv $(B)/domus $(if $(PEER),--peer $(PEER)) \
	    --kernel $(bench-elf) --plugin $(bench-plugin)

bench-create: $(bench-plugin) $(B)/domus build/images/xen
	@BUILD=$(B) $(PYTHON) tests/bench/create.py --plugin $(bench-plugin)

bench:
	@+$(MAKE) bench-ops
	@+$(MAKE) bench-create
