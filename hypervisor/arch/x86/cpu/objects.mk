hv-objs += hypervisor/arch/x86/cpu/features.o hypervisor/arch/x86/cpu/percpu_area.o
