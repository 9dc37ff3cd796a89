/* SPDX-License-Identifier: MIT */
/*
 * Versions of grant tables: status frames, and changing from one version to the other.
 *
 * While the version changes nobody may look at an entry. GRANT_VERSION_CHANGES says so; who locks a
 * record afterwards finds it and waits (grant_lock_active()), and going through all records once
 * waits for those who have locked theirs before. A pinned entry forbids the change, but for the
 * reserved ones, which are carried over.
 * Locks: table->lock, then one record at a time. ABI facts: public grant_table.h; answers as Xen
 * 4.17's.
 */
#include <asm/frame.h>
#include <hv/atomic.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/grant_internal.h>
#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/page_alloc.h>
#include <hv/params.h>

u32 opt_grant_max_version = 2;
bool opt_grant_transitive = true, opt_grant_transfer = true;

/* One word of the list: "max-ver:<n>", "[no-]transitive[=<bool>]", "[no-]transfer[=<bool>]". */
static int __init parse_one(const char *word, size_t n)
{
    static const struct {
        const char *name;
        bool *what;
    } flags[] = {{"transitive", &opt_grant_transitive}, {"transfer", &opt_grant_transfer}};
    bool no = n > 3 && !strncmp(word, "no-", 3);

    if (n == 9 && !strncmp(word, "max-ver:", 8) && (word[8] == '1' || word[8] == '2')) {
        opt_grant_max_version = (u32)(word[8] - '0');
        return 0;
    }
    word += no ? 3 : 0;
    n -= no ? 3 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        size_t len = strlen(flags[i].name);
        char value[8];
        int b;

        if (n < len || strncmp(word, flags[i].name, len) || (n > len && word[len] != '=') ||
            n - len > sizeof(value))
            continue;
        strlcpy(value, n > len ? word + len + 1 : "", MAX(n - len, (size_t)1));
        b = parse_bool(value);
        if (b < 0)
            return -EINVAL;
        *flags[i].what = (bool)b != no;
        return 0;
    }
    return -EINVAL;
}

static int __init parse_gnttab(const char *s)
{
    int rc = 0;

    for (;;) {
        const char *comma = strchr(s, ',');

        if (parse_one(s, comma ? (size_t)(comma - s) : strlen(s)))
            rc = -EINVAL;
        if (!comma)
            return rc;
        s = comma + 1;
    }
}
BOOT_PARAM("gnttab", parse_gnttab);

u32 grant_table_max_version(void)
{
    return opt_grant_max_version;
}

/* ---- status frames ---- */

int grant_status_grow(struct grant_table *t, u32 n)
{
    while (t->nr_status_frames < n) {
        grant_status_t *page = hv_alloc_page();

        if (!page)
            return -ENOMEM;
        frame_share_with_guest(page, t->domain, SHARE_RW);
        t->status[t->nr_status_frames++] = page;
    }
    return 0;
}

void grant_status_free(struct grant_table *t)
{
    for (u32 i = 0; i < t->nr_status_frames; i++)
        if (frame_unshare(t->status[i]))
            hv_free_page(t->status[i]);
}

/* All of them or none: -EBUSY when one is mapped. */
static int give_up_status(struct grant_table *t)
{
    u32 i;

    for (i = 0; i < t->nr_status_frames; i++)
        if (!frame_unshare_unused(t->status[i]))
            break;
    if (i < t->nr_status_frames) {
        while (i--)
            frame_share_with_guest(t->status[i], t->domain, SHARE_RW);
        return -EBUSY;
    }
    for (i = 0; i < t->nr_status_frames; i++)
        hv_free_page(t->status[i]);
    t->nr_status_frames = 0;
    return 0;
}

u32 grant_table_max_status_frames(struct domain *d)
{
    return grant_status_frames_for(d->grant_table->max_frames);
}

/* The table grows as far as its status frame idx needs. */
int grant_table_get_status_frame(struct domain *d, u32 idx, mfn_t *mfn)
{
    struct grant_table *t = d->grant_table;
    const u32 frames_each = GRANT_STATUS_PER_FRAME / GRANT_ENTRIES_PER_FRAME_V2;
    u32 last;
    int rc = 0;

    if (READ_ONCE(t->version) == 1 || idx >= grant_table_max_status_frames(d))
        return -EINVAL;
    last = MIN((idx + 1) * frames_each, t->max_frames);
    if (idx >= READ_ONCE(t->nr_status_frames))
        rc = grant_table_grow(t, last);
    if (rc)
        return -EINVAL;
    spin_lock(&t->lock);
    if (t->version == 2 && idx < t->nr_status_frames)
        *mfn = virt_to_mfn(t->status[array_index_nospec(idx, t->nr_status_frames)]);
    else
        rc = -EINVAL;
    spin_unlock(&t->lock);
    return rc;
}

#define GROUP 32

/* Frames from `first` on as far as the group goes; how many, 0 when there are fewer than nr. */
static u32 status_group(struct grant_table *t, u32 first, u32 nr, u64 *group)
{
    u32 n = 0;

    spin_lock(&t->lock);
    if (nr <= t->nr_status_frames)
        for (; n < GROUP && first + n < nr; n++)
            group[n] = mfn_raw(virt_to_mfn(t->status[first + n]));
    spin_unlock(&t->lock);
    return n;
}

