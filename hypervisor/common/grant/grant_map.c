/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames: handles, map, unmap, unmap-and-replace, and the release of a dying
 * domain's mappings. Unmapping runs in batches of three steps: clear the page-table entries, flush
 * once, and only then give back references, pins and handles.
 * Locks and ownership of references: hv/grant_internal.h. ABI facts: public grant_table.h.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/errno.h>
#include <hv/grant_internal.h>
#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>

#define UNMAP_BATCH 32
#define MAPPING_LIVE (GNTMAP_host_map | GNTMAP_device_map)

/* ---- handles ---- */

static struct grant_mapping *mapping_of(struct grant_table *t, grant_handle_t handle)
{
    u32 nr = READ_ONCE(t->maptrack_frames) * (u32)MAPPINGS_PER_FRAME;

    if (handle >= nr)
        return NULL;
    smp_rmb();
    handle = (grant_handle_t)array_index_nospec(handle, nr);
    return &t->maptrack[handle / MAPPINGS_PER_FRAME][handle % MAPPINGS_PER_FRAME];
}

static bool add_maptrack_frame(struct grant_table *t)
{
    u32 n = t->maptrack_frames, first = n * (u32)MAPPINGS_PER_FRAME;
    struct grant_mapping *page;

    if (n >= t->max_maptrack_frames)
        return false;
    page = hv_alloc_page();
    if (!page)
        return false;
    for (u32 i = 0; i < MAPPINGS_PER_FRAME; i++)
        page[i].next_free = i + 1 < MAPPINGS_PER_FRAME ? first + i + 2 : 0;
    t->maptrack[n] = page;
    smp_wmb();
    WRITE_ONCE(t->maptrack_frames, n + 1);
    t->free_mapping = first + 1;
    return true;
}

static bool handle_alloc(struct grant_table *t, grant_handle_t *handle)
{
    bool found;

    spin_lock(&t->maptrack_lock);
    found = t->free_mapping || add_maptrack_frame(t);
    if (found) {
        *handle = t->free_mapping - 1;
        t->free_mapping = mapping_of(t, *handle)->next_free;
    }
    spin_unlock(&t->maptrack_lock);
    return found;
}

static void handle_free(struct grant_table *t, grant_handle_t handle)
{
    spin_lock(&t->maptrack_lock);
    mapping_of(t, handle)->next_free = t->free_mapping;
    t->free_mapping = handle + 1;
    spin_unlock(&t->maptrack_lock);
}

void grant_maptrack_free(struct grant_table *t)
{
    for (u32 i = 0; i < t->maptrack_frames; i++)
        hv_free_page(t->maptrack[i]);
}

/* ---- references of one mapping ---- */

/* The caller has a reference on f already. One more, and the use, for a mapping; false: not had. */
static bool mapping_refs_get(struct frame *f, struct domain *owner, u32 use)
{
    if (!frame_get(f, owner))
        return false;
    if (use & GRANT_READONLY || !frame_get_type(f, FT_WRITABLE))
        return true;
    frame_put(f);
    return false;
}

static void mapping_refs_put(struct frame *f, u32 use)
{
    if (!(use & GRANT_READONLY))
        frame_put_type(f);
    frame_put(f);
}

/* ---- map ---- */

static u32 use_of_flags(u32 flags)
{
    return (flags & GNTMAP_readonly ? GRANT_READONLY : 0) |
           (flags & GNTMAP_host_map ? GRANT_HOST : 0) |
           (flags & GNTMAP_device_map ? GRANT_DEVICE : 0);
}

/* Take what each of the mappings asked for holds, and write the page-table entry. */
static s16 establish(const gnttab_map_grant_ref_t *op, struct domain *granter,
                     const struct granted_frame *g, u32 use)
{
    int rc;

    if (use & GRANT_DEVICE && !mapping_refs_get(g->frame, granter, use))
        return GNTST_general_error;
    if (!(use & GRANT_HOST))
        return GNTST_okay;
    rc = GNTST_general_error;
    if (mapping_refs_get(g->frame, granter, use)) {
        rc = arch_grant_map_host(op->host_addr, frame_to_mfn(g->frame), op->flags, g->cache_flags);
        if (!rc)
            return GNTST_okay;
        mapping_refs_put(g->frame, use);
    }
    if (use & GRANT_DEVICE)
        mapping_refs_put(g->frame, use);
    return (s16)rc;
}

