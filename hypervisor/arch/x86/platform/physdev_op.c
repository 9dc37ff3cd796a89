/* SPDX-License-Identifier: MIT */
/*
 * hypercall physdev_op(cmd, arg) and its older form: interrupts and I/O privilege here, PCI in
 * physdev_pci.c. A table gives each command its argument size and function; an unknown one is
 * -ENOSYS and a bad pointer -EFAULT before anybody asks who calls.
 * ABI: public physdev.h; errors as Xen 4.17.
 */
#include "irq_internal.h"
#include "physdev.h"

#include <asm/platform.h>
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <xen/physdev.h>

/* ---- interrupts of a guest ---- */

static long op_unmask_notify(void *arg, u64 va, bool *copy_out)
{
    (void)arg;
    (void)va;
    (void)copy_out;
    pirq_eoi_all(current->domain);
    return 0;
}

static long op_eoi(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_eoi *a = arg;
    struct domain *d = current->domain;
    evtchn_port_t port;

    (void)va;
    (void)copy_out;
    if (d->arch.auto_unmask) {
        port = pirq_port(d, a->irq);
        if (port)
            (void)event_channel_unmask(d, port);
    }
    return pirq_guest_eoi(d, a->irq);
}

/* A guest that does not look at the EOI page must end every interrupt. */
static long op_irq_status_query(void *arg, u64 va, bool *copy_out)
{
    struct physdev_irq_status_query *a = arg;

    (void)va;
    if (a->irq >= current->domain->arch.nr_pirqs)
        return -EINVAL;
    a->flags = XENIRQSTAT_needs_eoi;
    *copy_out = true;
    return 0;
}

static long op_pirq_eoi_gmfn_v1(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pirq_eoi_gmfn *a = arg;

    (void)va;
    (void)copy_out;
    return pirq_register_eoi_map(current->domain, a->gmfn, true);
}

static long op_pirq_eoi_gmfn_v2(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_pirq_eoi_gmfn *a = arg;

    (void)va;
    (void)copy_out;
    return pirq_register_eoi_map(current->domain, a->gmfn, false);
}

static long op_get_free_pirq(void *arg, u64 va, bool *copy_out)
{
    struct physdev_get_free_pirq *a = arg;
    int pirq = pirq_reserve_free(current->domain, a->type == MAP_PIRQ_TYPE_GSI);

    (void)va;
    if (pirq < 0)
        return pirq;
    a->pirq = (u32)pirq;
    *copy_out = true;
    return 0;
}

/* ---- I/O privilege of the calling vCPU ---- */

static long op_set_iopl(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_set_iopl *a = arg;

    (void)va;
    (void)copy_out;
    if (a->iopl > 3)
        return -EINVAL;
    current->arch.pv.iopl = a->iopl;
    return 0;
}

static long op_set_iobitmap(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_set_iobitmap *a = arg;

    (void)va;
    (void)copy_out;
    if (a->nr_ports > 65536)
        return -EINVAL;
    current->arch.pv.iobmp = (u64)a->bitmap.p;
    current->arch.pv.iobmp_limit = a->nr_ports;
    return 0;
}

/* ---- the machine's interrupt lines ---- */

static long op_apic_read(void *arg, u64 va, bool *copy_out)
{
    struct physdev_apic *a = arg;

    (void)va;
    if (!ioapic_reg_read(a->apic_physbase, a->reg, &a->value))
        return -EINVAL;
    *copy_out = true;
    return 0;
}

/*
 * Kernels older than setup_gsi write redirection entries. Of such a write only trigger and polarity
 * count, and only for a line that is not in use; the rest is ours. Other registers: ignored.
 */
static long op_apic_write(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_apic *a = arg;
    struct irq_line *line;
    u32 gsi_base, unused;

    (void)va;
    (void)copy_out;
    if (!ioapic_reg_read(a->apic_physbase, 0, &unused))
        return -EINVAL;
    if (a->reg < 0x10 || a->reg & 1)
        return 0;
    for (u32 i = 0; i < acpi_info.nr_ioapics; i++) {
        if (acpi_info.ioapic[i].base != a->apic_physbase)
            continue;
        gsi_base = acpi_info.ioapic[i].gsi_base;
        line = irq_gsi_line(gsi_base + (a->reg - 0x10) / 2);
        if (line)
            (void)irq_line_set_trigger(line, a->value & BIT(15), a->value & BIT(13));
        return line ? 0 : -EINVAL;
    }
    return -EINVAL;
}

