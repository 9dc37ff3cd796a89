# SPDX-License-Identifier: MIT
mm-dir := hypervisor/arch/x86/mm
hv-objs += $(addprefix $(mm-dir)/,boot_alloc.o hv_map.o frame_map.o m2p.o vmap.o tlb.o frame.o \
           frame_share.o guest_access.o guest_copy.o page_walk.o memory_map.o)
