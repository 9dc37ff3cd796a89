/* SPDX-License-Identifier: MIT */
/* Event channels, two-level: binding, sending, masking, delivery, and every refusal. */
#include "test.h"

#define PORT_NONE 4000

static volatile unsigned int hits[64];

static void count(evtchn_port_t port, void *arg)
{
    (void)arg;
    hits[port & 63]++;
}

static long port_op(unsigned int cmd, unsigned int port)
{
    struct evtchn_close op = { .port = port };

    return hc_event_channel_op(cmd, &op);
}

static struct evtchn_status status_of(unsigned int port)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = port };
    long rc = hc_event_channel_op(EVTCHNOP_status, &status);

    CHECK_EQ(rc, 0);
    return status;
}

/* A pair of ports of ours, joined. */
static void pair(long *a, long *b)
{
    *a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    CHECK(*a > 0);
    *b = event_bind_interdomain(DOMID_SELF, *a);
    CHECK(*b > 0 && *b != *a);
}

static void alloc_unbound(void)
{
    long port = event_alloc_unbound(DOMID_SELF, 0), second;

    CHECK(port > 0);
    second = event_alloc_unbound(0, 5);
    CHECK_EQ(second, port + 1);
    CHECK_EQ(status_of(port).status, EVTCHNSTAT_unbound);
    CHECK_EQ(status_of(port).u.unbound.dom, 0);
    CHECK_EQ(status_of(second).u.unbound.dom, 5);
    CHECK_EQ(event_alloc_unbound(77, 0), -ESRCH);
    CHECK_EQ(event_alloc_unbound(DOMID_INVALID, 0), -ESRCH);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(event_close(second), 0);
    CHECK_EQ(event_alloc_unbound(DOMID_SELF, 0), port);
    CHECK_EQ(event_close(port), 0);
}

static void bind_interdomain(void)
{
    long a, b;

    pair(&a, &b);
    CHECK_EQ(status_of(a).status, EVTCHNSTAT_interdomain);
    CHECK_EQ(status_of(a).u.interdomain.dom, 0);
    CHECK_EQ(status_of(a).u.interdomain.port, b);
    CHECK_EQ(status_of(b).u.interdomain.port, a);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, a), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, PORT_NONE), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, 0), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, ~0u), -EINVAL);
    CHECK_EQ(event_bind_interdomain(77, 1), -ESRCH);
    CHECK_EQ(event_close(a), 0);
    CHECK_EQ(status_of(a).status, EVTCHNSTAT_closed);
    CHECK_EQ(status_of(b).status, EVTCHNSTAT_unbound);
    CHECK_EQ(event_close(b), 0);
    CHECK_EQ(event_close(b), -EINVAL);
}

/* A port that waits for another domain is not for us. */
static void bind_not_for_us(void)
{
    long port = event_alloc_unbound(DOMID_SELF, 5);

    CHECK_EQ(event_bind_interdomain(DOMID_SELF, port), -EINVAL);
    CHECK_EQ(status_of(port).status, EVTCHNSTAT_unbound);
    CHECK_EQ(event_close(port), 0);
}

static void send_interdomain(void)
{
    long a, b;

    pair(&a, &b);
    event_clear(a), event_clear(b);
    CHECK_EQ(event_send(a), 0);
    CHECK(!event_is_pending(a));
    CHECK(event_is_pending(b));
    CHECK_EQ(event_send(b), 0);
    CHECK(event_is_pending(a));
    event_clear(a), event_clear(b);
    CHECK_EQ(event_close(a), 0);
    CHECK_EQ(event_send(b), 0);
    CHECK(!event_is_pending(b));
    CHECK_EQ(event_close(b), 0);
}

static void send_refusals(void)
{
    long timer = event_bind_virq(VIRQ_TIMER, 0);

    CHECK_EQ(event_send(0), -EINVAL);
    CHECK_EQ(event_send(PORT_NONE), -EINVAL);
    CHECK_EQ(event_send(1 << 20), -EINVAL);
    CHECK_EQ(event_send(~0u), -EINVAL);
    CHECK_EQ(event_send(timer), -EINVAL);
    CHECK_EQ(event_close(timer), 0);
    CHECK_EQ(event_send(timer), -EINVAL);
}

