# SPDX-License-Identifier: MIT
hv-objs += $(addprefix hypervisor/common/control/,access.o bitmap_copy.o domctl.o domctl_life.o domctl_domain.o \
           domctl_vcpu.o domctl_device.o sysctl.o sysctl_machine.o sysctl_pool.o sysctl_power.o hypfs.o other_calls.o)
