# SPDX-License-Identifier: MIT
# The guest SDK: one archive, and the files that each kernel links by name.

# The ABI headers are the hypervisor's public ones; what they do not have yet comes from libxen-dev.
sdk-cppflags := -I guest-sdk/include -I hypervisor/include/public -idirafter /usr/include \
    -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -D__XEN_TOOLS__
sdk-cflags := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
    -fno-strict-aliasing -fno-omit-frame-pointer -fcf-protection=none \
    -fno-asynchronous-unwind-tables -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
    -Wall -Wextra -Wshadow -Wvla -Werror $(repro-flags)
sdk-ldflags := -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
    -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -Wl,-T,guest-sdk/x86/guest.lds

sdk-objs := x86/start.o x86/vcpu.o x86/traps_entry.o x86/traps.o \
    lib/console.o lib/events.o lib/mm.o lib/printf.o lib/start.o lib/string.o lib/time.o

# $(call guest-objs,files): where guest objects are built, from source paths with .o
guest-objs = $(addprefix $(B)/obj/guest/,$(1))

sdk-lib := $(B)/obj/guest/libdomus-sdk.a
sdk-notes := $(call guest-objs,guest-sdk/x86/notes.o)
# Folders of tests and benches add their own headers: guest-include-<folder>.
guest-include = $(foreach d,tests/guest/lib,-I $(d))

$(B)/obj/guest/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(sdk-cppflags) $(guest-include) $(sdk-cflags) \
	    -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(B)/obj/guest/%.o: %.S
	@mkdir -p $(@D)
	$(call say,AS)$(CC) $(sdk-cppflags) -D__ASSEMBLY__ -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(sdk-lib): $(call guest-objs,$(addprefix guest-sdk/,$(sdk-objs)))
	@rm -f $@
	$(call say,AR)ar rcs $@ $^

all-objs += $(call guest-objs,$(addprefix guest-sdk/,$(sdk-objs)) guest-sdk/x86/notes.o)
