/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts of PCI devices: we write the messages, dom0 names the device. While
 * a table of MSI-X is in use its frames are read-only for everybody else and its BAR stays in
 * place; of a capability in use, dom0 may write the control word only.
 *
 * Owns struct msi_entry. Locks: pci_lock for everything but the message functions, which run under
 * line->lock, from interrupts too. Facts: PCI Local Bus 3.0, 6.8; Intel SDM vol. 3, 11.11.
 */
#include "irq_internal.h"
#include "pci.h"

#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/errno.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/rangeset.h>

#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define REG_COMMAND 0x04
#define COMMAND_MEMORY 0x02
#define REG_BAR0 0x10
#define MSI_ENABLE 0x0001
#define MSI_COUNT 0x0070        /* how many of the messages are enabled */
#define MSI_64BIT 0x0080
#define MSI_MASKABLE 0x0100
#define MSIX_SIZE 0x07ff
#define MSIX_ENABLE 0x8000
#define MSIX_CAP_BYTES 12
#define MESSAGE_ADDRESS 0xfee00000u
enum { SLOT_ADDRESS, SLOT_ADDRESS_HIGH, SLOT_DATA, SLOT_CONTROL, SLOT_WORDS };

struct msi_entry {
    struct list_head list;      /* device->msi */
    struct pci_device *dev;
    struct irq_line *line;
    struct domain *owner;       /* unmaps its pirqs before it goes */
    u32 pirq;
    bool is_msix, is_64, maskable, masked;
    u32 nr;                     /* MSI-X: which */
    volatile u32 *slot;         /* MSI-X: in the table */
    u32 address, data;
};

/* ---- messages: line->lock held ---- */

static u32 mask_reg(const struct msi_entry *m)
{
    return m->dev->msi_pos + (m->is_64 ? 0x10u : 0x0cu);
}

static void put_address(const struct msi_entry *m)
{
    if (m->is_msix) {
        m->slot[SLOT_ADDRESS] = m->address;
        m->slot[SLOT_ADDRESS_HIGH] = 0;
        return;
    }
    pci_write32(m->dev, m->dev->msi_pos + 4u, m->address);
    if (m->is_64)
        pci_write32(m->dev, m->dev->msi_pos + 8u, 0);
}

static void put_data(const struct msi_entry *m)
{
    if (m->is_msix)
        m->slot[SLOT_DATA] = m->data;
    else
        pci_write16(m->dev, m->dev->msi_pos + (m->is_64 ? 12u : 8u), (u16)m->data);
}

/* Reading back makes sure that the write has arrived. */
static void put_mask(const struct msi_entry *m, bool mask)
{
    if (m->is_msix) {
        m->slot[SLOT_CONTROL] = mask;
        (void)m->slot[SLOT_CONTROL];
    } else if (m->maskable) {
        pci_write32(m->dev, mask_reg(m), mask ? ~0u : ~1u);
        (void)pci_read32(m->dev, mask_reg(m));
    }
}

void msi_write_message(struct msi_entry *m, u8 vector, u32 apic_id)
{
    m->address = MESSAGE_ADDRESS | apic_id << 12;
    m->data = vector; /* fixed delivery, edge */
    put_address(m);
    put_data(m);
}

/*
 * The vector stays, so without a mask this is one write; a table entry must be masked for a
 * change.
 */
void msi_retarget(struct msi_entry *m, u32 apic_id)
{
    m->address = MESSAGE_ADDRESS | apic_id << 12;
    if (m->is_msix && !m->masked)
        put_mask(m, true);
    put_address(m);
    if (m->is_msix && !m->masked)
        put_mask(m, false);
}

void msi_set_mask(struct msi_entry *m, bool mask)
{
    m->masked = mask;
    put_mask(m, mask);
}

void msi_note_pirq(struct msi_entry *m, u32 pirq)
{
    m->pirq = pirq;
}

/* ---- MSI-X tables ---- */

static void forbid(u64 first, u64 last)
{
    if (mmio_ro_ranges && rangeset_add(mmio_ro_ranges, first, last))
        printk(LOG_WARN "MSI-X: no memory to write-protect frames %#lx-%#lx\n", first, last);
}

static void permit(u64 first, u64 last)
{
    if (mmio_ro_ranges && rangeset_remove(mmio_ro_ranges, first, last))
        printk(LOG_WARN "MSI-X: frames %#lx-%#lx stay write-protected\n", first, last);
}

/* Where a memory BAR points; 0: it is none, or not placed. */
static u64 bar_address(const struct pci_device *p, u32 bar)
{
    u32 low = pci_read32(p, bar);
    u64 high = 0;

    if (low & 1)
        return 0;
    if ((low & 6) == 4) {
        if (bar >= REG_BAR0 + 5 * 4)
            return 0;
        high = pci_read32(p, bar + 4);
    }
    return high << 32 | (low & ~15u);
}

