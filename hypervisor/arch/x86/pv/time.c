/* SPDX-License-Identifier: MIT */
/*
 * Time as guests read it without asking: pvclock in vcpu_info and in a registered area, the wall
 * clock in shared_info, run-time states in a registered area. Areas at guest addresses are written
 * only for current, through its kernel's page tables; a write that faults is the guest's loss.
 * Versions come from our own counters, since guests can write theirs. No locks but wallclock's.
 * ABI: xen.h (vcpu_time_info, wc_*), vcpu.h (runstate), VMASST_TYPE_runstate_update_flag.
 */
#include <asm/guest_access.h>
#include <asm/platform.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/irq.h>
#include <hv/sched.h>

#include "internal.h"

static DEFINE_SPINLOCK(wallclock_area_lock);

static void time_fill(struct vcpu_time_info *t, u64 stamp, s_time_t stime, struct time_scale s)
{
    t->tsc_timestamp = stamp;
    t->system_time = (u64)stime;
    t->tsc_to_system_mul = s.mul;
    t->tsc_shift = (s8)s.shift;
    t->flags = 0;
}

/* The guest's kernel addresses, whatever mode it is in. */
static unsigned long copy_to_kernel(struct vcpu *v, u64 va, const void *src, unsigned long n)
{
    unsigned long left;

    if (pv_kernel_mode(v))
        return copy_to_guest_va(va, src, n);
    pv_toggle_mode(v);
    left = copy_to_guest_va(va, src, n);
    pv_toggle_mode(v);
    return left;
}

static void write_time_area(struct vcpu *v, struct vcpu_time_info *t)
{
    u64 va = v->time_info_guest_va;

    t->version = v->arch.time_version - 1;
    if (copy_to_kernel(v, va, &t->version, sizeof(t->version)))
        return;
    smp_wmb();
    if (copy_to_kernel(v, va, t, sizeof(*t)))
        return;
    smp_wmb();
    t->version++;
    (void)copy_to_kernel(v, va, &t->version, sizeof(t->version));
}

void arch_vcpu_time_update(struct vcpu *v)
{
    struct vcpu_time_info *shared = &v->vcpu_info->time;
    struct vcpu_time_info t = { 0 };
    struct time_scale scale;
    s_time_t stime;
    u64 stamp;

    pv_tsc_time_params(v->domain, &stamp, &stime, &scale);
    if (v->arch.pending_tsc_stamp == stamp && shared->tsc_timestamp == stamp)
        return;
    time_fill(&t, stamp, stime, scale);
    v->arch.time_version += 2;
    WRITE_ONCE(shared->version, v->arch.time_version - 1);
    smp_wmb();
    time_fill(shared, stamp, stime, scale);
    smp_wmb();
    WRITE_ONCE(shared->version, v->arch.time_version);
    v->arch.pending_tsc_stamp = stamp;
    if (v->time_info_guest_va && v == current)
        write_time_area(v, &t);
}

void arch_domain_wallclock_update(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    struct tm_wallclock wc = wallclock_at_boot();
    u64 sec = wc.sec + (u64)d->time_offset_seconds;
    u32 version;

    spin_lock(&wallclock_area_lock);
    version = (READ_ONCE(s->wc_version) | 1) + 2;
    WRITE_ONCE(s->wc_version, version);
    smp_wmb();
    s->wc_sec = (u32)sec;
    s->wc_sec_hi = (u32)(sec >> 32);
    s->wc_nsec = wc.nsec;
    smp_wmb();
    WRITE_ONCE(s->wc_version, version + 1);
    spin_unlock(&wallclock_area_lock);
}

/* With the update flag a reader on another CPU can tell that the area is being written. */
void arch_runstate_update(struct vcpu *v)
{
    u64 va = v->runstate_guest_va;
    struct vcpu_runstate_info info;
    u64 at;

    if (likely(!va) || v != current)
        return;
    at = va + offsetof(struct vcpu_runstate_info, state_entry_time);
    info = v->runstate;
    if (!(v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag))) {
        (void)copy_to_kernel(v, va, &info, sizeof(info));
        return;
    }
    info.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if (copy_to_kernel(v, at, &info.state_entry_time, sizeof(u64)))
        return;
    smp_wmb();
    if (copy_to_kernel(v, va, &info, sizeof(info)))
        return;
    smp_wmb();
    info.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    (void)copy_to_kernel(v, at, &info.state_entry_time, sizeof(u64));
}

/* --- registration --- */

static long register_time_area(struct vcpu *v, u64 arg)
{
    struct vcpu_register_time_memory_area area;

    if (copy_from_guest_va(&area, arg, sizeof(area)) ||
        !guest_range_ok((u64)area.addr.h.p, 0)) /* only where it begins */
        return -EFAULT;
    v->time_info_guest_va = (u64)area.addr.h.p;
    v->arch.pending_tsc_stamp = 0; /* written now, or when v next runs */
    if (v == current)
        arch_vcpu_time_update(v);
    return 0;
}

/* Only for dom0, and only while the vCPU stays on one CPU. */
static long get_physid(const struct vcpu *v, u64 arg)
{
    struct vcpu_get_physid id;
    unsigned int cpu;

    if (!is_hardware_domain(v->domain) ||
        hweight64(v->allowed_cpus.bits & cpu_online_map.bits) != 1)
        return -EINVAL;
    cpu = ffs64(v->allowed_cpus.bits & cpu_online_map.bits);
    id.phys_id = apic_id_of_cpu(cpu) | (u64)acpi_id_of_cpu(cpu) << 32;
    return copy_to_guest_va(arg, &id, sizeof(id)) ? -EFAULT : 0;
}

long arch_vcpu_op(unsigned int cmd, struct vcpu *v, unsigned long arg)
{
    switch (cmd) {
    case VCPUOP_register_vcpu_time_memory_area:
        return register_time_area(v, arg);
    case VCPUOP_get_physid:
        return get_physid(v, arg);
    default:
        return -ENOSYS;
    }
}
