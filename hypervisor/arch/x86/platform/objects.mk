hv-objs += hypervisor/arch/x86/platform/serial.o hypervisor/arch/x86/platform/vga.o