/* Vectors are ours alone: the guest gets its own number back. */
static long op_alloc_irq_vector(void *arg, u64 va, bool *copy_out)
{
    struct physdev_irq *a = arg;

    (void)va;
    a->vector = a->irq;
    *copy_out = true;
    return 0;
}

static long op_setup_gsi(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_setup_gsi *a = arg;
    struct irq_line *line = a->gsi < 0 ? NULL : irq_gsi_line((u32)a->gsi);

    (void)va;
    (void)copy_out;
    if (!line)
        return -EINVAL;
    if (access_control_op(current->domain))
        return -EPERM;
    if (!a->gsi || line->is_told) /* once each; the first is the old interrupt controller's */
        return -EEXIST;
    line->is_told = true;
    return irq_line_set_trigger(line, a->triggering, a->polarity);
}

static long map_msi(struct domain *d, struct physdev_map_pirq *a, u16 segment)
{
    const struct msi_request r = {.segment = segment, .bus = (u8)a->bus, .devfn = (u8)a->devfn,
                                  .entry = (u32)a->entry_nr, .table_base = a->table_base};

    if (a->index != -1)
        return -EINVAL;
    return pirq_map_msi(d, &a->pirq, &r);
}

/* Several messages need consecutive vectors remapped by an IOMMU; one is always possible. */
static long map_multi_msi(struct domain *d, struct physdev_map_pirq *a)
{
    if (a->table_base)
        return -EINVAL;
    if (a->entry_nr <= 0 || a->entry_nr > 32)
        return -EDOM;
    if (a->entry_nr != 1)
        return -EOPNOTSUPP;
    return map_msi(d, a, (u16)((u32)a->bus >> 16));
}

static long map_by_type(struct domain *d, struct physdev_map_pirq *a)
{
    switch (a->type) {
    case MAP_PIRQ_TYPE_GSI: return pirq_map_gsi(d, a->index, &a->pirq);
    case MAP_PIRQ_TYPE_MSI: return map_msi(d, a, 0);
    case MAP_PIRQ_TYPE_MSI_SEG: return map_msi(d, a, (u16)((u32)a->bus >> 16));
    case MAP_PIRQ_TYPE_MULTI_MSI: return map_multi_msi(d, a);
    default: return -EINVAL;
    }
}

static long op_map_pirq(void *arg, u64 va, bool *copy_out)
{
    struct physdev_map_pirq *a = arg;
    struct domain *d = domain_get_by_any_id(a->domid);
    long rc;

    (void)va;
    if (!d)
        return -ESRCH;
    rc = access_control_op(current->domain);
    *copy_out = !rc;
    if (!rc)
        rc = map_by_type(d, a);
    domain_put(d);
    return rc;
}

static long op_unmap_pirq(void *arg, u64 va, bool *copy_out)
{
    const struct physdev_unmap_pirq *a = arg;
    struct domain *d = domain_get_by_any_id(a->domid);
    long rc;

    (void)va;
    (void)copy_out;
    if (!d)
        return -ESRCH;
    rc = access_control_op(current->domain);
    if (!rc)
        rc = pirq_unmap(d, a->pirq);
    domain_put(d);
    return rc;
}

/* ---- dispatch ---- */