static void bind_virq(void)
{
    long timer = event_bind_virq(VIRQ_TIMER, 0), console;

    CHECK(timer > 0);
    CHECK_EQ(status_of(timer).status, EVTCHNSTAT_virq);
    CHECK_EQ(status_of(timer).u.virq, VIRQ_TIMER);
    CHECK_EQ(status_of(timer).vcpu, 0);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), -EEXIST);
    console = event_bind_virq(VIRQ_CONSOLE, 0);
    CHECK(console > 0);
    CHECK_EQ(event_bind_virq(VIRQ_CONSOLE, 0), -EEXIST);
    CHECK_EQ(event_bind_virq(VIRQ_DEBUGGER, 1), -EINVAL);
    CHECK_EQ(event_bind_virq(VIRQ_XENOPROF, 1), -ENOENT);
    CHECK_EQ(event_bind_virq(VIRQ_XENOPROF, 1000), -ENOENT);
    CHECK_EQ(event_bind_virq(VIRQ_XENOPROF, ~0u), -ENOENT);
    CHECK_EQ(event_bind_virq(NR_VIRQS, 0), -EINVAL);
    CHECK_EQ(event_bind_virq(~0u, 0), -EINVAL);
    CHECK_EQ(event_close(timer), 0);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), timer);
    CHECK_EQ(event_close(timer), 0);
    CHECK_EQ(event_close(console), 0);
}

static void bind_ipi(void)
{
    long port = event_bind_ipi(0);

    CHECK(port > 0);
    CHECK_EQ(status_of(port).status, EVTCHNSTAT_ipi);
    event_clear(port);
    CHECK_EQ(event_send(port), 0);
    CHECK(event_is_pending(port));
    event_clear(port);
    CHECK_EQ(event_bind_ipi(1), -ENOENT);
    CHECK_EQ(event_bind_ipi(~0u), -ENOENT);
    CHECK_EQ(event_close(port), 0);
}

static long bind_vcpu(unsigned int port, unsigned int vcpu)
{
    struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

    return hc_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

static void bind_vcpu_rules(void)
{
    long a, b, ipi = event_bind_ipi(0), timer = event_bind_virq(VIRQ_TIMER, 0);
    long global = event_bind_virq(VIRQ_CONSOLE, 0);

    pair(&a, &b);
    CHECK_EQ(bind_vcpu(a, 0), 0);
    CHECK_EQ(bind_vcpu(global, 0), 0);
    CHECK_EQ(bind_vcpu(a, 1), -ENOENT);
    CHECK_EQ(bind_vcpu(a, ~0u), -ENOENT);
    CHECK_EQ(bind_vcpu(ipi, 0), -EINVAL);
    CHECK_EQ(bind_vcpu(timer, 0), -EINVAL);
    CHECK_EQ(bind_vcpu(PORT_NONE, 0), -EINVAL);
    CHECK_EQ(bind_vcpu(1 << 20, 0), -EINVAL);
    event_close(a), event_close(b), event_close(ipi), event_close(timer), event_close(global);
}

static void status_refusals(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = 1 << 20 };

    CHECK_EQ(hc_event_channel_op(EVTCHNOP_status, &status), -EINVAL);
    status.dom = 77;
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_status, &status), -ESRCH);
    CHECK_EQ(status_of(0).status, EVTCHNSTAT_closed);
}

static void close_refusals(void)
{
    CHECK_EQ(event_close(0), -EINVAL);
    CHECK_EQ(event_close(PORT_NONE), -EINVAL);
    CHECK_EQ(event_close(1 << 20), -EINVAL);
    CHECK_EQ(event_close(~0u), -EINVAL);
}

/* Masked port: the pending bit and nothing else. */
static void masked_port(void)
{
    long a, b;
    vcpu_info_t *info = vcpu_info(0);

    pair(&a, &b);
    event_mask(a);
    event_clear(a);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    CHECK_EQ(event_send(b), 0);
    CHECK(event_is_pending(a));
    CHECK_EQ(info->evtchn_upcall_pending, 0);
    CHECK_EQ(info->evtchn_pending_sel, 0);
    CHECK_EQ(port_op(EVTCHNOP_unmask, a), 0);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    CHECK_EQ(info->evtchn_pending_sel, 1UL << (a / 64));
    event_clear(a);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    event_close(a), event_close(b);
}

