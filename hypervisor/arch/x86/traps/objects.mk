# SPDX-License-Identifier: MIT
hv-objs += hypervisor/arch/x86/traps/exception.o hypervisor/arch/x86/traps/extable.o \
           hypervisor/arch/x86/traps/entry.o hypervisor/arch/x86/traps/smap.o