static const struct physdev_op_entry {
    physdev_fn fn;
    u8 size;
    bool ask_first; /* who calls, before looking at the argument */
} ops[] = {
#define OP(cmd, fn, type) [PHYSDEVOP_##cmd] = {fn, sizeof(struct type), false}
#define OP_ASK_FIRST(cmd, fn, type) [PHYSDEVOP_##cmd] = {fn, sizeof(struct type), true}
    [PHYSDEVOP_IRQ_UNMASK_NOTIFY] = {op_unmask_notify, 0, false},
    OP(irq_status_query, op_irq_status_query, physdev_irq_status_query),
    OP(set_iopl, op_set_iopl, physdev_set_iopl),
    OP(set_iobitmap, op_set_iobitmap, physdev_set_iobitmap),
    OP(apic_read, op_apic_read, physdev_apic),
    OP(apic_write, op_apic_write, physdev_apic),
    OP(alloc_irq_vector, op_alloc_irq_vector, physdev_irq),
    OP(eoi, op_eoi, physdev_eoi),
    OP(map_pirq, op_map_pirq, physdev_map_pirq),
    OP(unmap_pirq, op_unmap_pirq, physdev_unmap_pirq),
    OP(manage_pci_add, physdev_manage_pci_add, physdev_manage_pci),
    OP(manage_pci_remove, physdev_manage_pci_remove, physdev_manage_pci),
    OP(pirq_eoi_gmfn_v1, op_pirq_eoi_gmfn_v1, physdev_pirq_eoi_gmfn),
    OP(restore_msi, physdev_restore_msi, physdev_restore_msi),
    OP(manage_pci_add_ext, physdev_manage_pci_add_ext, physdev_manage_pci_ext),
    OP(setup_gsi, op_setup_gsi, physdev_setup_gsi),
    OP(get_free_pirq, op_get_free_pirq, physdev_get_free_pirq),
    OP_ASK_FIRST(pci_mmcfg_reserved, physdev_pci_mmcfg_reserved, physdev_pci_mmcfg_reserved),
    OP(pci_device_add, physdev_pci_device_add, physdev_pci_device_add),
    OP(pci_device_remove, physdev_pci_device_remove, physdev_pci_device),
    OP(restore_msi_ext, physdev_restore_msi_ext, physdev_pci_device),
    OP(pirq_eoi_gmfn_v2, op_pirq_eoi_gmfn_v2, physdev_pirq_eoi_gmfn),
    OP_ASK_FIRST(dbgp_op, physdev_dbgp_op, physdev_dbgp_op),
    OP(prepare_msix, physdev_prepare_msix, physdev_pci_device),
    OP(release_msix, physdev_release_msix, physdev_pci_device),
};

union physdev_arg {
    struct physdev_map_pirq largest;
    struct physdev_pci_device_add add;
    struct physdev_set_iobitmap bitmap;
    struct physdev_apic apic;
};

static const struct physdev_op_entry *find(u32 cmd)
{
    const struct physdev_op_entry *op;

    if (cmd >= ARRAY_SIZE(ops))
        return NULL;
    op = &ops[array_index_nospec(cmd, ARRAY_SIZE(ops))];
    return op->fn ? op : NULL;
}

static long execute(u32 cmd, const struct physdev_op_entry *op, u64 va)
{
    union physdev_arg arg;
    bool copy_out = false;
    long rc = op->ask_first ? access_physdev_op(current->domain, cmd) : 0;

    _Static_assert(sizeof(arg) >= sizeof(struct physdev_pci_mmcfg_reserved) &&
                       sizeof(arg) >= sizeof(struct physdev_manage_pci_ext),
                   "every argument fits");
    if (rc)
        return rc;
    if (op->size && copy_from_guest_va(&arg, va, op->size))
        return -EFAULT;
    rc = access_physdev_op(current->domain, cmd);
    if (rc)
        return rc;
    rc = op->fn(&arg, va, &copy_out);
    if (copy_out && copy_to_guest_va(va, &arg, op->size))
        return -EFAULT;
    return rc;
}

HC(physdev_op)
{
    const struct physdev_op_entry *op = find((u32)a1);

    (void)a3; (void)a4; (void)a5;
    return op ? execute((u32)a1, op, a2) : -ENOSYS;
}

/* Before Xen 3.2: command and argument in one structure. Newer commands work in it, too. */
HC(physdev_op_compat)
{
    const struct physdev_op_entry *op;
    u32 cmd;

    (void)a2; (void)a3; (void)a4; (void)a5;
    if (copy_from_guest_va(&cmd, a1 + offsetof(struct physdev_op, cmd), sizeof(cmd)))
        return -EFAULT;
    op = find(cmd);
    if (!op)
        return -ENOSYS;
    return execute(cmd, op, a1 + offsetof(struct physdev_op, u));
}
