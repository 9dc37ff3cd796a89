/* SPDX-License-Identifier: MIT */
/*
 * Event channels in the FIFO layout: control blocks, the array of event words as it grows,
 * priorities, queues, all 131,072 ports, and the way back to two levels by a reset.
 * The tests build on each other: there is one array, and it only grows.
 */
//! timeout=120
#include <xen/event_channel.h>
#include <xen/memory.h>

#include <sdk/time.h>

#include "test.h"

#define WORDS (PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS)
#define BIT32(n) (1u << (n))

static volatile event_word_t *array[ARRAY_PAGES];
static unsigned int pages;
static volatile evtchn_fifo_control_block_t *control;
static uint64_t *control_page;

static long init_control(unsigned long mfn, unsigned int offset, unsigned int vcpu)
{
    struct evtchn_init_control op = { .control_gfn = mfn, .offset = offset, .vcpu = vcpu };
    long rc = hc_event_channel_op(EVTCHNOP_init_control, &op);

    return rc ? rc : op.link_bits;
}

static long expand(unsigned long mfn)
{
    struct evtchn_expand_array op = { .array_gfn = mfn };

    return hc_event_channel_op(EVTCHNOP_expand_array, &op);
}

static long set_priority(evtchn_port_t port, unsigned int priority)
{
    struct evtchn_set_priority op = { .port = port, .priority = priority };

    return hc_event_channel_op(EVTCHNOP_set_priority, &op);
}

static long unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    return hc_event_channel_op(EVTCHNOP_unmask, &op);
}

static int status(evtchn_port_t port)
{
    struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
    long rc = hc_event_channel_op(EVTCHNOP_status, &op);

    return rc ? (int)rc : (int)op.status;
}

static volatile event_word_t *word(evtchn_port_t port)
{
    return &array[port / WORDS][port % WORDS];
}

/* One more page of words, all masked. */
static long grow(void)
{
    event_word_t *page = page_alloc();
    long rc;

    for (unsigned int i = 0; i < WORDS; i++)
        page[i] = BIT32(EVTCHN_FIFO_MASKED);
    rc = expand(mfn_of(page));
    if (!rc)
        array[pages++] = page;
    return rc;
}

static void before_init(void)
{
    uint64_t *page = page_alloc();
    long port = event_alloc_unbound(DOMID_SELF, DOMID_SELF);

    CHECK(port > 0);
    CHECK_EQ(expand(mfn_of(page)), -EOPNOTSUPP);
    CHECK_EQ(set_priority(port, 3), -ENOSYS);
    CHECK_EQ(set_priority(port, 16), -ENOSYS);
    CHECK_EQ(event_close(port), 0);
    page_free(page);
}

static void init_refusals(void)
{
    uint64_t *page = page_alloc();

    CHECK_EQ(init_control(mfn_of(page), 0, 5000), -ENOENT);
    CHECK_EQ(init_control(mfn_of(page), 4, 0), -EINVAL);
    CHECK_EQ(init_control(mfn_of(page), PAGE_SIZE - 8, 0), -EINVAL);
    CHECK_EQ(init_control(mfn_of(page), PAGE_SIZE, 0), -EINVAL);
    CHECK_EQ(init_control(NO_SUCH_MFN, 0, 0), -EINVAL);
    CHECK_EQ(init_control(mfn_of(root_table()), 0, 0), -EINVAL);
    page_free(page);
}

/* Events that were pending in the old layout are raised again in the new one. */
static void switches(void)
{
    control_page = page_alloc();
    control = (void *)(control_page + 8);
    CHECK_EQ(init_control(mfn_of(control_page), 64, 0), EVTCHN_FIFO_LINK_BITS);
    CHECK_EQ(init_control(mfn_of(control_page), 64, 0), -EINVAL);
    CHECK_EQ(init_control(mfn_of(control_page), 256, 0), -EINVAL);
}

static void array_refusals(void)
{
    CHECK_EQ(expand(NO_SUCH_MFN), -EINVAL);
    CHECK_EQ(expand(mfn_of(root_table())), -EINVAL);
    CHECK_EQ(grow(), 0);
}

static void priorities(void)
{
    long port = event_alloc_unbound(DOMID_SELF, DOMID_SELF);

    CHECK(port > 0);
    CHECK_EQ(set_priority(port, EVTCHN_FIFO_PRIORITY_MAX), 0);
    CHECK_EQ(set_priority(port, EVTCHN_FIFO_PRIORITY_MIN), 0);
    CHECK_EQ(set_priority(port, EVTCHN_FIFO_PRIORITY_MIN + 1), -EINVAL);
    CHECK_EQ(set_priority(port, ~0u), -EINVAL);
    CHECK_EQ(set_priority(0, 3), -EACCES);
    CHECK_EQ(set_priority(0, 16), -EACCES);
    CHECK_EQ(set_priority(1000000, 3), -EINVAL);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(set_priority(port, 3), -EACCES);
}

