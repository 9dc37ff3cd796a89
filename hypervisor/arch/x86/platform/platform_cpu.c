/* SPDX-License-Identifier: MIT */
/*
 * Processors as dom0 sees them: who is there, and what it may ask of one. All CPUs come up at boot
 * and stay; there is no hot-plug and no parking. No locks: what is read here is fixed after boot.
 * ABI: public platform.h; errors as Xen 4.17. Facts: Intel SDM vol. 3, 18.18 (monitoring MSRs).
 */
#include "platform_internal.h"

#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/arch.h>
#include <hv/guest_access.h>
#include <hv/irq.h>
#include <hv/printk.h>

#define MAX_RESOURCE_ENTRIES 2
#define MSR_CMT_SELECT 0xc8d
#define MSR_CMT_COUNTER 0xc8e

static bool is_present(u32 cpu)
{
    return cpu < MAX_CPUS && cpumask_test(cpu, &cpu_present_map);
}

static bool is_online(u32 cpu)
{
    return cpu < MAX_CPUS && cpumask_test(cpu, &cpu_online_map);
}

static u32 last_present(void)
{
    return fls64(cpu_present_map.bits);
}

long platform_get_cpuinfo(struct xen_platform_op *op, bool *copy_out)
{
    struct xenpf_pcpuinfo *i = &op->u.pcpu_info;

    i->max_present = last_present();
    i->flags = XEN_PCPU_FLAGS_INVALID;
    if (is_present(i->xen_cpuid)) {
        u32 cpu = (u32)array_index_nospec(i->xen_cpuid, MAX_CPUS);

        i->flags = is_online(cpu) ? XEN_PCPU_FLAGS_ONLINE : 0;
        i->apic_id = apic_id_of_cpu(cpu);
        i->acpi_id = acpi_id_of_cpu(cpu);
    }
    *copy_out = true;
    return 0;
}

/* Secondary CPUs must have what the boot CPU has, so one answer serves all. */
long platform_get_cpu_version(struct xen_platform_op *op, bool *copy_out)
{
    struct xenpf_pcpu_version *v = &op->u.pcpu_version;
    struct cpuid_regs id = cpuid(0, 0);

    memset(v->vendor_id, 0, sizeof(v->vendor_id));
    v->family = v->model = v->stepping = 0;
    v->max_present = last_present();
    if (is_online(v->xen_cpuid)) {
        memcpy(v->vendor_id, &id.b, 4);
        memcpy(v->vendor_id + 4, &id.d, 4);
        memcpy(v->vendor_id + 8, &id.c, 4);
        v->family = cpu_features.family;
        v->model = cpu_features.model;
        v->stepping = cpu_features.stepping;
    }
    *copy_out = true;
    return 0;
}

long platform_cpu_online(struct xen_platform_op *op, bool *copy_out)
{
    (void)copy_out;
    if (!is_present(op->u.cpu_ol.cpuid))
        return -EINVAL;
    return is_online(op->u.cpu_ol.cpuid) ? 0 : -EOPNOTSUPP;
}

long platform_cpu_offline(struct xen_platform_op *op, bool *copy_out)
{
    (void)copy_out;
    if (!op->u.cpu_ol.cpuid)
        return -EOPNOTSUPP;
    if (!is_present(op->u.cpu_ol.cpuid))
        return -EINVAL;
    return is_online(op->u.cpu_ol.cpuid) ? -EOPNOTSUPP : 0;
}

#define MAX_APIC_ID 0xffffU
#define MAX_PXM 0xffU

long platform_cpu_hotadd(struct xen_platform_op *op, bool *copy_out)
{
    unsigned int cpu;

    (void)copy_out;
    if (op->u.cpu_add.apic_id > MAX_APIC_ID || op->u.cpu_add.pxm > MAX_PXM)
        return -EINVAL;
    for_each_cpu_in(cpu, &cpu_present_map)
        if (apic_id_of_cpu(cpu) == op->u.cpu_add.apic_id)
            return -EEXIST;
    return -EOPNOTSUPP;
}

