/* SPDX-License-Identifier: MIT */
/*
 * PIRQs: a domain's names for interrupt lines. The numbers of pins come first and are the GSIs for
 * dom0; messages count down from the top. A record lives as long as its domain, since interrupts
 * look at it without a lock.
 *
 * Owns domain->arch.pirq[]. Locks: domain->event_lock for writing guards the table; pci_lock before
 * it where messages are involved. Facts: public physdev.h, and what Xen 4.17 answers.
 */
#include "irq_internal.h"
#include "pci.h"

#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/rangeset.h>

#define DYNAMIC_PIRQS_HARDWARE 256
#define DYNAMIC_PIRQS_GUEST 32
#define FIRST_FREE_GSI 16

struct pirq_info {
    evtchn_port_t port;     /* 0: not bound */
    bool reserved;          /* given out by get_free_pirq */
    struct irq_line *line;  /* NULL: not mapped */
};

int pirq_domain_init(struct domain *d)
{
    u32 n = irq_nr_gsis() + (d->is_hardware ? DYNAMIC_PIRQS_HARDWARE : DYNAMIC_PIRQS_GUEST);

    d->arch.pirq_eoi_mfn = INVALID_MFN;
    d->arch.pirq = zalloc_objs(struct pirq_info *, n);
    if (!d->arch.pirq)
        return -ENOMEM;
    d->arch.nr_pirqs = n;
    return 0;
}

static struct pirq_info *info_of(const struct domain *d, u32 pirq)
{
    if (pirq >= d->arch.nr_pirqs)
        return NULL;
    return READ_ONCE(d->arch.pirq[array_index_nospec(pirq, d->arch.nr_pirqs)]);
}

/* event_lock held for writing. */
static struct pirq_info *info_get(struct domain *d, u32 pirq)
{
    struct pirq_info *info = info_of(d, pirq);

    if (info || pirq >= d->arch.nr_pirqs)
        return info;
    info = zalloc_obj(struct pirq_info);
    if (info)
        WRITE_ONCE(d->arch.pirq[pirq], info);
    return info;
}

bool pirq_is_mapped(const struct domain *d, u32 pirq)
{
    const struct pirq_info *info = info_of(d, pirq);

    return info && READ_ONCE(info->line);
}

evtchn_port_t pirq_port(const struct domain *d, u32 pirq)
{
    const struct pirq_info *info = info_of(d, pirq);

    return info ? READ_ONCE(info->port) : 0;
}

int pirq_set_port(struct domain *d, u32 pirq, evtchn_port_t port)
{
    struct pirq_info *info = port ? info_get(d, pirq) : info_of(d, pirq);

    if (!info)
        return port ? -ENOMEM : 0;
    WRITE_ONCE(info->port, port);
    return 0;
}

/* ---- the guest's page of "needs an EOI" bits ---- */

static void show_eoi_need(struct domain *d, u32 pirq, bool needs)
{
    unsigned long *map = d->arch.pirq_eoi_map;

    if (!map || pirq >= PAGE_SIZE * 8)
        return;
    if (needs)
        set_bit(pirq, map);
    else
        clear_bit(pirq, map);
}

static bool needs_eoi(struct domain *d, const struct pirq_info *info)
{
    return info->line && info->line->level && irq_line_bound_to(info->line, d);
}

int pirq_register_eoi_map(struct domain *d, u64 mfn, bool auto_unmask)
{
    struct frame *f;
    int rc = 0;

    if (!mfn_valid(mfn_from(mfn)))
        return -EINVAL;
    f = mfn_to_frame(mfn_from(mfn));
    if (!frame_get_and_type(f, d, FT_WRITABLE))
        return -EINVAL;
    write_lock(&d->event_lock);
    if (d->arch.pirq_eoi_map || d->dying)
        rc = -EBUSY;
    if (!rc) {
        d->arch.pirq_eoi_mfn = mfn_from(mfn);
        d->arch.pirq_eoi_map = frame_to_virt(f);
        d->arch.auto_unmask |= auto_unmask;
        for (u32 i = 0; i < d->arch.nr_pirqs; i++)
            if (d->arch.pirq[i])
                show_eoi_need(d, i, needs_eoi(d, d->arch.pirq[i]));
    }
    write_unlock(&d->event_lock);
    if (rc)
        frame_put_and_type(f);
    return rc;
}

