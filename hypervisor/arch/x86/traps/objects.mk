hv-objs += hypervisor/arch/x86/traps/exception.o hypervisor/arch/x86/traps/extable.o
