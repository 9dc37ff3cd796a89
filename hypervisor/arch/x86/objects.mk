# SPDX-License-Identifier: MIT
# The decompressors of dom0's kernel: Debian's static archives, linked into the init section.
hv-archives += $(foreach a,lzma zstd lz4 z,$(shell $(CC) -print-file-name=lib$(a).a))
hv-objs += $(image-unpack-hv-objs) hypervisor/image/unpack_no_bzip2.o

# The image carries a table of its own symbols for backtraces, made from a link before. The first
# link has none; the second has one of the right size, which moves what lies behind it; the third
# has the right one. The bootable file is flat, with address fields in its Multiboot headers.
hv-link-own := 1
hv-image-own := 1

symbols-py := hypervisor/arch/x86/tools/symbols.py
hv-link = $(CC) $(hv-ldflags) -Wl,--build-id=sha1 -Wl,-T,$(B)/hypervisor.lds -o $@

hv-link-with = $(hv-link) $(hv-built) $(1) $(hv-archives)
hv-passes := $(addprefix $(B)/obj/hv/,symbols0.o symbols1.o symbols2.o)

$(B)/obj/hv/symbols0.S: $(symbols-py)
	@mkdir -p $(@D)
	$(call say,SYMBOLS)echo 0 T _stext | $(PYTHON) $(symbols-py) > $@
$(B)/obj/hv/symbols1.S $(B)/obj/hv/symbols2.S: $(B)/obj/hv/symbols%.S: $(B)/obj/hv/domus.pass%
	$(call say,SYMBOLS)nm -n $< | $(PYTHON) $(symbols-py) > $@
$(hv-passes): %.o: %.S
	$(call say,AS)$(CC) -c -o $@ $<
$(B)/obj/hv/domus.pass1: $(hv-built) $(B)/obj/hv/symbols0.o $(hv-archives) $(B)/hypervisor.lds
	$(call say,LINK)$(call hv-link-with,$(B)/obj/hv/symbols0.o)
$(B)/obj/hv/domus.pass2: $(B)/obj/hv/domus.pass1 $(B)/obj/hv/symbols1.o
	$(call say,LINK)$(call hv-link-with,$(B)/obj/hv/symbols1.o)
$(B)/domus-syms: $(B)/obj/hv/domus.pass2 $(B)/obj/hv/symbols2.o
	$(call say,LINK)$(call hv-link-with,$(B)/obj/hv/symbols2.o)
	@nm -n $@ | $(PYTHON) $(symbols-py) | cmp - $(B)/obj/hv/symbols2.S
$(B)/domus: $(B)/domus-syms
	$(call say,IMAGE)$(OBJCOPY) -O binary --set-section-flags .bss=alloc $< $@
