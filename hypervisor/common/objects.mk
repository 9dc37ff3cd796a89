hv-objs += hypervisor/common/spinlock.o hypervisor/common/softirq.o hypervisor/common/params.o \
           hypervisor/common/printk.o hypervisor/common/console.o hypervisor/common/console_io.o \
           hypervisor/common/panic.o hypervisor/common/symbols.o hypervisor/common/debug_key.o
hv-objs += hypervisor/common/start.o
hv-objs += hypervisor/common/timer.o hypervisor/common/sched_core.o hypervisor/common/sched_credit2.o
