# SPDX-License-Identifier: MIT
hv-objs += hypervisor/arch/x86/boot/head.o hypervisor/arch/x86/boot/multiboot.o \
           hypervisor/arch/x86/boot/e820.o
hv-objs += hypervisor/arch/x86/boot/ap_start.o
hv-objs += hypervisor/arch/x86/boot/kernel_unpack.o
hv-objs += hypervisor/arch/x86/boot/start.o
