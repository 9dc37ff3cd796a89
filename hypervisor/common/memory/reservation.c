/* SPDX-License-Identifier: MIT */
/*
 * Hypercall memory_op: increase_reservation, decrease_reservation, populate_physmap. They return
 * how many extents are done, whatever stopped them. Preemptible between extents; each extent is
 * done wholly or, where a copy to the guest faults after it, counted as not done (as the ABI has
 * it). ABI: public memory.h.
 */
#include <asm/frame.h>
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#include "internal.h"

struct reservation {
    struct domain *d;
    u64 list; /* guest array of frame numbers, one an extent */
    u64 nr;
    unsigned int order, memflags;
    bool on_demand;
};

/* One extent: true when done. */
typedef bool (*extent_fn)(const struct reservation *r, u64 i);

static unsigned int frame_number_bits(void)
{
    u64 max = page_alloc_max_mfn();

    return max > 1 ? fls64(max - 1) + 1 : 0;
}

static bool decode(const struct xen_memory_reservation *in, struct reservation *r)
{
    unsigned int bits = XENMEMF_get_address_bits(in->mem_flags);

    r->list = (u64)in->extent_start.p;
    r->nr = in->nr_extents;
    r->order = in->extent_order;
    r->on_demand = in->mem_flags & XENMEMF_populate_on_demand;
    if (in->mem_flags & XENMEMF_vnode)
        return false;
    if (bits && bits < frame_number_bits() + PAGE_SHIFT) {
        if (bits <= PAGE_SHIFT)
            return false;
        r->memflags = MEMF_BITS(bits);
    }
    return true;
}

static bool list_ok(const struct reservation *r, u64 start)
{
    return guest_range_ok(r->list + start * sizeof(xen_pfn_t), (r->nr - start) * sizeof(xen_pfn_t));
}

static bool copy_number_in(const struct reservation *r, u64 i, xen_pfn_t *nr)
{
    return !copy_from_guest_va(nr, r->list + i * sizeof(*nr), sizeof(*nr));
}

static bool copy_number_out(const struct reservation *r, u64 i, mfn_t mfn)
{
    xen_pfn_t nr = mfn_raw(mfn);

    return !copy_to_guest_va(r->list + i * sizeof(nr), &nr, sizeof(nr));
}

static bool increase_one(const struct reservation *r, u64 i)
{
    struct frame *f = domain_alloc_frames(r->d, r->order, r->memflags);

    return f && (!r->list || copy_number_out(r, i, frame_to_mfn(f)));
}

static bool populate_one(const struct reservation *r, u64 i)
{
    struct frame *f;
    xen_pfn_t pfn;

    if (!copy_number_in(r, i, &pfn) || r->on_demand)
        return false;
    f = domain_alloc_frames(r->d, r->order, r->memflags);
    if (!f)
        return false;
    for (u64 k = 0; k < 1UL << r->order; k++)
        m2p_set(mfn_add(frame_to_mfn(f), k), pfn + k);
    return copy_number_out(r, i, frame_to_mfn(f));
}

static bool remove_frame(struct domain *d, u64 mfn)
{
    struct frame *f;

    if (mfn >= max_frame)
        return false;
    f = mfn_to_frame(mfn_from(array_index_nospec(mfn, max_frame)));
    if (!frame_get(f, d))
        return false;
    /* Our own pages that the domain sees (shared_info, grant frames) are not its to give back. */
    if (f->count & FC_HV) {
        frame_put(f);
        return false;
    }
    frame_put_allocation(f);
    frame_put(f);
    return true;
}

static bool decrease_one(const struct reservation *r, u64 i)
{
    xen_pfn_t mfn;

    if (!copy_number_in(r, i, &mfn))
        return false;
    for (u64 k = 0; k < 1UL << r->order; k++)
        if (!remove_frame(r->d, mfn + k))
            return false;
    return true;
}

/* Extents from start on. *preempted: stopped for that reason, go on with the one returned. */
static u64 run(const struct reservation *r, u64 start, extent_fn fn, bool *preempted)
{
    u64 i;

    for (i = start; i < r->nr; i++) {
        if (i != start && hypercall_preempt_check()) {
            *preempted = true;
            break;
        }
        if (!fn(r, i))
            break;
    }
    return i;
}

static long reservation_op(unsigned int cmd, unsigned long arg, unsigned int start, extent_fn fn,
                           bool list_needed)
{
    struct xen_memory_reservation in;
    struct reservation r = {};
    bool preempted = false;
    u64 done = start;

    if (copy_from_guest_va(&in, arg, sizeof(in)) || in.nr_extents > ~0u >> EXTENT_SHIFT ||
        start >= in.nr_extents)
        return start;
    if (memory_target_get(in.domid, &r.d))
        return start;
    if (decode(&in, &r) &&
        r.order <= (r.on_demand && fn == populate_one ? (unsigned int)MAX_ORDER
                                                      : memory_max_order(current->domain)) &&
        ((!r.list && !list_needed) || list_ok(&r, start)))
        done = run(&r, start, fn, &preempted);
    domain_put(r.d);
    if (preempted)
        return hypercall_continuation(__HYPERVISOR_memory_op, 2,
                                      (unsigned long)(cmd | done << EXTENT_SHIFT), arg);
    return (long)done;
}

long memory_increase(unsigned long arg, unsigned int start)
{
    return reservation_op(XENMEM_increase_reservation, arg, start, increase_one, false);
}

long memory_decrease(unsigned long arg, unsigned int start)
{
    return reservation_op(XENMEM_decrease_reservation, arg, start, decrease_one, true);
}

long memory_populate(unsigned long arg, unsigned int start)
{
    return reservation_op(XENMEM_populate_physmap, arg, start, populate_one, true);
}
