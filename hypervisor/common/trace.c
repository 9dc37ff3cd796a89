/* SPDX-License-Identifier: MIT */
/*
 * Trace buffers. Each CPU writes only its own ring, with interrupts off; the consumer index is the
 * tool's to write and is checked at every use: nonsense counts as "full", so a tool can only lose
 * its own records. Pages are allocated once, by set_size, and kept.
 *
 * ABI: public trace.h (struct t_rec, t_buf, t_info; indices run modulo twice the size) and
 * sysctl.h (tbuf_op).
 */
#include <asm/current.h>
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/percpu.h>
#include <hv/trace.h>
#include <xen/sysctl.h>
#include <xen/trace.h>

#define MAX_PAGES_PER_CPU 64
#define TRC_ALL           0x0ffff000u

struct ring_head {
    u32 cons, prod;
}; /* struct t_buf */

struct trace_ring {
    struct ring_head *head;
    char *data;
    u32 prod; /* our copy: the shared one is only ever written */
    u32 lost;
};
static DEFINE_PER_CPU(struct trace_ring, trace_ring);

bool trace_enabled;
static u32 data_bytes, pages_per_cpu;
static u32 event_mask = TRC_ALL;
static void *info_page;
static DEFINE_SPINLOCK(trace_lock);

/* Bytes free, or 0 when the tool's index makes no sense. */
static u32 space(const struct trace_ring *r)
{
    u32 cons = READ_ONCE(r->head->cons), used;

    if (cons >= 2 * data_bytes)
        return 0;
    used = r->prod >= cons ? r->prod - cons : r->prod + 2 * data_bytes - cons;
    return used > data_bytes ? 0 : data_bytes - used;
}

static void advance(struct trace_ring *r, u32 bytes)
{
    r->prod += bytes;
    if (r->prod >= 2 * data_bytes)
        r->prod -= 2 * data_bytes;
    smp_wmb();
    WRITE_ONCE(r->head->prod, r->prod);
}

static u32 offset_of(const struct trace_ring *r)
{
    return r->prod >= data_bytes ? r->prod - data_bytes : r->prod;
}

/* Records never wrap: the rest of the ring is filled with one record that says so. */
static void pad_to_end(struct trace_ring *r, u32 left)
{
    u32 *at = (u32 *)(r->data + offset_of(r));

    while (left) {
        u32 words = MIN(left / 4 - 1, (u32)TRACE_EXTRA_MAX);

        *at = TRC_TRACE_WRAP_BUFFER | words << TRACE_EXTRA_SHIFT;
        at += 1 + words;
        advance(r, (1 + words) * 4);
        left -= (1 + words) * 4;
    }
}

static void put(struct trace_ring *r, u32 event, unsigned int n, const u32 *words)
{
    u32 *at = (u32 *)(r->data + offset_of(r));
    u64 tsc = arch_cycles();

    at[0] = event | n << TRACE_EXTRA_SHIFT | 1u << 31;
    at[1] = (u32)tsc;
    at[2] = (u32)(tsc >> 32);
    for (unsigned int i = 0; i < n; i++)
        at[3 + i] = words[i];
    advance(r, (3 + n) * 4);
}

/* Room for a record of so many bytes without wrapping; pads when need be. */
static bool make_room(struct trace_ring *r, u32 bytes)
{
    u32 left = data_bytes - offset_of(r);

    if (left >= bytes)
        return space(r) >= bytes;
    if (space(r) < left + bytes)
        return false;
    pad_to_end(r, left);
    return true;
}

void trace_record(u32 event, unsigned int n, const u32 *words)
{
    struct trace_ring *r;
    unsigned long flags;
    u32 lost[4] = { 0 };

    if (!trace_enabled || !(event & event_mask & TRC_ALL))
        return;
    flags = irq_save();
    r = &this_cpu(trace_ring);
    if (r->lost && make_room(r, (3 + 4) * 4 + (3 + n) * 4)) {
        lost[0] = r->lost;
        put(r, TRC_LOST_RECORDS, 4, lost);
        r->lost = 0;
    }
    if (!r->lost && make_room(r, (3 + n) * 4))
        put(r, event, n, words);
    else
        r->lost++;
    irq_restore(flags);
}

static u32 who(void)
{
    return (u32)current->domain->domid << 16 | current->vcpu_id;
}

