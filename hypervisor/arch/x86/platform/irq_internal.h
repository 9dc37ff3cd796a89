/* SPDX-License-Identifier: MIT */
/*
 * Between irq.c (lines and vectors), pirq.c (what guests see of them), msi.c and pci.c.
 *
 * Lock order: pci_lock, domain->event_lock, line->lock, then the leaves vector_lock, ioapic_lock
 * and the lock of the configuration ports. line->lock and what comes after it are taken by
 * interrupt handlers, hence always with interrupts off; the first two never are.
 */
#ifndef PLATFORM_IRQ_INTERNAL_H
#define PLATFORM_IRQ_INTERNAL_H

#include <hv/domain.h>
#include <hv/spinlock.h>

struct msi_entry;
struct pci_device;

/*
 * A source of interrupts: the pin of an I/O APIC or a message. It keeps its vector number for life
 * and moves only to a CPU where that number is free, so a move is one register write: no interrupt
 * can arrive half-moved. Lines are never freed, only used again, so a late handler may look at
 * one.
 */
struct irq_line {
    spinlock_t lock;
    u32 gsi;                 /* pins only */
    bool is_msi, in_use;     /* in_use: messages only, vector_lock */
    bool reserved;           /* nobody gets it: the legacy timer's pin */
    bool level, low;
    bool is_told;            /* dom0 has said how it triggers */
    bool awaits_eoi;         /* level: masked until the guest has served its device */
    u8 vector;               /* 0: none yet */
    u32 cpu;                 /* where the source sends to */
    s32 old_cpu;             /* where it sent to until the first arrival at cpu; -1 none */
    s_time_t moved_ns;
    void (*handler)(void *); /* the hypervisor's own, or NULL */
    void *data;
    const struct vcpu *vcpu; /* bound guest: the vCPU that is notified, or NULL */
    u32 pirq;
    struct msi_entry *msi;
    u64 count;
};

/* irq.c */
u32 irq_nr_gsis(void);
struct irq_line *irq_gsi_line(u32 gsi);              /* NULL: no such pin */
/** -EEXIST: the line is in use, its trigger stays. */
int irq_line_set_trigger(struct irq_line *l, bool level, bool low);
/** Deliver to v's domain from now on. -EBUSY, -ENOSPC (no vector). */
int irq_line_bind(struct irq_line *l, struct vcpu *v, u32 pirq);
void irq_line_unbind(struct irq_line *l);
bool irq_line_bound_to(struct irq_line *l, const struct domain *d);
void irq_line_eoi(struct irq_line *l);
void irq_line_set_vcpu(struct irq_line *l, const struct vcpu *v);
/** A line for a message with a vector on some CPU; NULL when there is none left. */
struct irq_line *irq_line_alloc_msi(struct msi_entry *m);
void irq_line_free_msi(struct irq_line *l);

/* msi.c. The message functions: line->lock held. */
void msi_write_message(struct msi_entry *m, u8 vector, u32 apic_id);
void msi_retarget(struct msi_entry *m, u32 apic_id);
void msi_set_mask(struct msi_entry *m, bool mask);

struct msi_request {
    u16 segment;
    u8 bus, devfn;
    u32 entry;               /* MSI-X */
    u64 table_base;          /* 0: plain MSI */
};
/* pci_lock held. */
int msi_setup(const struct msi_request *r, struct domain *owner, struct irq_line **line);
void msi_teardown(struct msi_entry *m);
void msi_note_pirq(struct msi_entry *m, u32 pirq);
/** Dom0 writes configuration register reg: false to drop it. *value may change. */
bool msi_config_write_allowed(const struct pci_device *p, u32 reg, unsigned int bytes, u32 *value);
void msi_probe(struct pci_device *p);
int msi_restore(struct pci_device *p);
int msix_prepare(struct pci_device *p, bool release);
void msi_unmap_all(struct pci_device *p);

/* pirq.c: on behalf of a hypercall, no lock held. */
int pirq_map_gsi(struct domain *d, int gsi, int *pirq);
int pirq_map_msi(struct domain *d, int *pirq, const struct msi_request *r);
int pirq_unmap(struct domain *d, int pirq);
/** The same with pci_lock held. */
int pirq_unmap_locked(struct domain *d, int pirq);
int pirq_reserve_free(struct domain *d, bool for_gsi);
int pirq_register_eoi_map(struct domain *d, u64 mfn, bool auto_unmask);
/** Every level interrupt that d has been given and not ended. */
void pirq_eoi_all(struct domain *d);

#endif
