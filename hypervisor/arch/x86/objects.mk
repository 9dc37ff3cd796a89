# SPDX-License-Identifier: MIT
# The decompressors of dom0's kernel: Debian's static archives, linked into the init section.
hv-archives += $(foreach a,lzma zstd lz4 z,$(shell $(CC) -print-file-name=lib$(a).a))
hv-objs += $(image-unpack-hv-objs) hypervisor/image/unpack_no_bzip2.o

# The image is linked twice: the first result gives the symbol table for backtraces, which the
# second carries in .rodata. The bootable file is flat, with address fields in its Multiboot headers.
hv-link-own := 1
hv-image-own := 1

symbols-py := hypervisor/arch/x86/tools/symbols.py
hv-link = $(CC) $(hv-ldflags) -Wl,--build-id=sha1 -Wl,-T,$(B)/hypervisor.lds -o $@

$(B)/obj/hv/no_symbols.S: $(symbols-py)
	@mkdir -p $(@D)
	$(call say,SYMBOLS)echo 0 T _stext | $(PYTHON) $(symbols-py) > $@
$(B)/obj/hv/domus.pass1: $(hv-built) $(B)/obj/hv/no_symbols.o $(hv-archives) $(B)/hypervisor.lds
	$(call say,LINK)$(hv-link) $(hv-built) $(B)/obj/hv/no_symbols.o $(hv-archives)
$(B)/obj/hv/symbols.S: $(B)/obj/hv/domus.pass1 $(symbols-py)
	$(call say,SYMBOLS)nm -n $< | $(PYTHON) $(symbols-py) > $@
$(B)/obj/hv/symbols.o $(B)/obj/hv/no_symbols.o: %.o: %.S
	$(call say,AS)$(CC) -c -o $@ $<
$(B)/domus-syms: $(B)/obj/hv/domus.pass1 $(B)/obj/hv/symbols.o
	$(call say,LINK)$(hv-link) $(hv-built) $(B)/obj/hv/symbols.o $(hv-archives)
$(B)/domus: $(B)/domus-syms
	$(call say,IMAGE)$(OBJCOPY) -O binary --set-section-flags .bss=alloc $< $@