static u32 what(u64 nr)
{
    u32 args =
        nr < NR_HYPERCALLS ? hypercall_table[array_index_nospec(nr, NR_HYPERCALLS)].nr_args : 0;

    return (u32)(nr & 0xff) | args << 8;
}

void trace_hypercall(u64 nr, u64 a1, u64 a2)
{
    const u32 w[6] = { who(), what(nr), (u32)a1, (u32)(a1 >> 32), (u32)a2, (u32)(a2 >> 32) };

    trace_record(TRACE_HYPERCALL, ARRAY_SIZE(w), w);
}

void trace_hypercall_end(u64 nr, u64 result, u64 a3)
{
    const u32 w[6] = {
        who(), what(nr), (u32)result, (u32)(result >> 32), (u32)a3, (u32)(a3 >> 32)
    };

    trace_record(TRACE_HYPERCALL_END, ARRAY_SIZE(w), w);
}

/* ---- control ---- */

static u32 info_words(u32 pages)
{
    /* The header's 16-bit words, then 32-bit frame numbers. */
    return DIV_ROUND_UP(1 + nr_cpus, 2u) + nr_cpus * pages;
}

static unsigned int order_of(u32 pages)
{
    unsigned int order = 0;

    while (1u << order < pages)
        order++;
    return order;
}

static void free_all(u32 pages)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        struct trace_ring *r = &per_cpu(trace_ring, cpu);

        if (r->head)
            hv_free_pages(r->head, order_of(pages));
        r->head = NULL;
    }
    if (info_page)
        hv_free_page(info_page);
    info_page = NULL;
}

static bool alloc_all(u32 pages)
{
    info_page = hv_alloc_page();
    for (unsigned int cpu = 0; info_page && cpu < nr_cpus; cpu++) {
        struct trace_ring *r = &per_cpu(trace_ring, cpu);

        r->head = hv_alloc_pages(order_of(pages), MEMF_ZERO);
        if (!r->head)
            break;
        r->data = (char *)(r->head + 1);
        if (cpu + 1 == nr_cpus)
            return true;
    }
    free_all(pages);
    return false;
}

/* From here on the control domain may map the pages, so they stay. */
static void publish(unsigned int cpu, u32 pages)
{
    char *ring = (char *)per_cpu(trace_ring, cpu).head;
    u32 at = DIV_ROUND_UP(1 + nr_cpus, 2u) + cpu * pages;

    ((u16 *)info_page)[1 + cpu] = (u16)at;
    for (u32 i = 0; i < pages; i++) {
        frame_share_with_privileged(ring + i * PAGE_SIZE, SHARE_RW);
        ((u32 *)info_page)[at + i] = (u32)mfn_raw(virt_to_mfn(ring)) + i;
    }
}

/* Once only, as the ABI has it: later calls must name the same size. */
static long set_size(u32 pages)
{
    if (pages_per_cpu)
        return pages == pages_per_cpu ? 0 : -EINVAL;
    if (!pages || pages > MAX_PAGES_PER_CPU || info_words(pages) * 4 > PAGE_SIZE)
        return -EINVAL;
    if (!alloc_all(pages))
        return -ENOMEM;
    ((u16 *)info_page)[0] = (u16)pages;
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        publish(cpu, pages);
    frame_share_with_privileged(info_page, SHARE_RO);
    data_bytes = pages * (u32)PAGE_SIZE - (u32)sizeof(struct ring_head);
    pages_per_cpu = pages;
    return 0;
}

long trace_control(struct xen_sysctl_tbuf_op *op)
{
    long rc = 0;

    spin_lock(&trace_lock);
    switch (op->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        op->evt_mask = event_mask;
        op->buffer_mfn = info_page ? mfn_raw(virt_to_mfn(info_page)) : 0;
        op->size = pages_per_cpu ? (u32)PAGE_SIZE : 0;
        break;
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        break; /* every CPU is traced; the tool filters */
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        event_mask = op->evt_mask;
        break;
    case XEN_SYSCTL_TBUFOP_set_size:
        rc = set_size(op->size);
        break;
    case XEN_SYSCTL_TBUFOP_enable:
        if (!pages_per_cpu)
            rc = -EINVAL;
        else
            trace_enabled = true;
        break;
    case XEN_SYSCTL_TBUFOP_disable:
        trace_enabled = false;
        break;
    default:
        rc = -EINVAL;
    }
    spin_unlock(&trace_lock);
    return rc;
}