/* Upcalls off: pending flags are set, the upcall waits for them to be on. */
static void masked_upcall(void)
{
    long a, b;

    pair(&a, &b);
    event_clear(a);
    hits[a] = 0;
    event_set_handler(a, count, NULL);
    upcalls_disable();
    CHECK_EQ(event_send(b), 0);
    CHECK_EQ(hits[a], 0);
    CHECK_EQ(vcpu_info(0)->evtchn_upcall_pending, 1);
    upcalls_enable();
    CHECK_EQ(hits[a], 1);
    CHECK_EQ(vcpu_info(0)->evtchn_upcall_pending, 0);
    upcalls_disable();
    event_set_handler(a, NULL, NULL);
    event_close(a), event_close(b);
}

static struct trap_frame upcall_frame;
static uint8_t upcall_mask_inside;

static bool upcall_look(struct trap_frame *frame)
{
    upcall_frame = *frame;
    vcpu_info(0)->evtchn_upcall_pending = 0;
    vcpu_info(0)->evtchn_pending_sel = 0;
    upcall_mask_inside = vcpu_info(0)->evtchn_upcall_mask;
    return true;
}

/* With upcalls on, a send to ourselves arrives before the hypercall returns. */
static void delivered_at_once(void)
{
    long a, b;

    pair(&a, &b);
    hits[a] = 0;
    event_set_handler(a, count, NULL);
    upcalls_enable();
    for (int i = 1; i <= 10; i++) {
        CHECK_EQ(event_send(b), 0);
        CHECK_EQ(hits[a], i);
    }
    upcalls_disable();
    event_set_handler(a, NULL, NULL);
    event_close(a), event_close(b);
}

/* The frame of an upcall is that of a trap without error code; the hypercall's result is in RAX. */
static void upcall_frame_layout(void)
{
    long a, b;

    pair(&a, &b);
    event_unmask(a);
    trap_set_handler(TRAP_EVENT, upcall_look);
    vcpu_info(0)->evtchn_upcall_mask = 0;
    CHECK_EQ(event_send(b), 0);
    upcalls_disable();
    events_init();
    CHECK_EQ(upcall_mask_inside, 1);
    CHECK_EQ(upcall_frame.cs, FLAT_KERNEL_CS & ~3);
    CHECK_EQ(upcall_frame.ss, FLAT_KERNEL_SS);
    CHECK_EQ(upcall_frame.saved_upcall_mask, 0);
    CHECK(upcall_frame.rflags & EFLAGS_IF);
    CHECK_EQ(upcall_frame.rax, 0);
    event_clear(a);
    event_close(a), event_close(b);
}

/* A port that is pending already is not announced again. */
static void edge(void)
{
    long a, b;
    vcpu_info_t *info = vcpu_info(0);

    pair(&a, &b);
    event_clear(a);
    event_unmask(a);
    CHECK_EQ(event_send(b), 0);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    info->evtchn_upcall_pending = 0;
    info->evtchn_pending_sel = 0;
    CHECK_EQ(event_send(b), 0);
    CHECK_EQ(info->evtchn_upcall_pending, 0);
    CHECK_EQ(info->evtchn_pending_sel, 0);
    event_mask(a);
    event_clear(a);
    event_close(a), event_close(b);
}

static void closing_clears(void)
{
    long a, b, again;

    pair(&a, &b);
    event_mask(a);
    CHECK_EQ(event_send(b), 0);
    CHECK_EQ(event_close(a), 0);
    event_close(b);
    again = event_alloc_unbound(DOMID_SELF, 0);
    CHECK(again == a || again == b);
    CHECK(!event_is_pending(again));
    event_close(again);
}

static void unmask_refusals(void)
{
    CHECK_EQ(port_op(EVTCHNOP_unmask, 1 << 20), -EINVAL);
    CHECK_EQ(port_op(EVTCHNOP_unmask, ~0u), -EINVAL);
    CHECK_EQ(port_op(EVTCHNOP_unmask, 50), 0);
    event_mask(50);
}