/* Where the structure described by `reg` (offset and BAR number) lies. */
static u64 structure_address(const struct pci_device *p, u32 reg, u64 told)
{
    u32 v = pci_read32(p, reg), bar = v & 7;
    u64 base;

    if (bar > 5)
        return 0;
    /* The BARs of a virtual function read as zero: dom0 knows. */
    if (p->is_virtfn)
        return reg == p->msix_pos + 4u ? told : 0;
    base = bar_address(p, REG_BAR0 + bar * 4);
    return base ? base + (v & ~7u) : 0;
}

static void note_frames(struct pci_device *p, int which, u64 pa, u64 bytes)
{
    p->msix.ro_first[which] = pa >> PAGE_SHIFT;
    p->msix.ro_last[which] = (pa + bytes - 1) >> PAGE_SHIFT;
    forbid(p->msix.ro_first[which], p->msix.ro_last[which]);
}

/* Frames hold registers, not RAM: nobody makes us write-protect or scribble on memory. */
static bool is_device_memory(u64 pa, u64 bytes)
{
    for (u64 mfn = pa >> PAGE_SHIFT; mfn <= (pa + bytes - 1) >> PAGE_SHIFT; mfn++)
        if (mfn_valid(mfn_from(mfn)) || mfn == lapic_base_address() >> PAGE_SHIFT ||
            ioapic_owns_frame(mfn))
            return false;
    return true;
}

static int msix_open(struct pci_device *p, u64 told)
{
    u32 n = (pci_read16(p, p->msix_pos + 2u) & MSIX_SIZE) + 1u;
    u64 table = structure_address(p, p->msix_pos + 4u, told);
    u64 pending = structure_address(p, p->msix_pos + 8u, told);

    if (p->msix.table)
        return 0;
    if (!table || !(pci_read16(p, REG_COMMAND) & COMMAND_MEMORY))
        return -ENXIO;
    if (!is_device_memory(table, n * 16UL))
        return -EINVAL;
    p->msix.table = vmap_device(table, n * 16UL, PAGE_HV_UC);
    if (!p->msix.table)
        return -ENOMEM;
    p->msix.entries = n;
    p->msix.bar = (u8)(REG_BAR0 + (pci_read32(p, p->msix_pos + 4u) & 7) * 4);
    p->msix.bar_value[0] = pci_read32(p, p->msix.bar);
    p->msix.bar_value[1] = pci_read32(p, p->msix.bar + 4u);
    note_frames(p, 0, table, n * 16UL);
    p->msix.ro_first[1] = 1;
    p->msix.ro_last[1] = 0;
    if (pending && is_device_memory(pending, DIV_ROUND_UP(n, 64) * 8UL))
        note_frames(p, 1, pending, DIV_ROUND_UP(n, 64) * 8UL);
    for (u32 i = 0; i < n; i++)
        p->msix.table[i * SLOT_WORDS + SLOT_CONTROL] = 1;
    return 0;
}

static bool msix_has_entries(const struct pci_device *p)
{
    return !list_empty(&p->msi) && list_first_entry(&p->msi, struct msi_entry, list)->is_msix;
}

static void msix_close(struct pci_device *p)
{
    if (!p->msix.table || p->msix.prepared || msix_has_entries(p))
        return;
    vunmap_device((const void *)p->msix.table, p->msix.entries * 16UL);
    p->msix.table = NULL;
    permit(p->msix.ro_first[0], p->msix.ro_last[0]);
    if (p->msix.ro_first[1] <= p->msix.ro_last[1])
        permit(p->msix.ro_first[1], p->msix.ro_last[1]);
}

static void msix_enable(const struct pci_device *p, bool on)
{
    u16 v = pci_read16(p, p->msix_pos + 2u);

    pci_write16(p, p->msix_pos + 2u, (u16)(on ? v | MSIX_ENABLE : v & ~MSIX_ENABLE));
}

/* ---- setting up ---- */

static void msi_control(const struct pci_device *p, u16 enable)
{
    u16 v = pci_read16(p, p->msi_pos + 2u);

    pci_write16(p, p->msi_pos + 2u, (u16)((v & ~(MSI_ENABLE | MSI_COUNT)) | enable));
}

static int open_msi(struct pci_device *p, struct msi_entry *m)
{
    u16 control = pci_read16(p, p->msi_pos + 2u);

    if (!list_empty(&p->msi))
        return -EEXIST;
    m->is_64 = control & MSI_64BIT;
    m->maskable = control & MSI_MASKABLE;
    msi_control(p, 0);
    return 0;
}

static int open_msix(struct pci_device *p, struct msi_entry *m, const struct msi_request *r)
{
    struct msi_entry *other;
    int rc;

    if (r->entry > (pci_read16(p, p->msix_pos + 2u) & MSIX_SIZE))
        return -EINVAL;
    list_for_each_entry(other, &p->msi, list)
        if (!other->is_msix || other->nr == r->entry)
            return -EEXIST;
    rc = msix_open(p, r->table_base);
    if (rc)
        return rc;
    m->is_msix = m->maskable = true;
    m->nr = r->entry;
    m->slot = &p->msix.table[r->entry * SLOT_WORDS];
    return 0;
}

