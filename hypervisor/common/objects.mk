# SPDX-License-Identifier: MIT
hv-objs += hypervisor/common/spinlock.o hypervisor/common/softirq.o hypervisor/common/params.o \
           hypervisor/common/printk.o hypervisor/common/console.o hypervisor/common/console_io.o \
           hypervisor/common/panic.o hypervisor/common/symbols.o hypervisor/common/debug_key.o
hv-objs += hypervisor/common/timer.o hypervisor/common/sched_core.o hypervisor/common/sched_credit2.o
hv-objs += hypervisor/common/quiescent.o hypervisor/common/domain.o hypervisor/common/vcpu_timer.o
hv-objs += $(addprefix hypervisor/common/,event_channel.o event_2l.o event_fifo.o event_op.o event_dump.o)
hv-objs += $(addprefix hypervisor/common/,hypercall.o multicall.o version.o sched_op.o watchdog.o vcpu_op.o)
hv-objs += hypervisor/common/trace.o hypervisor/common/cpupool.o
