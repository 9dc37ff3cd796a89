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

$(call fuzz_target,insn,hypervisor/arch/x86/pv/emul/priv_decode.o \
    hypervisor/arch/x86/pv_mm/ptwr_decode.o)
$(call fuzz_target,kernel,$(image-objs) $(image-unpack-objs),$(image-unpack-libs))
$(call fuzz_target,wire,xenstore/core/wire.o)
$(call fuzz_target,path,$(xenstore-core-objs) tests/unit/xenstore_no_events.o)
$(call fuzz_target,config,$(toolstack-config-objs) toolstack/lib/config/cpuid_edit.o)
$(call fuzz_target,json,$(toolstack-json-objs),-lyajl)
$(call fuzz_target,stream,$(toolstack-stream-objs) $(libdomus-error-objs),-llzma)

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
