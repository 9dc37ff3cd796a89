# SPDX-License-Identifier: MIT
hv-objs += hypervisor/arch/x86/platform/serial.o hypervisor/arch/x86/platform/vga.o \
           hypervisor/arch/x86/platform/framebuffer.o
hv-objs += $(addprefix hypervisor/arch/x86/platform/,acpi.o efi.o rtc.o reset.o)
hv-objs += $(addprefix hypervisor/arch/x86/platform/,irq.o pirq.o msi.o pci.o physdev_op.o \
             physdev_pci.o platform_op.o platform_cpu.o platform_firmware.o mca.o)
hv-objs += $(addprefix hypervisor/arch/x86/platform/,permissions.o domctl_arch.o sysctl_arch.o)