static s16 map_granted(gnttab_map_grant_ref_t *op, struct domain *granter, grant_handle_t handle)
{
    struct domain *d = current->domain;
    struct grant_mapping *m = mapping_of(d->grant_table, handle);
    u32 use = use_of_flags(op->flags);
    struct granted_frame g;
    s16 rc = grant_pin(granter, op->ref, d, use | GRANT_MAP, &g);

    if (rc)
        return rc;
    rc = establish(op, granter, &g, use);
    if (rc) {
        grant_unpin(granter, op->ref, use);
    } else {
        op->dev_bus_addr = mfn_to_paddr(frame_to_mfn(g.frame));
        op->handle = handle;
        m->domid = granter->domid;
        m->ref = op->ref;
        smp_wmb(); /* who guesses the handle finds it whole */
        WRITE_ONCE(m->flags, op->flags & 0x1f);
    }
    frame_put(g.frame);
    return rc;
}

void grant_map_one(void *arg)
{
    gnttab_map_grant_ref_t *op = arg;
    struct grant_table *t = current->domain->grant_table;
    struct domain *granter;
    grant_handle_t handle;

    if (!(op->flags & MAPPING_LIVE)) {
        op->status = GNTST_bad_gntref;
        return;
    }
    granter = op->dom == DOMID_SELF ? NULL : domain_find(op->dom);
    if (!granter) {
        op->status = GNTST_bad_domain;
        return;
    }
    if (!handle_alloc(t, &handle)) {
        op->status = GNTST_no_device_space;
    } else {
        op->status = map_granted(op, granter, handle);
        if (op->status)
            handle_free(t, handle);
    }
}

/* ---- unmap ---- */

struct unmap {
    /* asked for */
    u64 host_addr, dev_bus_addr, new_addr;
    grant_handle_t handle;
    /* done so far */
    struct domain *granter;  /* referenced; NULL: nothing to finish */
    grant_ref_t ref;
    struct frame *frame;
    u32 use;                 /* which mappings end */
    s16 status;
};

/* Under the record's lock: the mapping m is of this entry; clear what was asked for. */
static s16 clear_mappings(struct unmap *u, struct grant_mapping *m, const struct active_grant *a)
{
    u32 ro = m->flags & GNTMAP_readonly ? GRANT_READONLY : 0;
    bool host = u->host_addr && m->flags & GNTMAP_host_map;
    bool dev = u->dev_bus_addr && m->flags & GNTMAP_device_map;
    int rc;

    u->frame = mfn_to_frame(a->mfn);
    if ((host && !grant_has_pin(a, ro | GRANT_HOST)) ||
        (dev && !grant_has_pin(a, ro | GRANT_DEVICE)))
        return GNTST_bad_handle; /* of an earlier domain with the granter's number */
    if (dev && u->dev_bus_addr != mfn_to_paddr(a->mfn))
        return GNTST_general_error;
    if (host) {
        rc = arch_grant_unmap_host(u->host_addr, a->mfn, u->new_addr, m->flags & 0x1f);
        if (rc)
            return (s16)rc;
        m->flags = (u16)((m->flags & ~GNTMAP_host_map) | MAPPING_HOST_ENDING);
        u->use |= GRANT_HOST;
    }
    if (dev) {
        m->flags = (u16)((m->flags & ~GNTMAP_device_map) | MAPPING_DEV_ENDING);
        u->use |= GRANT_DEVICE;
    }
    u->use |= ro;
    return GNTST_okay;
}

static s16 unmap_begin(struct unmap *u)
{
    struct domain *d = current->domain, *granter;
    struct grant_mapping *m = mapping_of(d->grant_table, u->handle), seen;
    struct active_grant *a;
    s16 rc = GNTST_bad_handle;

    u->granter = NULL;
    u->use = 0;
    if (!m)
        return GNTST_bad_handle;
    seen.flags = READ_ONCE(m->flags);
    smp_rmb();
    seen.domid = READ_ONCE(m->domid);
    seen.ref = READ_ONCE(m->ref);
    if (!(seen.flags & MAPPING_LIVE))
        return GNTST_bad_handle;
    granter = domain_get_by_id(seen.domid);
    if (!granter)
        return GNTST_bad_domain;
    a = grant_lock_active(granter->grant_table, seen.ref);
    if (a) {
        /* A handle that has been given out anew shows its flags last. */
        seen.flags = READ_ONCE(m->flags);
        smp_rmb();
        if (seen.flags & MAPPING_LIVE && m->domid == seen.domid && m->ref == seen.ref &&
            grant_is_pinned(a) && a->domid == d->domid)
            rc = clear_mappings(u, m, a);
        spin_unlock(&a->lock);
    }
    if (rc || !(u->use & (GRANT_HOST | GRANT_DEVICE))) {
        domain_put(granter);
        return rc;
    }
    u->granter = granter;
    u->ref = seen.ref;
    return GNTST_okay;
}

