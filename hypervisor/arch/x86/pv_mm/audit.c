/* SPDX-License-Identifier: MIT */
/*
 * The frame audit: debug key 'F'. Stops every guest, counts again from all page tables, roots,
 * descriptor tables, grants and registered pages what each frame's record should hold, and
 * compares: references, uses, types against mappings, linear counts, owners against page lists.
 * Tests run it at their end; a defect of ours that has not done harm yet shows here.
 *
 * Reads what others own, so it relies on nobody running: whoever cannot be stopped soon makes it
 * give up. Takes page_lock only. It changes nothing.
 */
#include "internal.h"

#include <hv/atomic.h>
#include <hv/console.h>
#include <hv/domctl.h>
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/time.h>

#define FAULTS_SHOWN 20

/* What should be there, by frame number. */
struct tally {
    u32 refs, uses;
    s16 linear;
    u16 pad;
};

static struct tally *tally;
static u32 nr_faults, nr_frames;

static void __printf(2, 3) fault(const struct frame *f, const char *fmt, ...)
{
    char text[120];
    va_list ap;

    if (++nr_faults > FAULTS_SHOWN)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printk(LOG_ERR "audit: frame %#lx (count %#lx type %#lx owner %d): %s\n",
           mfn_raw(frame_to_mfn(f)), f->count, f->type, (int)f->owner - 1, text);
}

/* ---- what holds frames ---- */

static void expect(const struct frame *f, u32 refs, u32 uses)
{
    struct tally *t = &tally[mfn_raw(frame_to_mfn(f))];

    t->refs += refs;
    t->uses += uses;
}

static void expect_held(struct frame *f, void *unused)
{
    (void)unused;
    if (f)
        expect(f, 1, 1);
}

static void expect_mfn(u64 mfn)
{
    if (mfn)
        expect(mfn_to_frame(mfn_from(mfn)), 1, 1);
}

static void device_pins(struct frame *f, u32 readers, u32 writers)
{
    expect(f, readers + writers, writers);
}

static void l1_entry(const struct frame *table, unsigned int index, pte_t e)
{
    const struct frame *f = mfn_to_frame(pte_mfn(e));

    if (!mfn_valid(pte_mfn(e)) || !(f->count & FC_COUNT_MASK))
        return; /* a device's */
    expect(f, 1, !!(e & PTE_RW));
    if (e & PTE_RW && (f->type & FT_MASK) != FT_WRITABLE)
        fault(f, "mapped writable by entry %u of L1 table %#lx", index,
              mfn_raw(frame_to_mfn(table)));
}

static void upper_entry(const struct frame *table, u64 level, unsigned int index, pte_t e)
{
    const struct frame *f = mfn_to_frame(pte_mfn(e));
    u64 type;

    if (!mfn_valid(pte_mfn(e))) {
        fault(table, "entry %u of this L%lu table refers to no RAM", index, level);
        return;
    }
    if (f == table)
        return;
    expect(f, 1, 1);
    type = (f->type & FT_MASK) >> FT_SHIFT;
    if (type == level) {
        tally[mfn_raw(frame_to_mfn(table))].linear++;
        tally[mfn_raw(frame_to_mfn(f))].linear--;
    } else if (type != level - 1 || !(f->type & FT_VALIDATED)) {
        fault(f, "used by entry %u of L%lu table %#lx", index, level,
              mfn_raw(frame_to_mfn(table)));
    }
    if (f->owner != table->owner)
        fault(f, "a table of somebody else's in L%lu table %#lx", level,
              mfn_raw(frame_to_mfn(table)));
}

static void table_entries(const struct frame *f, unsigned int end)
{
    u64 level = (f->type & FT_MASK) >> FT_SHIFT;
    const pte_t *t = frame_to_virt(f);

    for (unsigned int i = 0; i < end; i++) {
        if (!(t[i] & PTE_PRESENT) || (level == 4 && i >= HV_FIRST_SLOT && i <= HV_LAST_SLOT))
            continue;
        if (level == 1)
            l1_entry(f, i, t[i]);
        else
            upper_entry(f, level, i, t[i]);
    }
}

static bool is_table(const struct frame *f)
{
    return (f->type & FT_MASK) >= FT_L1 && (f->type & FT_MASK) <= FT_L4;
}

/* What the frame's own state stands for. */
static void own_state(const struct frame *f)
{
    if (f->count & FC_ALLOCATED)
        expect(f, 1, !!(f->count & FC_HV)); /* sharing one of our pages is a use as well */
    if (f->type & FT_PINNED)
        expect(f, 1, 1);
    if (f->deferred_next && !(f->count & FC_HV)) /* on a deferred list */
        expect(f, 1, 0);
    if (f->type & (FT_VALIDATING | FT_LOCKED))
        fault(f, "left locked or being checked");
    if (!is_table(f))
        return;
    if (f->type & FT_PARTIAL) {
        expect(f, 1, 0);
        table_entries(f, f->nr_validated);
    } else if (f->type & FT_COUNT_MASK) {
        table_entries(f, PT_ENTRIES);
    }
}

