# SPDX-License-Identifier: MIT
hv-objs += $(addprefix hypervisor/arch/x86/cpu/, \
    features.o speculation.o thunk.o percpu_area.o apic.o ioapic.o tsc.o smp.o)
