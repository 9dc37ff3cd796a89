/* SPDX-License-Identifier: MIT */
/*
 * Grant tables of domains: life, size, and grant_table_op with its simple sub-ops.
 * A long batch is restarted with the elements that are left; progress is in its arguments.
 * Locks: table->lock, held across no guest copy. ABI facts: public grant_table.h.
 */
#include <asm/frame.h>
#include <hv/access.h>
#include <hv/atomic.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/errno.h>
#include <hv/grant_internal.h>
#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>
#include <hv/params.h>
#include <hv/printk.h>

/* Reference numbers and handles are 32 bits wide. */
#define LIMIT_FRAMES (1U << 22)
#define LIMIT_MAPTRACK_FRAMES (1U << 22)

u32 opt_max_grant_frames = 64, opt_max_maptrack_frames = 1024;

static int parse_frames(const char *s, u32 limit, u32 *out)
{
    const char *end;
    u64 n = strtou64(s, &end, 0);

    if (*end || end == s || !n || n > limit)
        return -EINVAL;
    *out = (u32)n;
    return 0;
}

static int parse_max_frames(const char *s)
{
    return parse_frames(s, LIMIT_FRAMES, &opt_max_grant_frames);
}
BOOT_PARAM("gnttab_max_frames", parse_max_frames);

static int parse_max_maptrack(const char *s)
{
    return parse_frames(s, LIMIT_MAPTRACK_FRAMES, &opt_max_maptrack_frames);
}
BOOT_PARAM("gnttab_max_maptrack_frames", parse_max_maptrack);

void grant_table_init(void)
{
    printk(LOG_INFO "Grant tables: up to version %u, %u frames, %u maptrack frames\n",
           opt_grant_max_version, opt_max_grant_frames, opt_max_maptrack_frames);
    debug_key_register('g', "grants in use", grant_dump_all);
}

/* ---- life ---- */

static int add_frame(struct grant_table *t, u32 i)
{
    void *page = hv_alloc_page();
    struct active_grant *a = zalloc_objs(struct active_grant, GRANT_ENTRIES_PER_FRAME);

    if (!page || !a) {
        hv_free_page(page);
        hv_free(a);
        return -ENOMEM;
    }
    for (u32 k = 0; k < GRANT_ENTRIES_PER_FRAME; k++)
        spin_lock_init_at(&a[k].lock, ORDER_GRANT_ENTRY);
    frame_share_with_guest(page, t->domain, SHARE_RW);
    t->shared[i] = page;
    t->active[i] = a;
    smp_wmb();
    WRITE_ONCE(t->nr_frames, i + 1);
    return 0;
}

int grant_table_grow(struct grant_table *t, u32 n)
{
    int rc = 0;

    if (n > t->max_frames)
        return -EINVAL;
    spin_lock(&t->lock);
    if (t->version == 2)
        rc = grant_status_grow(t, grant_status_frames_for(n));
    while (!rc && t->nr_frames < n)
        rc = add_frame(t, t->nr_frames);
    spin_unlock(&t->lock);
    return rc;
}

int grant_table_domain_init(struct domain *d, u32 max_grant_frames, u32 max_maptrack_frames,
                            u32 max_version)
{
    struct grant_table *t;

    if (!max_grant_frames || max_grant_frames > LIMIT_FRAMES ||
        max_maptrack_frames > LIMIT_MAPTRACK_FRAMES || !max_version ||
        max_version > opt_grant_max_version)
        return -EINVAL;
    t = zalloc_obj(struct grant_table);
    if (!t)
        return -ENOMEM;
    d->grant_table = t;
    t->domain = d;
    t->version = 1;
    t->max_version = max_version;
    t->max_frames = max_grant_frames;
    t->max_maptrack_frames = max_maptrack_frames;
    spin_lock_init_at(&t->lock, ORDER_GRANT_TABLE);
    spin_lock_init_at(&t->maptrack_lock, ORDER_MAPTRACK);
    t->shared = zalloc_objs(void *, max_grant_frames);
    t->status = zalloc_objs(grant_status_t *, grant_status_frames_for(max_grant_frames));
    t->active = zalloc_objs(struct active_grant *, max_grant_frames);
    t->maptrack = zalloc_objs(struct grant_mapping *, MAX(max_maptrack_frames, 1U));
    if (!t->shared || !t->status || !t->active || !t->maptrack)
        return -ENOMEM; /* the caller frees what is there */
    return grant_table_grow(t, 1);
}

