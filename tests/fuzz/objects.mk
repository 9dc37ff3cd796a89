# SPDX-License-Identifier: MIT
# Fuzzing: what takes bytes from strangers, on the host under libFuzzer with sanitizers, and random
# hypercalls on a debug build of the hypervisor. Always built with clang.
#   make fuzz SECONDS=3600         both, half of the time each
#   make check-fuzz                a few seconds each, in make check
#   make differ SEEDS="1 2 3"      the same calls on Debian's Xen: which answers differ

fuzz-cc    := clang
fuzz-flags := $(filter-out -fno-omit-frame-pointer -O2,$(host-flags)) -O1 -fno-omit-frame-pointer -I . \
              -I hypervisor/include -DHV_HOST_TEST -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=all
fuzz-targets :=
comma := ,
fuzz-store-objs := $(xenstore-core-objs) $(filter-out %/journal.o %/log.o %/options.o,$(xenstore-daemon-objs))
SECONDS ?= 3600
SEEDS   ?= 1 2 3 4 5 6 7 8 9 10

# $(call fuzz_target,NAME,objects,libraries): tests/fuzz/host/NAME.c
define fuzz_target_rules
fuzz-targets += $(1)
$(B)/fuzz/$(1): $(addprefix $(B)/obj/fuzz/,tests/fuzz/host/$(1).o $(2))
	@mkdir -p $$(@D)
	$$(call say,LINK)$(fuzz-cc) -fsanitize=fuzzer,address,undefined -o $$@ $$^ $(3)
all-objs += $(addprefix $(B)/obj/fuzz/,tests/fuzz/host/$(1).o $(2))
endef
fuzz_target = $(eval $(call fuzz_target_rules,$(strip $(1)),$(strip $(2)),$(strip $(3))))

$(B)/obj/fuzz/%.o: %.c GNUmakefile
	@mkdir -p $(@D)
	$(call say,CC)$(fuzz-cc) $(fuzz-flags) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

# The hypervisor's own sources with its own headers: tests/fuzz/host/hv stands before them.
fuzz-hv-flags := -std=gnu11 -O1 -g -Wall -Wextra -Wshadow -Wvla -Werror -fno-strict-aliasing -fno-common \
                 -fno-omit-frame-pointer -ffreestanding -D__XEN__ -D__XEN_TOOLS__ -DHV_HOST_TEST \
                 -I tests/fuzz/host/hv -I . $(hv-include) -include hypervisor/include/hv/config.h \
                 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=alignment \
                 -fno-sanitize-recover=all
fuzz-hv-base := $(addprefix $(B)/obj/fuzz-hv/,tests/fuzz/host/hv_host.o hypervisor/lib/string.o \
                hypervisor/lib/format.o)

# $(call fuzz_hv_target,NAME,objects,linker flags): the same for sources of the hypervisor
define fuzz_hv_target_rules
fuzz-targets += $(1)
$(B)/fuzz/$(1): $(addprefix $(B)/obj/fuzz-hv/,tests/fuzz/host/$(1).o $(2)) $(fuzz-hv-base)
	@mkdir -p $$(@D)
	$$(call say,LINK)$(fuzz-cc) -fsanitize=fuzzer,address,undefined $(3) -o $$@ $$^
all-objs += $(addprefix $(B)/obj/fuzz-hv/,tests/fuzz/host/$(1).o $(2))
endef
fuzz_hv_target = $(eval $(call fuzz_hv_target_rules,$(strip $(1)),$(strip $(2)),$(strip $(3))))
all-objs += $(fuzz-hv-base)

$(B)/obj/fuzz-hv/%.o: %.c GNUmakefile
	@mkdir -p $(@D)
	$(call say,CC)$(fuzz-cc) $(fuzz-hv-flags) $(fuzz-cflags-$*.o) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

# Every file that declares boot options, but for log and panic, which the fuzzer replaces. They need
# the rest of the hypervisor, which no parser may call: those symbols are 0. Guard zones between
# globals would tear the table of options apart.
fuzz-params-objs := $(patsubst %.c,%.o,$(filter-out %/printk.c %/panic.c,\
                    $(shell grep -rl --include=*.c '^BOOT_PARAM\>' hypervisor)))
$(foreach o,$(fuzz-params-objs),$(eval fuzz-cflags-$(o) := -mllvm -asan-globals=0))

$(call fuzz_hv_target,multiboot,$(addprefix hypervisor/arch/x86/boot/,multiboot.o e820.o))
$(call fuzz_hv_target,acpi,$(addprefix hypervisor/arch/x86/platform/,acpi.o efi.o))
$(call fuzz_hv_target,params,hypervisor/common/params.o $(fuzz-params-objs),-no-pie \
    -Wl$(comma)--unresolved-symbols=ignore-all -Wl$(comma)-T$(comma)tests/fuzz/host/hv/params.lds)
$(call fuzz_hv_target,descriptor,hypervisor/arch/x86/pv/descriptor.o,-no-pie \
    -Wl$(comma)--unresolved-symbols=ignore-all)
$(call fuzz_target,insn,hypervisor/arch/x86/pv/emul/priv_decode.o \
    hypervisor/arch/x86/pv_mm/ptwr_decode.o)
$(call fuzz_target,kernel,$(image-objs) $(image-unpack-objs),$(image-unpack-libs))
$(call fuzz_target,wire,xenstore/core/wire.o)
$(call fuzz_target,path,$(xenstore-core-objs) tests/unit/xenstore_no_events.o)
$(call fuzz_target,config,$(toolstack-config-objs) toolstack/lib/config/cpuid_edit.o)
$(call fuzz_target,json,$(toolstack-json-objs),-lyajl)
$(call fuzz_target,stream,$(toolstack-stream-objs) $(libdomus-error-objs),-llzma)
$(call fuzz_target,journal,tests/fuzz/host/store_world.o $(fuzz-store-objs))
$(call fuzz_target,ring,tests/fuzz/host/store_world.o xenstore/daemon/journal.o $(fuzz-store-objs))
$(call fuzz_target,console,toolstack/daemon/console.o)
# Jobs are named and not run: what they would do is not linked.
$(call fuzz_target,rpc,$(addprefix toolstack/daemon/,api.o api_domain.o api_host.o api_tune.o \
    api_device.o) $(toolstack-config-objs) toolstack/lib/config/cpuid_edit.o $(toolstack-json-objs),\
    -lyajl -no-pie -Wl$(comma)--unresolved-symbols=ignore-all)

fuzz-host = $(PYTHON) tests/fuzz/host.py --dir $(B)/fuzz --corpus tests/fuzz/corpus
.PHONY: fuzz check-fuzz differ
check-fuzz: $(addprefix $(B)/fuzz/,$(fuzz-targets))
	@$(fuzz-host) --seconds 3 $(fuzz-targets)
fuzz: deps-check
	@+$(MAKE) $(addprefix $(B)/fuzz/,$(fuzz-targets)) guest-tests
	@+$(MAKE) DEBUG=1 hypervisor
	@$(fuzz-host) --seconds $$(($(SECONDS) / 2 / $(words $(fuzz-targets)))) --keep $(fuzz-targets); host=$$?; \
	$(PYTHON) tests/fuzz/guest.py --hv $(B)/debug/domus --dir $(B)/guest --logs $(B)/fuzz/findings \
	    --seconds $$(($(SECONDS) / 2)) && exit $$host
differ: build/images/xen guest-tests hypervisor
	@$(PYTHON) tests/fuzz/differ.py --hv $(B)/domus --other build/images/xen --dir $(B)/guest $(SEEDS)