/* No translation is left: give everything back. */
static void unmap_finish(const struct unmap *u)
{
    struct grant_table *t = current->domain->grant_table;
    struct grant_mapping *m = mapping_of(t, u->handle);
    struct active_grant *a = grant_lock_active(u->granter->grant_table, u->ref);
    bool last;

    grant_unpin_locked(u->granter->grant_table, a, u->ref, u->use);
    if (u->use & GRANT_HOST)
        m->flags &= (u16)~MAPPING_HOST_ENDING;
    if (u->use & GRANT_DEVICE)
        m->flags &= (u16)~MAPPING_DEV_ENDING;
    last = !(m->flags & (MAPPING_LIVE | MAPPING_HOST_ENDING | MAPPING_DEV_ENDING));
    if (last)
        m->flags = 0;
    spin_unlock(&a->lock);
    if (last)
        handle_free(t, u->handle);
    if (u->use & GRANT_HOST)
        mapping_refs_put(u->frame, u->use);
    if (u->use & GRANT_DEVICE)
        mapping_refs_put(u->frame, u->use);
    domain_put(u->granter);
}

static void finish_all(const struct unmap *u, u32 n)
{
    bool flush = false;

    for (u32 i = 0; i < n; i++)
        flush |= u[i].granter && u[i].use & GRANT_HOST;
    if (flush)
        tlb_flush_stale(domain_dirty_cpus(current->domain), tlb_stamp_now());
    for (u32 i = 0; i < n; i++)
        if (u[i].granter)
            unmap_finish(&u[i]);
}

typedef union {
    gnttab_unmap_grant_ref_t unmap;
    gnttab_unmap_and_replace_t replace;
} unmap_element_t;

/* Up to UNMAP_BATCH elements. Both sub-ops: only the meaning of the second address differs. */
static long unmap_some(u64 uop, u32 n, bool replace)
{
    struct unmap u[UNMAP_BATCH];
    unmap_element_t e;
    long rc = 0;
    u32 i;

    for (i = 0; i < n; i++) {
        if (copy_from_guest_va(&e, uop + i * sizeof(e), sizeof(e))) {
            rc = -EFAULT;
            break;
        }
        u[i].host_addr = e.unmap.host_addr;
        u[i].dev_bus_addr = replace ? 0 : e.unmap.dev_bus_addr;
        u[i].new_addr = replace ? e.replace.new_addr : 0;
        u[i].handle = e.unmap.handle;
        u[i].status = unmap_begin(&u[i]);
    }
    n = i;
    finish_all(u, n);
    for (i = 0; i < n; i++)
        if (copy_to_guest_va(uop + i * sizeof(e) + offsetof(gnttab_unmap_grant_ref_t, status),
                             &u[i].status, sizeof(u[i].status)))
            rc = -EFAULT;
    return rc;
}

static long unmap_elements(u64 uop, u32 count, u32 *done, bool replace)
{
    while (*done < count) {
        u32 n = MIN(count - *done, (u32)UNMAP_BATCH);
        long rc;

        if (*done && hypercall_preempt_check())
            return 0;
        rc = unmap_some(uop + *done * sizeof(unmap_element_t), n, replace);
        if (rc)
            return rc;
        *done += n;
    }
    return 0;
}
_Static_assert(sizeof(gnttab_unmap_grant_ref_t) == sizeof(gnttab_unmap_and_replace_t) &&
               offsetof(gnttab_unmap_grant_ref_t, status) ==
                   offsetof(gnttab_unmap_and_replace_t, status), "one layout for both");

long grant_unmap_batch(u64 uop, u32 count, u32 *done)
{
    return unmap_elements(uop, count, done, false);
}

long grant_replace_batch(u64 uop, u32 count, u32 *done)
{
    return unmap_elements(uop, count, done, true);
}

/* ---- teardown of a mapper ---- */

/* The references of host mappings go with d's page tables. */
static void release_mapping(struct domain *d, struct grant_mapping *m)
{
    u32 use = use_of_flags(m->flags);
    struct domain *granter = domain_get_by_id(m->domid);
    struct active_grant *a;
    struct frame *f = NULL;

    m->flags = 0;
    if (!granter)
        return;
    a = grant_lock_active(granter->grant_table, m->ref);
    if (a) {
        if (a->domid == d->domid && grant_has_pin(a, use)) {
            f = mfn_to_frame(a->mfn);
            grant_unpin_locked(granter->grant_table, a, m->ref, use);
        }
        spin_unlock(&a->lock);
    }
    if (f && use & GRANT_DEVICE)
        mapping_refs_put(f, use);
    domain_put(granter);
}

int grant_table_release_mappings(struct domain *d)
{
    struct grant_table *t = d->grant_table;
    u32 nr = t->maptrack_frames * (u32)MAPPINGS_PER_FRAME;

    while (t->release_next < nr) {
        struct grant_mapping *m = mapping_of(t, t->release_next++);

        if (m->flags & MAPPING_LIVE)
            release_mapping(d, m);
        if (!(t->release_next % 64) && hypercall_preempt_check())
            return -ERESTART;
    }
    return 0;
}