static void drop_eoi_map(struct domain *d)
{
    mfn_t mfn = d->arch.pirq_eoi_mfn;
    bool had;

    write_lock(&d->event_lock);
    had = d->arch.pirq_eoi_map;
    d->arch.pirq_eoi_map = NULL;
    d->arch.auto_unmask = false;
    write_unlock(&d->event_lock);
    if (had)
        frame_put_and_type(mfn_to_frame(mfn));
}

/* ---- binding: event_lock held for writing ---- */

int pirq_guest_bind(struct vcpu *v, u32 pirq, bool will_share)
{
    struct domain *d = v->domain;
    struct pirq_info *info = info_of(d, pirq);
    int rc;

    (void)will_share; /* one binding a line: sharers within a guest are its own affair */
    if (!info || !info->line)
        return access_irq(d, pirq) ? -EINVAL : -EPERM;
    rc = irq_line_bind(info->line, v, pirq);
    if (!rc)
        show_eoi_need(d, pirq, info->line->level);
    return rc;
}

void pirq_guest_unbind(struct domain *d, u32 pirq)
{
    struct pirq_info *info = info_of(d, pirq);

    if (!info || !info->line || !irq_line_bound_to(info->line, d))
        return;
    irq_line_unbind(info->line);
    show_eoi_need(d, pirq, false);
}

void pirq_set_affinity(struct domain *d, u32 pirq, const struct vcpu *v)
{
    struct pirq_info *info = info_of(d, pirq);

    if (info && info->line && irq_line_bound_to(info->line, d))
        irq_line_set_vcpu(info->line, v);
}

int pirq_guest_eoi(struct domain *d, u32 pirq)
{
    struct pirq_info *info = info_of(d, pirq);

    if (!info)
        return -EINVAL;
    read_lock(&d->event_lock);
    if (info->line && irq_line_bound_to(info->line, d))
        irq_line_eoi(info->line);
    read_unlock(&d->event_lock);
    return 0;
}

void pirq_eoi_all(struct domain *d)
{
    for (u32 i = 0; i < d->arch.nr_pirqs; i++)
        if (info_of(d, i))
            (void)pirq_guest_eoi(d, i);
}

/* ---- mapping ---- */

static int pirq_of_line(const struct domain *d, const struct irq_line *line)
{
    for (u32 i = 0; i < d->arch.nr_pirqs; i++)
        if (d->arch.pirq[i] && d->arch.pirq[i]->line == line)
            return (int)i;
    return -1;
}

/* event_lock held for writing. */
static int find_free(const struct domain *d, bool for_gsi)
{
    int nr_gsis = (int)irq_nr_gsis();
    int first = for_gsi ? FIRST_FREE_GSI : (int)d->arch.nr_pirqs - 1;
    int end = for_gsi ? nr_gsis : nr_gsis - 1, step = for_gsi ? 1 : -1;

    for (int i = first; for_gsi ? i < end : i > end; i += step) {
        const struct pirq_info *info = d->arch.pirq[i];

        if (!info || (!info->line && !info->reserved && !info->port))
            return i;
    }
    return -ENOSPC;
}

int pirq_reserve_free(struct domain *d, bool for_gsi)
{
    struct pirq_info *info;
    int pirq;

    write_lock(&d->event_lock);
    pirq = find_free(d, for_gsi);
    if (pirq >= 0) {
        info = info_get(d, (u32)pirq);
        if (info)
            info->reserved = true;
        else
            pirq = -ENOMEM;
    }
    write_unlock(&d->event_lock);
    return pirq;
}

/* What a guest may bind is told by its set of interrupts; the hardware domain needs no entry. */
static int allow(struct domain *d, u32 pirq)
{
    return d->is_hardware ? 0 : rangeset_add(d->irqs, pirq, pirq);
}