/* Takes what stands first in a queue; the event must be unmasked. */
static evtchn_port_t take(unsigned int priority)
{
    evtchn_port_t port = control->head[priority];
    event_word_t link = *word(port) & EVTCHN_FIFO_LINK_MASK;

    __atomic_and_fetch(word(port), ~(BIT32(EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK),
                       __ATOMIC_SEQ_CST);
    control->head[priority] = link;
    if (!link)
        __atomic_and_fetch(&control->ready, ~BIT32(priority), __ATOMIC_SEQ_CST);
    __atomic_and_fetch(word(port), ~BIT32(EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
    return port;
}

static long bound_port(unsigned int priority)
{
    long port = event_bind_ipi(0);

    CHECK(port > 0);
    CHECK_EQ(set_priority(port, priority), 0);
    CHECK_EQ(unmask(port), 0);
    return port;
}

static void queues(void)
{
    long first, second, urgent;

    upcalls_disable();
    first = bound_port(EVTCHN_FIFO_PRIORITY_DEFAULT);
    second = bound_port(EVTCHN_FIFO_PRIORITY_DEFAULT);
    urgent = bound_port(2);
    CHECK_EQ(event_send(first), 0);
    CHECK_EQ(event_send(second), 0);
    CHECK_EQ(event_send(first), 0);
    CHECK_EQ(event_send(urgent), 0);
    CHECK_EQ(control->ready & (BIT32(7) | BIT32(2)), BIT32(7) | BIT32(2));
    CHECK_EQ(control->head[2], urgent);
    CHECK_EQ(control->head[7], first);
    CHECK_EQ(*word(first) & ~BIT32(EVTCHN_FIFO_BUSY),
             BIT32(EVTCHN_FIFO_PENDING) | BIT32(EVTCHN_FIFO_LINKED) | second);
    CHECK_EQ(*word(second), BIT32(EVTCHN_FIFO_PENDING) | BIT32(EVTCHN_FIFO_LINKED));
    CHECK_EQ(take(2), urgent);
    CHECK_EQ(take(7), first);
    CHECK_EQ(take(7), second);
    CHECK_EQ(control->ready & (BIT32(7) | BIT32(2)), 0);
    event_close(first);
    event_close(second);
    event_close(urgent);
}

/* A masked event is pending but in no queue, until it is unmasked. */
static void masked(void)
{
    long port;

    upcalls_disable();
    port = bound_port(5);
    __atomic_or_fetch(word(port), BIT32(EVTCHN_FIFO_MASKED), __ATOMIC_SEQ_CST);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(*word(port), BIT32(EVTCHN_FIFO_PENDING) | BIT32(EVTCHN_FIFO_MASKED));
    CHECK_EQ(control->ready & BIT32(5), 0);
    CHECK_EQ(unmask(port), 0);
    CHECK_EQ(control->ready & BIT32(5), BIT32(5));
    CHECK_EQ(take(5), port);
    event_close(port);
}

/* A queued event keeps its queue; only the next one goes by the new priority. */
static void priority_changes(void)
{
    long port;

    upcalls_disable();
    port = bound_port(9);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(set_priority(port, 4), 0);
    CHECK_EQ(control->ready & (BIT32(9) | BIT32(4)), BIT32(9));
    CHECK_EQ(take(9), port);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(control->ready & (BIT32(9) | BIT32(4)), BIT32(4));
    CHECK_EQ(take(4), port);
    event_close(port);
}

/* A closed port's word loses its event; a port without a word has none, and works later. */
static void close_and_beyond(void)
{
    long port;

    upcalls_disable();
    port = bound_port(7);
    __atomic_or_fetch(word(port), BIT32(EVTCHN_FIFO_MASKED), __ATOMIC_SEQ_CST);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(*word(port) & BIT32(EVTCHN_FIFO_PENDING), 0);
}

static void all_ports(void)
{
    uint64_t end = time_now_ns() + 30000000000UL;
    evtchn_port_t last = 0, limit;
    long port;

    if (!is_initial_domain())
        test_skip("other domains get as many ports as they were created with");
    while ((port = event_alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0) {
        last = port;
        if (last >= 2 * EVTCHN_FIFO_NR_CHANNELS)
            break;
        if (time_now_ns() > end)
            test_skip("%u ports in 30 s", last);
    }
    CHECK_EQ(port, -ENOSPC);
    CHECK_EQ(last, EVTCHN_FIFO_NR_CHANNELS - 1);
    CHECK_EQ(status(last), EVTCHNSTAT_unbound);
    CHECK_EQ(status(last + 1), -EINVAL);
    limit = 40 * WORDS; /* as much memory as there is to spare */
    while (pages * WORDS <= limit)
        CHECK_EQ(grow(), 0);
    port = pages * WORDS - 1;
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(event_bind_ipi(0), port);
    CHECK_EQ(unmask(port), 0);
    upcalls_disable();
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(take(7), port);
}

/* Everything is closed, and the layout is that of the beginning. */
static void reset(void)
{
    struct evtchn_reset op = { .dom = DOMID_SELF };
    long port;

    upcalls_disable();
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_reset, &op), 0);
    CHECK_EQ(set_priority(1, 3), -ENOSYS);
    CHECK_EQ(expand(mfn_of(control_page)), -EOPNOTSUPP);
    port = event_bind_ipi(0);
    CHECK(port > 0);
    CHECK_EQ(event_send(port), 0);
    CHECK(event_is_pending(port));
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(init_control(mfn_of(control_page), 64, 0), EVTCHN_FIFO_LINK_BITS);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_reset, &op), 0);
}

static const struct test tests[] = {
    { "before_init", before_init },
    { "init_refusals", init_refusals },
    { "switches", switches },
    { "array_refusals", array_refusals },
    { "priorities", priorities },
    { "queues", queues },
    { "masked", masked },
    { "priority_changes", priority_changes },
    { "close_and_beyond", close_and_beyond },
    { "all_ports", all_ports },
    { "reset", reset },
};

TEST_MAIN(tests)
