/* SPDX-License-Identifier: MIT */
/*
 * hypercall platform_op(op): dom0's part in running the machine. A table of functions; processors
 * are in platform_cpu.c, the firmware in platform_firmware.c. No lock is held: each function takes
 * those of what it changes. ABI: public platform.h; errors as Xen 4.17.
 * Facts: Intel SDM vol. 3, 11.11 (MTRRs); ACPI 4.8.3.2 (sleep control).
 */
#include "platform_internal.h"

#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/printk.h>
#include <hv/time.h>

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_BASE0 0x200
#define MTRR_VALID 0x800

/* ---- time ---- */

static long op_settime32(struct xen_platform_op *op, bool *copy_out)
{
    const struct xenpf_settime32 *t = &op->u.settime32;

    (void)copy_out;
    wallclock_set(t->secs, t->nsecs, t->system_time);
    return 0;
}

static long op_settime64(struct xen_platform_op *op, bool *copy_out)
{
    const struct xenpf_settime64 *t = &op->u.settime64;

    (void)copy_out;
    if (t->mbz)
        return -EINVAL;
    wallclock_set(t->secs, t->nsecs, t->system_time);
    return 0;
}

/* ---- memory types: dom0 sets them by page, so the registers stay as they are ---- */

#define MTRR_TYPE_WRITE_BACK 6 /* the last */

static u32 nr_mtrrs(void)
{
    u64 cap;

    if (!(cpuid(1, 0).d & BIT(12)) || rdmsr_safe(MSR_MTRR_CAP, &cap))
        return 0;
    return cap & 0xff;
}

static long op_add_memtype(struct xen_platform_op *op, bool *copy_out)
{
    const struct xenpf_add_memtype *m = &op->u.add_memtype;

    (void)copy_out;
    return !m->nr_mfns || m->type > MTRR_TYPE_WRITE_BACK ? -EINVAL : -EOPNOTSUPP;
}

static long op_del_memtype(struct xen_platform_op *op, bool *copy_out)
{
    (void)copy_out;
    if (op->u.del_memtype.handle || op->u.del_memtype.reg >= nr_mtrrs())
        return -EINVAL;
    return -EOPNOTSUPP;
}

static long op_read_memtype(struct xen_platform_op *op, bool *copy_out)
{
    struct xenpf_read_memtype *m = &op->u.read_memtype;
    u64 base, mask, address_bits = BIT(cpu_features.phys_bits) - 1;

    if (m->reg >= nr_mtrrs() || rdmsr_safe(MSR_MTRR_BASE0 + m->reg * 2, &base) ||
        rdmsr_safe(MSR_MTRR_BASE0 + m->reg * 2 + 1, &mask))
        return -EINVAL;
    m->mfn = m->nr_mfns = m->type = 0;
    if (mask & MTRR_VALID) {
        m->mfn = (base & address_bits) >> PAGE_SHIFT;
        m->nr_mfns = ((~mask & address_bits) >> PAGE_SHIFT) + 1;
        m->type = base & 0xff;
    }
    *copy_out = true;
    return 0;
}

/* ---- the machine ---- */

/*
 * The firmware's microcode is what there is: loading more is the firmware's or the loader's part.
 * The answer is that of Xen on a CPU for which it has no way to load any.
 */
static long op_microcode_update(struct xen_platform_op *op, bool *copy_out)
{
    (void)op;
    (void)copy_out;
    return -EINVAL;
}

/* None of the quirks touches us: no interrupt balancing, index registers always written. */
static long op_platform_quirk(struct xen_platform_op *op, bool *copy_out)
{
    (void)copy_out;
    switch (op->u.platform_quirk.quirk_id) {
    case QUIRK_NOIRQBALANCING:
    case QUIRK_IOAPIC_BAD_REGSEL:
    case QUIRK_IOAPIC_GOOD_REGSEL: return 0;
    default: return -EINVAL;
    }
}

/* Soft off is the only state from which nothing has to be restored. */
static long op_enter_acpi_sleep(struct xen_platform_op *op, bool *copy_out)
{
    const struct xenpf_enter_acpi_sleep *s = &op->u.enter_acpi_sleep;

    (void)copy_out;
    if (!s->sleep_state || s->sleep_state > 5 || s->flags & ~(u32)XENPF_ACPI_SLEEP_EXTENDED)
        return -EINVAL;
    if (s->flags & XENPF_ACPI_SLEEP_EXTENDED || !acpi_info.pm1a_cnt)
        return -EPERM;
    if (s->sleep_state != 5)
        return -EOPNOTSUPP;
    printk(LOG_INFO "dom0 powers the machine off\n");
    console_flush();
    irq_disable();
    smp_stop_others();
    acpi_enter_sleep(s->val_a, s->val_b);
    machine_halt();
}