static void vcpu_holds(const struct vcpu *v)
{
    const struct pv_vcpu *pv = &v->arch.pv;

    expect_mfn(pv->kernel_root);
    expect_mfn(pv->user_root);
    for (unsigned int i = 0; i < DIV_ROUND_UP(pv->gdt_entries, 512); i++)
        expect_mfn(pv->gdt_mfns[i]);
    for (unsigned int i = 0; i < ARRAY_SIZE(pv->shadow_ldt); i++)
        expect_held(pv->shadow_ldt[i], NULL);
    expect_held(v->vcpu_info_frame, NULL);
}

static void domain_holds(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        vcpu_holds(v);
    event_fifo_each_frame(d, expect_held, NULL);
    grant_table_each_device_pin(d, device_pins);
    if (d->arch.pirq_eoi_map)
        expect_mfn(mfn_raw(d->arch.pirq_eoi_mfn));
    if (d->arch.relmem && d->arch.relmem != ~0u)
        expect(mfn_to_frame(mfn_from(d->arch.relmem)), 1, 0);
}

/* ---- comparing ---- */

/* Records of a domain that is just being freed are not for us to judge. */
static bool is_judged(const struct frame *f)
{
    const struct domain *d = frame_owner(f);

    return f->owner && d && atomic_read(&d->refcount) && !(f->count & FC_FREE);
}

static void compare(const struct frame *f)
{
    const struct tally *t = &tally[mfn_raw(frame_to_mfn(f))];

    nr_frames++;
    if ((f->count & FC_COUNT_MASK) != t->refs)
        fault(f, "%u references found", t->refs);
    if ((f->type & FT_COUNT_MASK) != t->uses)
        fault(f, "%u uses found", t->uses);
    if (f->type & FT_COUNT_MASK && !(f->type & FT_VALIDATED))
        fault(f, "in use without having been checked");
    if (is_table(f) && f->linear_count != t->linear)
        fault(f, "linear count %d, %d found", f->linear_count, t->linear);
}

/* Frames on d's list are d's, and as many as it has. */
static void check_list(struct domain *d)
{
    u64 n = 0;

    spin_lock(&d->page_lock);
    for (u32 nr = d->page_list_head; nr && n <= max_frame;) {
        const struct frame *f = mfn_to_frame(mfn_from(nr));

        if (f->owner != (u32)d->domid + 1 || f->count & (FC_HV | FC_FREE))
            fault(f, "on the list of domain %u", d->domid);
        nr = f->list_next;
        n++;
    }
    if (n != d->tot_pages + d->extra_pages) {
        printk(LOG_ERR "audit: domain %u has %lu frames, counts %lu\n", d->domid, n,
               d->tot_pages + d->extra_pages);
        nr_faults++;
    }
    spin_unlock(&d->page_lock);
}

static void for_each_frame(void (*fn)(const struct frame *f))
{
    for (u64 nr = 0; nr < max_frame; nr++) {
        const struct frame *f = mfn_to_frame(mfn_from(nr));

        if (is_judged(f))
            fn(f);
    }
}

static void for_each_domain(void (*fn)(struct domain *d))
{
    struct domain *d;

    for (u32 id = 0; (d = domain_get_next(id)) != NULL; domain_put(d)) {
        id = d->domid + 1U;
        fn(d);
    }
}

/* ---- with everybody standing still ---- */

static void stop(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        if (v != current)
            vcpu_pause_nosync(v);
}

static void go_on(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        if (v != current)
            vcpu_unpause(v);
}

static bool still_running;

static void look_for_running(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        if (v != current && READ_ONCE(v->is_running))
            still_running = true;
}

/* Who waits for us to stop would wait in vain, as we would for him: hence the limit. */
static bool all_stopped(void)
{
    s_time_t end = now_ns() + SECONDS(1);

    do {
        still_running = false;
        for_each_domain(look_for_running);
    } while (still_running && now_ns() < end);
    return !still_running;
}

static void run(unsigned int order)
{
    tally = hv_alloc_pages(order, MEMF_ZERO);
    if (!tally) {
        printk(LOG_ERR "audit: no memory\n");
        return;
    }
    nr_faults = nr_frames = 0;
    for_each_frame(own_state);
    for_each_domain(domain_holds);
    for_each_frame(compare);
    for_each_domain(check_list);
    printk(LOG_ERR "audit: %u frames, %u faults\n", nr_frames, nr_faults);
    hv_free_pages(tally, order);
}

static void audit_key(unsigned char key)
{
    static DEFINE_SPINLOCK(busy);
    unsigned int order = 0;

    (void)key;
    while (PAGE_SIZE << order < max_frame * sizeof(struct tally))
        order++;
    if (!spin_trylock(&busy)) {
        printk(LOG_ERR "audit: under way on another CPU\n");
        return;
    }
    for_each_domain(stop);
    if (all_stopped())
        run(order);
    else
        printk(LOG_ERR "audit: a vCPU does not stop\n");
    for_each_domain(go_on);
    spin_unlock(&busy);
}

void __init pv_audit_init(void)
{
    debug_key_register('F', "audit the records of all frames", audit_key);
}