/* event_lock held for writing. *done: it is mapped so already. */
static int map(struct domain *d, int pirq, struct irq_line *line, bool *done)
{
    struct pirq_info *info;
    int rc;

    *done = false;
    if (pirq < 0 || (u32)pirq >= d->arch.nr_pirqs)
        return -EINVAL;
    info = info_get(d, (u32)pirq);
    if (!info)
        return -ENOMEM;
    if (info->line) {
        *done = true;
        return 0;
    }
    rc = allow(d, (u32)pirq);
    if (rc)
        return rc;
    info->reserved = false;
    info->line = line;
    return 0;
}

int pirq_map_gsi(struct domain *d, int gsi, int *pirq)
{
    struct irq_line *line = gsi < 0 ? NULL : irq_gsi_line((u32)gsi);
    int wish = *pirq, present, rc;
    bool done;

    if (!line)
        return -EINVAL;
    if (!current->domain->is_hardware && !access_irq(current->domain, (u32)gsi))
        return -EPERM;
    if (!gsi)
        return -EINVAL; /* the legacy timer is ours */
    write_lock(&d->event_lock);
    present = pirq_of_line(d, line);
    rc = wish;
    if (wish < 0)
        rc = present >= 0 ? present : find_free(d, true);
    else if (present >= 0 && present != wish)
        rc = -EEXIST;
    if (rc >= 0) {
        wish = rc;
        rc = map(d, wish, line, &done);
        if (!rc)
            *pirq = wish;
    }
    write_unlock(&d->event_lock);
    return rc;
}

int pirq_map_msi(struct domain *d, int *pirq, const struct msi_request *r)
{
    struct irq_line *line;
    bool done = false;
    int wish, rc;

    spin_lock(&pci_lock);
    rc = msi_setup(r, d, &line);
    if (rc)
        goto out;
    write_lock(&d->event_lock);
    wish = *pirq < 0 ? find_free(d, false) : *pirq;
    rc = wish < 0 ? wish : map(d, wish, line, &done);
    if (!rc && !done) {
        msi_note_pirq(line->msi, (u32)wish);
        *pirq = wish;
    }
    write_unlock(&d->event_lock);
    if (rc || done)
        msi_teardown(line->msi);
out:
    spin_unlock(&pci_lock);
    return rc;
}

int pirq_unmap_locked(struct domain *d, int pirq)
{
    struct pirq_info *info = pirq < 0 ? NULL : info_of(d, (u32)pirq);
    struct irq_line *line = NULL;
    int rc = 0;

    if (!info)
        return -EINVAL;
    write_lock(&d->event_lock);
    if (info->line) {
        line = info->line;
        if (irq_line_bound_to(line, d)) {
            irq_line_unbind(line);
            show_eoi_need(d, (u32)pirq, false);
        }
        info->line = NULL;
        if (!d->is_hardware)
            rc = rangeset_remove(d->irqs, (u64)pirq, (u64)pirq);
    } else if (info->reserved) {
        info->reserved = false;
    } else {
        rc = -EINVAL;
    }
    write_unlock(&d->event_lock);
    if (line && line->is_msi)
        msi_teardown(line->msi);
    return rc;
}

int pirq_unmap(struct domain *d, int pirq)
{
    int rc;

    spin_lock(&pci_lock);
    rc = pirq_unmap_locked(d, pirq);
    spin_unlock(&pci_lock);
    return rc;
}

/* ---- end of a domain ---- */

void pirq_domain_relinquish(struct domain *d)
{
    if (!d->arch.pirq)
        return;
    for (u32 i = 0; i < d->arch.nr_pirqs; i++)
        if (info_of(d, i) && info_of(d, i)->line)
            (void)pirq_unmap(d, (int)i);
    drop_eoi_map(d);
}

void pirq_domain_free(struct domain *d)
{
    pirq_domain_relinquish(d);
    for (u32 i = 0; i < d->arch.nr_pirqs; i++)
        hv_free(d->arch.pirq[i]);
    hv_free(d->arch.pirq);
    d->arch.pirq = NULL;
    d->arch.nr_pirqs = 0;
}
