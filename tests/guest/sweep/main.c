/* SPDX-License-Identifier: MIT */
/*
 * Every command of every hypercall that has commands, each with the same few arguments, against
 * the answers that Xen 4.17 gave (rows.inc); a command without a row is one that nobody knows.
 * Commands that stop or block the caller are left out. For the initial domain and for others.
 */
#include "test.h"

#define ARGUMENTS 8
#define POSITIVE 1 /* in a row: any number above 0 */

static const struct row {
    uint8_t nr, cmd;
    short initial[ARGUMENTS], other[ARGUMENTS];
} rows[] = {
#include "rows.inc"
};

static const struct call {
    const char *name;
    uint8_t nr, commands;
    uint64_t left_out; /* bit a command */
} calls[] = {
    { "memory_op", __HYPERVISOR_memory_op, 40, 0 },
    { "xen_version", __HYPERVISOR_xen_version, 16, 0 },
    { "event_channel_op", __HYPERVISOR_event_channel_op, 20, 0 },
    { "physdev_op", __HYPERVISOR_physdev_op, 48, 0 },
    { "hvm_op", __HYPERVISOR_hvm_op, 30, 0 },
    { "sched_op", __HYPERVISOR_sched_op, 14, 0x7f },
    { "callback_op", __HYPERVISOR_callback_op, 4, 0 },
    { "xenpmu_op", __HYPERVISOR_xenpmu_op, 12, 0 },
    { "argo_op", __HYPERVISOR_argo_op, 6, 0 },
    { "xsm_op", __HYPERVISOR_xsm_op, 4, 0 },
    { "dm_op", __HYPERVISOR_dm_op, 4, 0 },
    { "grant_table_op", __HYPERVISOR_grant_table_op, 14, 0 },
};

static uint8_t *page;

/* Zeroes, ones, addresses that cannot be read, a one everywhere, and numbers at the beginning. */
static unsigned long argument(unsigned int which)
{
    memset(page, which == 1 ? 0xff : 0, PAGE_SIZE);
    switch (which) {
    case 2:
        return UNMAPPED_VA;
    case 3:
        return 0x7fffffff0000UL;
    case 4:
        for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
            ((uint64_t *)(void *)page)[i] = 1;
        break;
    case 5:
        *(uint16_t *)(void *)page = DOMID_SELF;
        break;
    case 6:
        *(uint32_t *)(void *)page = 1;
        break;
    case 7:
        return HYPERVISOR_VA;
    }
    return (unsigned long)page;
}

static const struct row *row_of(const struct call *c, unsigned int cmd)
{
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].nr == c->nr && rows[i].cmd == cmd)
            return &rows[i];
    return NULL;
}

static int wanted(const struct row *row, unsigned int which)
{
    if (!row)
        return -ENOSYS;
    return is_initial_domain() ? row->initial[which] : row->other[which];
}

static unsigned int sweep_command(const struct call *c, unsigned int cmd)
{
    const struct row *row = row_of(c, cmd);
    unsigned int wrong = 0;

    for (unsigned int k = 0; k < ARGUMENTS; k++) {
        long arg = argument(k), want = wanted(row, k);
        long rc = (int)hypercall5(c->nr, cmd, arg, c->nr == __HYPERVISOR_grant_table_op, 0, 0);

        if (rc == want || (want == POSITIVE && rc > 0))
            continue;
        printf("  %s(%u), argument %u: %ld, not %ld\n", c->name, cmd, k, rc, want);
        wrong++;
    }
    return wrong;
}

/* One after the other: later answers depend on what earlier ones did. */
static void sweep(void)
{
    unsigned int wrong = 0;

    page = page_alloc();
    for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        for (unsigned int cmd = 0; cmd < calls[i].commands; cmd++)
            if (!(calls[i].left_out >> cmd & 1))
                wrong += sweep_command(&calls[i], cmd);
    CHECK_EQ(wrong, 0);
}

static const struct test tests[] = {
    { "sweep", sweep },
};

TEST_MAIN(tests)