/* Two levels: 4096 ports, of which 0 is nobody's. */
static void all_ports(void)
{
    unsigned int used = 0;
    long port;

    while ((port = event_alloc_unbound(DOMID_SELF, 0)) > 0) {
        if (port >= 4096)
            FAIL("port %ld", port);
        used++;
    }
    CHECK_EQ(port, -ENOSPC);
    CHECK(used > 4080 && used <= 4095);
    CHECK_EQ(event_bind_ipi(0), -ENOSPC);
    for (port = 1; port < 4096; port++)
        if (status_of(port).status == EVTCHNSTAT_unbound)
            CHECK_EQ(event_close(port), 0);
}

static void reset(void)
{
    struct evtchn_reset op = { .dom = DOMID_SELF };
    long a, b;

    pair(&a, &b);
    op.dom = 77;
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_reset, &op), -ESRCH);
    CHECK_EQ(status_of(a).status, EVTCHNSTAT_interdomain);
    op.dom = DOMID_SELF;
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_reset, &op), 0);
    CHECK_EQ(status_of(a).status, EVTCHNSTAT_closed);
    CHECK_EQ(status_of(b).status, EVTCHNSTAT_closed);
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };
    static const unsigned int cmds[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

    for (int c = 0; c < 11; c++)
        for (int i = 0; i < 4; i++)
            if (hc_event_channel_op(cmds[c], (void *)pointers[i]) != -EFAULT)
                FAIL("command %u pointer %lx: %ld", cmds[c], pointers[i],
                     hc_event_channel_op(cmds[c], (void *)pointers[i]));
}

static void unknown(void)
{
    uint64_t zero[4] = { 0 };

    CHECK_EQ(hc_event_channel_op(15, zero), -ENOSYS);
    CHECK_EQ(hc_event_channel_op(~0u, zero), -ENOSYS);
}

/* Copying the answer out fails; whether the port stays is not said. */
static void answer_not_writable(void)
{
    uint64_t *page = page_alloc();
    struct evtchn_alloc_unbound *op = (void *)page;

    op->dom = DOMID_SELF;
    CHECK_EQ(page_protect(page, PTE_RO_PAGE), 0);
    CHECK_EQ(hc_event_channel_op(EVTCHNOP_alloc_unbound, op), -EFAULT);
    CHECK_EQ(page_protect(page, PTE_RW_PAGE), 0);
    page_free(page);
}

/* The old hypercall with the command inside its structure. */
static void compat(void)
{
    struct evtchn_op op = { .cmd = EVTCHNOP_alloc_unbound };

    op.u.alloc_unbound.dom = DOMID_SELF;
    CHECK_EQ(hypercall3(__HYPERVISOR_event_channel_op_compat, (unsigned long)&op, 0, 0), 0);
    CHECK(op.u.alloc_unbound.port > 0);
    CHECK_EQ(event_close(op.u.alloc_unbound.port), 0);
}

static const struct test tests[] = {
    { "alloc_unbound", alloc_unbound },
    { "bind_interdomain", bind_interdomain },
    { "bind_not_for_us", bind_not_for_us },
    { "send_interdomain", send_interdomain },
    { "send_refusals", send_refusals },
    { "bind_virq", bind_virq },
    { "bind_ipi", bind_ipi },
    { "bind_vcpu", bind_vcpu_rules },
    { "status_refusals", status_refusals },
    { "close_refusals", close_refusals },
    { "masked_port", masked_port },
    { "masked_upcall", masked_upcall },
    { "delivered_at_once", delivered_at_once },
    { "upcall_frame_layout", upcall_frame_layout },
    { "edge", edge },
    { "closing_clears", closing_clears },
    { "unmask_refusals", unmask_refusals },
    { "all_ports", all_ports },
    { "reset", reset },
    { "bad_pointers", bad_pointers },
    { "unknown", unknown },
    { "answer_not_writable", answer_not_writable },
    { "compat", compat },
};

TEST_MAIN(tests)