void grant_get_status_frames(void *arg)
{
    gnttab_get_status_frames_t *op = arg;
    struct domain *d = grant_named_domain(op->dom, &op->status);
    u64 group[GROUP];

    if (!d)
        return;
    for (u32 done = 0; done < op->nr_frames && !op->status;) {
        u32 n = status_group(d->grant_table, done, op->nr_frames, group);

        if (!n)
            op->status = GNTST_general_error;
        else if (copy_to_guest_offset(op->frame_list, done, group, n))
            op->status = GNTST_bad_virt_addr;
        done += n;
    }
    domain_put(d);
}

/* ---- changing ---- */

/* Nobody is at an entry any more; -EBUSY if one that would be lost is in use. */
static int wait_for_users(struct grant_table *t)
{
    u32 nr = t->nr_frames * (u32)GRANT_ENTRIES_PER_FRAME;
    int rc = 0;

    for (u32 ref = 0; ref < nr; ref++) {
        struct active_grant *a =
            &t->active[ref / GRANT_ENTRIES_PER_FRAME][ref % GRANT_ENTRIES_PER_FRAME];

        spin_lock(&a->lock);
        if (ref >= GNTTAB_NR_RESERVED_ENTRIES && grant_is_pinned(a))
            rc = -EBUSY;
        spin_unlock(&a->lock);
    }
    return rc;
}

static void clear_shared(struct grant_table *t)
{
    for (u32 i = 0; i < t->nr_frames; i++)
        memset(t->shared[i], 0, PAGE_SIZE);
}

static int to_version_2(struct grant_table *t)
{
    const u16 marks = GTF_reading | GTF_writing;
    grant_entry_v1_t kept[GNTTAB_NR_RESERVED_ENTRIES];
    grant_entry_v2_t *e = t->shared[0];
    int rc = grant_status_grow(t, grant_status_frames_for(t->nr_frames));

    if (rc) {
        give_up_status(t);
        return rc;
    }
    memcpy(kept, t->shared[0], sizeof(kept));
    clear_shared(t);
    for (u32 i = 0; i < ARRAY_SIZE(kept); i++, e++) {
        t->status[0][i] = kept[i].flags & marks;
        e->hdr.flags = kept[i].flags & (u16)~marks;
        e->hdr.domid = kept[i].domid;
        e->full_page.frame = kept[i].frame;
    }
    return 0;
}

/* As version 1 has it; -ERANGE if it cannot. Only plain access is carried over. */
static int as_version_1(const grant_entry_v2_t *entry, grant_status_t status, grant_entry_v1_t *out)
{
    u32 header = READ_ONCE(*(const u32 *)(const void *)entry);
    u64 frame = READ_ONCE(entry->full_page.frame);

    memset(out, 0, sizeof(*out));
    switch (header & GTF_type_mask) {
    case GTF_permit_access:
        if (frame >> 32)
            return -ERANGE;
        out->flags = (u16)header | status;
        out->domid = (domid_t)(header >> 16);
        out->frame = (u32)frame;
        return 0;
    case GTF_transitive:
        return -ERANGE;
    default:
        return 0;
    }
}

static int to_version_1(struct grant_table *t)
{
    grant_entry_v1_t kept[GNTTAB_NR_RESERVED_ENTRIES];
    const grant_entry_v2_t *e = t->shared[0];
    int rc;

    for (u32 i = 0; i < ARRAY_SIZE(kept); i++) {
        rc = as_version_1(&e[i], READ_ONCE(t->status[0][i]), &kept[i]);
        if (rc)
            return rc;
    }
    rc = give_up_status(t);
    if (rc)
        return rc;
    clear_shared(t);
    memcpy(t->shared[0], kept, sizeof(kept));
    return 0;
}

static int change_version(struct grant_table *t, u32 to)
{
    u32 from;
    int rc;

    spin_lock(&t->lock);
    from = t->version;
    WRITE_ONCE(t->version, from | GRANT_VERSION_CHANGES);
    rc = wait_for_users(t);
    if (!rc && from != to)
        rc = to == 2 ? to_version_2(t) : to_version_1(t);
    smp_wmb();
    WRITE_ONCE(t->version, rc ? from : to);
    spin_unlock(&t->lock);
    return rc;
}

long grant_set_version(u64 uop, u32 count, u32 *done)
{
    struct grant_table *t = current->domain->grant_table;
    gnttab_set_version_t op;
    long rc = 0;

    if (copy_from_guest_va(&op, uop, sizeof(op)))
        return -EFAULT;
    if (op.version != 1 && op.version != 2)
        rc = -EINVAL;
    else if (op.version > t->max_version)
        rc = -ENOSYS;
    else if (op.version != READ_ONCE(t->version))
        rc = change_version(t, op.version);
    op.version = READ_ONCE(t->version) & ~GRANT_VERSION_CHANGES;
    *done = count; /* one is looked at, whatever the count */
    return copy_to_guest_va(uop, &op, sizeof(op)) ? -EFAULT : rc;
}
