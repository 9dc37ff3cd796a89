# SPDX-License-Identifier: MIT
# Kernel images: parsing and layout for both sides of the border. The decompressors' callers are
# listed apart, since they need zlib, liblzma and libzstd.
image-objs        := $(addprefix hypervisor/image/,error.o elf.o notes.o guest_section.o pv_layout.o pv_tables.o)
image-unpack-objs := $(addprefix hypervisor/image/,unpack.o unpack_gzip.o unpack_xz.o unpack_zstd.o)
image-unpack-libs := -lz -llzma -lzstd

hv-objs += $(image-objs)

$(call unit_test,image_test,tests/unit/image_test.o $(image-objs) $(image-unpack-objs),$(image-unpack-libs))
