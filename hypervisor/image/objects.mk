# SPDX-License-Identifier: MIT
# Kernel images: parsing and layout for both sides of the border. The decompressors' callers are
# listed apart, since they need zlib, liblzma, libzstd and liblz4; libbz2 only outside the hypervisor.
image-objs           := $(addprefix hypervisor/image/,error.o elf.o symtab.o notes.o guest_section.o \
                                                      pv_layout.o pv_tables.o)
image-unpack-hv-objs := $(addprefix hypervisor/image/,unpack.o unpack_gzip.o unpack_xz.o unpack_zstd.o \
                                                      unpack_lz4.o)
image-unpack-objs    := $(image-unpack-hv-objs) hypervisor/image/unpack_bzip2.o
image-unpack-libs    := -lz -llzma -lzstd -llz4 -lbz2

hv-objs += $(image-objs)

$(call unit_test,image_test,tests/unit/image_test.o $(image-objs) $(image-unpack-objs),$(image-unpack-libs))