void grant_table_domain_free(struct domain *d)
{
    struct grant_table *t = d->grant_table;

    if (!t)
        return;
    d->grant_table = NULL;
    for (u32 i = 0; i < t->nr_frames; i++) {
        if (frame_unshare(t->shared[i]))
            hv_free_page(t->shared[i]);
        hv_free(t->active[i]);
    }
    grant_status_free(t);
    grant_maptrack_free(t);
    hv_free(t->shared);
    hv_free(t->status);
    hv_free(t->active);
    hv_free(t->maptrack);
    hv_free(t);
}

/* ---- frames for the memory operations ---- */

int grant_table_get_frame(struct domain *d, u32 idx, mfn_t *mfn)
{
    struct grant_table *t = d->grant_table;
    int rc;

    if (idx >= t->max_frames)
        return -EINVAL;
    rc = grant_table_grow(t, idx + 1);
    if (!rc)
        *mfn = virt_to_mfn(t->shared[array_index_nospec(idx, t->max_frames)]);
    return rc;
}

u32 grant_table_nr_frames(struct domain *d)
{
    return READ_ONCE(d->grant_table->nr_frames);
}

u32 grant_table_max_frames(struct domain *d)
{
    return d->grant_table->max_frames;
}

/* ---- simple sub-ops, one element ---- */

struct domain *grant_named_domain(domid_t id, s16 *status)
{
    struct domain *d = domain_get_by_any_id(id);

    if (!d) {
        *status = GNTST_bad_domain;
        return NULL;
    }
    if (access_grant(current->domain, d)) {
        domain_put(d);
        *status = GNTST_permission_denied;
        return NULL;
    }
    *status = GNTST_okay;
    return d;
}

static int copy_frame_list(const struct grant_table *t, const gnttab_setup_table_t *op)
{
    for (u32 i = 0; i < op->nr_frames; i++) {
        xen_pfn_t mfn = mfn_raw(virt_to_mfn(t->shared[i]));

        if (copy_to_guest_offset(op->frame_list, i, &mfn, 1))
            return -EFAULT;
    }
    return 0;
}

static void setup_table(void *arg)
{
    gnttab_setup_table_t *op = arg;
    struct domain *d = grant_named_domain(op->dom, &op->status);

    if (!d)
        return;
    if (grant_table_grow(d->grant_table, op->nr_frames))
        op->status = GNTST_general_error;
    else if (copy_frame_list(d->grant_table, op))
        op->status = GNTST_bad_virt_addr;
    domain_put(d);
}

static void query_size(void *arg)
{
    gnttab_query_size_t *op = arg;
    struct domain *d = grant_named_domain(op->dom, &op->status);

    op->nr_frames = op->max_nr_frames = 0;
    if (!d)
        return;
    op->nr_frames = grant_table_nr_frames(d);
    op->max_nr_frames = grant_table_max_frames(d);
    domain_put(d);
}

static long get_version(u64 uop, u32 count, u32 *done)
{
    gnttab_get_version_t op;
    struct domain *d;
    s16 status;

    if (copy_from_guest_va(&op, uop, sizeof(op)))
        return -EFAULT;
    d = grant_named_domain(op.dom, &status);
    if (!d)
        return status == GNTST_bad_domain ? -ESRCH : -EPERM;
    op.version = READ_ONCE(d->grant_table->version) & ~GRANT_VERSION_CHANGES;
    domain_put(d);
    *done = count; /* one is told, whatever the count */
    return copy_to_guest_va(uop, &op, sizeof(op)) ? -EFAULT : 0;
}

/* ---- the hypercall ---- */

