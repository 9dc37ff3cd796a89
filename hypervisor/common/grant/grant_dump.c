/* SPDX-License-Identifier: MIT */
/*
 * Debug key: the grants of every domain that are in use, and by whom. In the form in which Xen
 * prints them, since `domus why` reads both. Takes no lock: records only come into being, and a
 * figure that changes meanwhile is a figure of that moment.
 */
#include <hv/grant_internal.h>
#include <hv/grant_table.h>
#include <hv/printk.h>

/* As much of one domain's table as is worth reading; the rest is counted. */
#define MAX_LINES 64

static void dump_table(const struct domain *d)
{
    const struct grant_table *t = d->grant_table;
    u32 count = t ? READ_ONCE(t->nr_frames) * GRANT_ENTRIES_PER_FRAME : 0, lines = 0;

    if (!t)
        return;
    printk(LOG_ERR "grant-table for remote d%u (v%u)\n", d->domid, t->version);
    for (grant_ref_t ref = 0; ref < count; ref++) {
        const struct active_grant *frame = t->active[ref / GRANT_ENTRIES_PER_FRAME];
        const struct active_grant *a = frame ? &frame[ref % GRANT_ENTRIES_PER_FRAME] : NULL;

        if (!a || !grant_is_pinned(a) || lines++ >= MAX_LINES)
            continue;
        printk(LOG_ERR "[0x%03x]  %5u 0x%lx 0x%02x%02x%02x%02x\n", ref, a->domid, mfn_raw(a->mfn),
               a->dev_r & 0xff, a->dev_w & 0xff, a->host_r & 0xff, a->host_w & 0xff);
    }
    if (lines > MAX_LINES)
        printk(LOG_ERR " and %u more\n", lines - MAX_LINES);
}

void grant_dump_all(unsigned char key)
{
    struct domain *d;

    (void)key;
    list_for_each_entry(d, &domain_list, list)
        dump_table(d);
}