int msi_setup(const struct msi_request *r, struct domain *owner, struct irq_line **line)
{
    struct pci_device *p = pci_find(r->segment, r->bus, r->devfn);
    struct msi_entry *m;
    int rc;

    if (!p || !(r->table_base ? p->msix_pos : p->msi_pos))
        return -ENODEV;
    m = zalloc_obj(struct msi_entry);
    if (!m)
        return -ENOMEM;
    m->dev = p;
    m->owner = owner;
    m->masked = true;
    rc = r->table_base ? open_msix(p, m, r) : open_msi(p, m);
    if (rc)
        goto fail;
    put_mask(m, true);
    m->line = irq_line_alloc_msi(m);
    rc = -ENOSPC;
    if (!m->line)
        goto fail;
    list_add_tail(&m->list, &p->msi);
    if (m->is_msix)
        msix_enable(p, true);
    else
        msi_control(p, MSI_ENABLE);
    *line = m->line;
    return 0;
fail:
    if (m->is_msix)
        msix_close(p);
    hv_free(m);
    return rc;
}

void msi_teardown(struct msi_entry *m)
{
    struct pci_device *p = m->dev;

    irq_line_unbind(m->line); /* masks */
    if (!m->is_msix)
        msi_control(p, 0);
    irq_line_free_msi(m->line);
    list_del(&m->list);
    if (m->is_msix && list_empty(&p->msi)) {
        msix_enable(p, false);
        msix_close(p);
    }
    hv_free(m);
}

void msi_probe(struct pci_device *p)
{
    p->msi_pos = pci_find_capability(p, CAP_MSI);
    p->msix_pos = pci_find_capability(p, CAP_MSIX);
}

void msi_unmap_all(struct pci_device *p)
{
    p->msix.prepared = false;
    while (!list_empty(&p->msi)) {
        struct msi_entry *m = list_first_entry(&p->msi, struct msi_entry, list);

        if (pirq_unmap_locked(m->owner, (int)m->pirq))
            BUG(); /* an entry in use has its pirq */
    }
    if (p->msix.table)
        msix_close(p);
}

/* After the device lost its registers (a reset, a power state): as they were. */
int msi_restore(struct pci_device *p)
{
    struct msi_entry *m;

    list_for_each_entry(m, &p->msi, list) {
        unsigned long flags = spin_lock_save(&m->line->lock);

        put_mask(m, true);
        put_address(m);
        put_data(m);
        put_mask(m, m->masked);
        spin_unlock_restore(&m->line->lock, flags);
        if (m->is_msix)
            msix_enable(p, true);
        else
            msi_control(p, MSI_ENABLE);
    }
    return 0;
}

/* Around giving the device to another domain: the table becomes ours before its first use. */
int msix_prepare(struct pci_device *p, bool release)
{
    int rc;

    if (!p->msix_pos)
        return -ENODEV;
    if (msix_has_entries(p) || p->msix.prepared != release)
        return -EBUSY;
    if (release) {
        p->msix.prepared = false;
        msix_close(p);
        return 0;
    }
    rc = msix_open(p, 0);
    p->msix.prepared = !rc;
    return rc;
}

/* ---- what dom0 may write ---- */

static bool overlaps(u32 reg, unsigned int bytes, u32 first, u32 size)
{
    return reg < first + size && first < reg + bytes;
}

/* The BAR of the table: only to the value it has, which is how dom0 restores a device. */
static bool bar_write_allowed(const struct pci_device *p, u32 reg, unsigned int bytes, u32 value)
{
    bool is_64 = (p->msix.bar_value[0] & 6) == 4;

    if (p->is_virtfn || !overlaps(reg, bytes, p->msix.bar, is_64 ? 8 : 4))
        return true;
    return bytes == 4 && (value & ~15u) == (p->msix.bar_value[(reg - p->msix.bar) / 4] & ~15u);
}

static u32 msi_cap_bytes(const struct msi_entry *m)
{
    return (m->is_64 ? 14u : 10u) + (m->maskable ? 10u : 0);
}

bool msi_config_write_allowed(const struct pci_device *p, u32 reg, unsigned int bytes, u32 *value)
{
    if (p->msix.table && overlaps(reg, bytes, p->msix_pos, MSIX_CAP_BYTES))
        return reg == p->msix_pos + 2u && bytes == 2;
    if (p->msix.table)
        return bar_write_allowed(p, reg, bytes, *value);
    if (!list_empty(&p->msi)) {
        const struct msi_entry *m = list_first_entry(&p->msi, struct msi_entry, list);

        if (!overlaps(reg, bytes, p->msi_pos, msi_cap_bytes(m)))
            return true;
        if (reg != p->msi_pos + 2u || bytes != 2)
            return false;
        *value &= ~(u32)MSI_COUNT; /* one message is set up */
    }
    return true;
}
