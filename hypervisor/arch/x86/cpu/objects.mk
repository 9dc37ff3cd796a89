# SPDX-License-Identifier: MIT
hv-objs += hypervisor/arch/x86/cpu/features.o hypervisor/arch/x86/cpu/percpu_area.o
hv-objs += $(addprefix hypervisor/arch/x86/cpu/,apic.o ioapic.o tsc.o smp.o)