static const struct grant_op {
    grant_element_fn one;                             /* either this ... */
    long (*batch)(u64 uop, u32 count, u32 *done);     /* ... or this */
    u16 bytes;                                        /* of one element */
    u16 out, out_bytes;                               /* what goes back of it */
    bool single;                                      /* count must be 1 */
} ops[] = {
#define WHOLE(type) .bytes = sizeof(type), .out = 0, .out_bytes = sizeof(type)
#define STATUS(type) \
    .bytes = sizeof(type), .out = offsetof(type, status), .out_bytes = sizeof(s16)
    [GNTTABOP_map_grant_ref] = {.one = grant_map_one, WHOLE(gnttab_map_grant_ref_t)},
    [GNTTABOP_unmap_grant_ref] = {.batch = grant_unmap_batch, STATUS(gnttab_unmap_grant_ref_t)},
    [GNTTABOP_setup_table] = {.one = setup_table, STATUS(gnttab_setup_table_t), .single = true},
    [GNTTABOP_transfer] = {.one = grant_transfer_one, STATUS(gnttab_transfer_t)},
    [GNTTABOP_copy] = {.batch = grant_copy_batch, STATUS(gnttab_copy_t)},
    [GNTTABOP_query_size] = {.one = query_size, WHOLE(gnttab_query_size_t), .single = true},
    [GNTTABOP_unmap_and_replace] = {.batch = grant_replace_batch,
                                    STATUS(gnttab_unmap_and_replace_t)},
    [GNTTABOP_set_version] = {.batch = grant_set_version, WHOLE(gnttab_set_version_t)},
    [GNTTABOP_get_status_frames] = {.one = grant_get_status_frames,
                                    STATUS(gnttab_get_status_frames_t), .single = true},
    [GNTTABOP_get_version] = {.batch = get_version, WHOLE(gnttab_get_version_t)},
    [GNTTABOP_swap_grant_ref] = {.one = grant_swap_one, STATUS(gnttab_swap_grant_ref_t)},
    [GNTTABOP_cache_flush] = {.batch = grant_cache_flush_batch, WHOLE(gnttab_cache_flush_t)},
};

static long run_elements(const struct grant_op *op, u64 uop, u32 count, u32 *done)
{
    union {
        gnttab_map_grant_ref_t map;
        gnttab_setup_table_t setup;
        gnttab_transfer_t transfer;
        gnttab_query_size_t query;
        gnttab_get_status_frames_t frames;
        gnttab_swap_grant_ref_t swap;
        char bytes[64];
    } e;

    BUG_ON(op->bytes > sizeof(e));
    for (; *done < count; ++*done, uop += op->bytes) {
        if (*done && hypercall_preempt_check())
            return 0;
        if (copy_from_guest_va(&e, uop, op->bytes))
            return -EFAULT;
        op->one(&e);
        if (copy_to_guest_va(uop + op->out, e.bytes + op->out, op->out_bytes))
            return -EFAULT;
    }
    return 0;
}

long hc_grant_table_op(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                       unsigned long a5)
{
    u32 cmd = (u32)a1, count = (u32)a3, done = 0;
    const struct grant_op *op;
    long rc;

    (void)a4, (void)a5;
    if ((s32)count < 0)
        return -EINVAL;
    if (cmd >= ARRAY_SIZE(ops))
        return cmd & ~0xfffU ? -EINVAL : -ENOSYS;
    op = &ops[array_index_nospec(cmd, ARRAY_SIZE(ops))];
    if (!op->bytes)
        return -ENOSYS;
    if (op->single && count != 1)
        return -EINVAL;
    if (cmd == GNTTABOP_transfer && !opt_grant_transfer)
        return -EOPNOTSUPP;
    if (!guest_range_ok(a2, (u64)count * op->bytes))
        return -EFAULT;
    rc = op->batch ? op->batch(a2, count, &done) : run_elements(op, a2, count, &done);
    if (rc || done >= count)
        return rc;
    return hypercall_continuation(__HYPERVISOR_grant_table_op, 3, a1,
                                  a2 + (unsigned long)done * op->bytes,
                                  (unsigned long)(count - done));
}