long platform_core_parking(struct xen_platform_op *op, bool *copy_out)
{
    switch (op->u.core_parking.type) {
    case XEN_CORE_PARKING_SET:
        return op->u.core_parking.idle_nums ? -EOPNOTSUPP : 0;
    case XEN_CORE_PARKING_GET:
        op->u.core_parking.idle_nums = 0;
        *copy_out = true;
        return 0;
    default:
        return -EINVAL;
    }
}

static bool acpi_id_known(u32 acpi_id)
{
    unsigned int cpu;

    for_each_cpu_in(cpu, &cpu_present_map)
        if (acpi_id_of_cpu(cpu) == acpi_id)
            return true;
    return false;
}

/* Idle CPUs halt and clocks stay at what the firmware set: taken note of, and not used. */
long platform_set_processor_pminfo(struct xen_platform_op *op, bool *copy_out)
{
    static bool said;

    (void)copy_out;
    switch (op->u.set_pminfo.type) {
    case XEN_PM_CX:
    case XEN_PM_PX:
        if (!acpi_id_known(op->u.set_pminfo.id))
            return -EINVAL;
        if (!said)
            printk(LOG_INFO "dom0 has uploaded ACPI processor states; they are not used\n");
        said = true;
        return 0;
    case XEN_PM_TX: return -ENOSYS;
    case XEN_PM_PDC: return 0; /* dom0's own bits are right as they are */
    default: return -EINVAL;
    }
}

/* ---- a batch of MSR accesses on one CPU ---- */

struct resource_batch {
    u32 n, done;
    struct xenpf_resource_entry entry[MAX_RESOURCE_ENTRIES];
};

static int check_resource(const struct xenpf_resource_entry *e)
{
    if (e->u.cmd != XEN_RESOURCE_OP_MSR_READ && e->u.cmd != XEN_RESOURCE_OP_MSR_WRITE)
        return -EOPNOTSUPP;
    if (e->idx >> 32)
        return -EINVAL;
    if (e->idx != MSR_TSC && e->idx != MSR_CMT_SELECT && e->idx != MSR_CMT_COUNTER)
        return -EACCES;
    if (e->u.cmd == XEN_RESOURCE_OP_MSR_WRITE && e->idx == MSR_TSC)
        return -EPERM;
    return 0;
}

static void access_resources(void *data)
{
    struct resource_batch *b = data;
    unsigned long flags = irq_save();
    int rc = 0;

    for (u32 i = 0; i < b->n && !rc; i++) {
        struct xenpf_resource_entry *e = &b->entry[i];

        rc = check_resource(e);
        if (!rc)
            rc = e->u.cmd == XEN_RESOURCE_OP_MSR_READ ? rdmsr_safe((u32)e->idx, &e->val)
                                                      : wrmsr_safe((u32)e->idx, e->val);
        e->u.ret = rc;
        b->done += !rc;
    }
    irq_restore(flags);
}

/* How many were done; the entry after them says why it was not. */
long platform_resource_op(struct xen_platform_op *op, bool *copy_out)
{
    const struct xenpf_resource_op *r = &op->u.resource_op;
    struct resource_batch b = {.n = r->nr_entries};

    (void)copy_out;
    if (!r->nr_entries)
        return 0;
    if (r->nr_entries > MAX_RESOURCE_ENTRIES)
        return -EINVAL;
    if (copy_from_guest(b.entry, r->entries, b.n))
        return -EFAULT;
    if (!is_online(r->cpu))
        return -ENODEV;
    smp_call(BIT(array_index_nospec(r->cpu, MAX_CPUS)), access_resources, &b);
    if (copy_to_guest(r->entries, b.entry, MIN(b.done + 1, b.n)))
        return -EFAULT;
    return b.done;
}