/*
 * Clock frequencies and idle times are only for a dom0 that governs them, which we never ask it
 * to.
 */
static long op_dom0_cpufreq(struct xen_platform_op *op, bool *copy_out)
{
    (void)op;
    (void)copy_out;
    return -ENOSYS;
}

static long op_mem_hotadd(struct xen_platform_op *op, bool *copy_out)
{
    (void)copy_out;
    return op->u.mem_add.spfn >= op->u.mem_add.epfn ? -EINVAL : -EOPNOTSUPP;
}

/* One past the last comes back with an empty name and its number unchanged. */
static long op_get_symbol(struct xen_platform_op *op, bool *copy_out)
{
    struct xenpf_symdata *s = &op->u.symdata;
    const char *name;
    u32 bytes;

    if (s->symnum > symbol_table_size())
        return -ERANGE;
    name = symbol_by_index(s->symnum, &s->address);
    s->type = 't';
    if (name)
        s->symnum++;
    else
        name = "";
    bytes = (u32)MIN(strlen(name) + 1, (size_t)s->namelen);
    if (copy_to_guest_va((u64)s->name.p, name, bytes))
        return -EFAULT;
    s->namelen = bytes;
    *copy_out = true;
    return 0;
}

/* ---- dispatch ---- */

static const struct platform_op_entry {
    platform_fn fn;
    u8 bytes; /* of u that may go back */
} ops[] = {
#define OP(cmd, fn, member) \
    [XENPF_##cmd] = {fn, sizeof(((struct xen_platform_op *)0)->u.member)}
    OP(settime32, op_settime32, settime32),
    OP(settime64, op_settime64, settime64),
    OP(add_memtype, op_add_memtype, add_memtype),
    OP(del_memtype, op_del_memtype, del_memtype),
    OP(read_memtype, op_read_memtype, read_memtype),
    OP(microcode_update, op_microcode_update, microcode),
    OP(platform_quirk, op_platform_quirk, platform_quirk),
    OP(efi_runtime_call, platform_efi_runtime_call, efi_runtime_call),
    OP(firmware_info, platform_firmware_info, firmware_info),
    OP(enter_acpi_sleep, op_enter_acpi_sleep, enter_acpi_sleep),
    OP(change_freq, op_dom0_cpufreq, change_freq),
    OP(getidletime, op_dom0_cpufreq, getidletime),
    OP(set_processor_pminfo, platform_set_processor_pminfo, set_pminfo),
    OP(get_cpuinfo, platform_get_cpuinfo, pcpu_info),
    OP(get_cpu_version, platform_get_cpu_version, pcpu_version),
    OP(cpu_online, platform_cpu_online, cpu_ol),
    OP(cpu_offline, platform_cpu_offline, cpu_ol),
    OP(cpu_hotadd, platform_cpu_hotadd, cpu_add),
    OP(mem_hotadd, op_mem_hotadd, mem_add),
    OP(core_parking, platform_core_parking, core_parking),
    OP(resource_op, platform_resource_op, resource_op),
    OP(get_symbol, op_get_symbol, symdata),
#undef OP
};

HC(platform_op)
{
    const struct platform_op_entry *entry;
    struct xen_platform_op op;
    bool copy_out = false;
    long rc;

    (void)a2; (void)a3; (void)a4; (void)a5;
    if (copy_from_guest_va(&op, a1, sizeof(op)))
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    rc = access_platform_op(current->domain, op.cmd);
    if (rc)
        return rc;
    if (op.cmd >= ARRAY_SIZE(ops))
        return -ENOSYS;
    entry = &ops[array_index_nospec(op.cmd, ARRAY_SIZE(ops))];
    if (!entry->fn)
        return -ENOSYS;
    rc = entry->fn(&op, &copy_out);
    if (copy_out &&
        copy_to_guest_va(a1 + offsetof(struct xen_platform_op, u), &op.u, entry->bytes))
        return -EFAULT;
    return rc;
}
