/* SPDX-License-Identifier: MIT */
/*
 * The consumer's side of the trace buffers. What is read is the hypervisor's, which is trusted;
 * lengths are checked all the same, so that an older buffer layout ends in a message, not a crash.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/trace.h>

#include "control_call.h"
#include "sys/foreign_map.h"
#include "trace_buffer.h"

#define EVENT_BEGIN 0x00201050u
#define EVENT_END 0x00201051u
#define PAGES_PER_CPU 32
#define PAGE 4096u
#define HAS_CYCLES (1u << 31)

struct ring {
    volatile uint32_t *head; /* consumer, producer */
    const uint8_t *data;
};

struct trace_reader {
    struct control *ctl;
    void *info;
    unsigned int nr_cpus, pages;
    uint32_t bytes; /* of data in each ring */
    struct ring *rings;
};

static int tbuf_op(struct control *ctl, uint32_t cmd, struct xen_sysctl_tbuf_op *out, uint32_t size)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_tbuf_op };
    int rc;

    op.u.tbuf_op.cmd = cmd;
    op.u.tbuf_op.size = size;
    op.u.tbuf_op.evt_mask = TRC_PV;
    rc = do_sysctl(ctl, &op);
    if (rc == 0 && out)
        *out = op.u.tbuf_op;
    return rc;
}

static int map_ring(struct trace_reader *r, unsigned int cpu, struct error *e)
{
    const uint16_t *head = r->info;
    const uint32_t *list = (const uint32_t *)r->info + head[1 + cpu];
    xen_pfn_t frames[256];
    void *addr;
    int rc;

    if ((head[1 + cpu] + r->pages) * sizeof(uint32_t) > PAGE || r->pages > 256)
        return error_set(e, -EPROTO, "the hypervisor's trace buffers have a layout that this "
                                     "version does not know: use its own tools");
    for (unsigned int i = 0; i < r->pages; i++)
        frames[i] = list[i];
    rc = foreign_map(&r->ctl->privcmd, DOMID_XEN, frames, r->pages, PROT_READ | PROT_WRITE, &addr);
    if (rc)
        return error_set(e, rc, "cannot map the trace buffer of CPU %u: %s", cpu,
                         error_clause(rc));
    r->rings[cpu].head = addr;
    r->rings[cpu].data = (const uint8_t *)addr + 8;
    return 0;
}

static int map_all(struct trace_reader *r, const struct xen_sysctl_tbuf_op *info, struct error *e)
{
    struct xen_sysctl_physinfo phys;
    xen_pfn_t frame = info->buffer_mfn;
    int rc = sysctl_get_physinfo(r->ctl, &phys);

    if (rc == 0)
        rc = foreign_map(&r->ctl->privcmd, DOMID_XEN, &frame, 1, PROT_READ, &r->info);
    if (rc)
        return error_set(e, rc, "cannot map the list of trace buffers: %s", error_clause(rc));
    r->pages = ((const uint16_t *)r->info)[0];
    r->bytes = r->pages * PAGE - 8;
    r->nr_cpus = phys.nr_cpus;
    r->rings = calloc(r->nr_cpus, sizeof(*r->rings));
    if (!r->rings)
        return error_set(e, -ENOMEM, "not enough memory to read the trace");
    for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
        rc = map_ring(r, cpu, e);
        if (rc)
            return rc;
        r->rings[cpu].head[0] = r->rings[cpu].head[1]; /* what is old is of no interest */
    }
    return 0;
}

int trace_open(struct control *ctl, struct trace_reader **reader, struct error *e)
{
    struct xen_sysctl_tbuf_op info;
    struct trace_reader *r;
    int rc = tbuf_op(ctl, XEN_SYSCTL_TBUFOP_get_info, &info, 0);

    if (rc == 0 && info.size == 0) {
        rc = tbuf_op(ctl, XEN_SYSCTL_TBUFOP_set_size, NULL, PAGES_PER_CPU);
        if (rc == 0)
            rc = tbuf_op(ctl, XEN_SYSCTL_TBUFOP_get_info, &info, 0);
    }
    if (rc)
        return error_set(e, rc, "the hypervisor gives no trace buffers: %s", error_clause(rc));
    r = calloc(1, sizeof(*r));
    if (!r)
        return error_set(e, -ENOMEM, "not enough memory to read the trace");
    r->ctl = ctl;
    rc = map_all(r, &info, e);
    if (rc == 0)
        rc = tbuf_op(ctl, XEN_SYSCTL_TBUFOP_set_evt_mask, NULL, 0);
    if (rc == 0)
        rc = tbuf_op(ctl, XEN_SYSCTL_TBUFOP_enable, NULL, 0);
    if (rc) {
        trace_close(r);
        return error_set(e, rc, "tracing cannot be switched on: %s", error_clause(rc));
    }
    *reader = r;
    return 0;
}

static uint64_t two_words(const uint32_t *w)
{
    return w[0] | (uint64_t)w[1] << 32;
}

static bool decode(uint32_t head, const uint32_t *words, unsigned int n, struct trace_event *event)
{
    unsigned int id = head & 0x0fffffff;

    event->cycles = 0;
    if (head & HAS_CYCLES) {
        event->cycles = two_words(words);
        words += 2;
    }
    if (id == TRC_LOST_RECORDS && n >= 1) {
        event->kind = TRACE_LOST;
        event->lost = words[0];
        return true;
    }
    if ((id != EVENT_BEGIN && id != EVENT_END) || n < 6)
        return false;
    event->kind = id == EVENT_BEGIN ? TRACE_BEGIN : TRACE_END;
    event->domain = words[0] >> 16;
    event->vcpu = words[0] & 0xffff;
    event->number = words[1] & 0xff;
    event->nr_args = words[1] >> 8;
    event->args[0] = two_words(words + 2);
    event->args[1] = event->arg3 = two_words(words + 4);
    event->result = (int64_t)event->args[0];
    return true;
}

unsigned int trace_read(struct trace_reader *r,
                        void (*event)(const struct trace_event *event, void *arg), void *arg)
{
    unsigned int count = 0;

    for (unsigned int cpu = 0; cpu < r->nr_cpus; cpu++) {
        struct ring *ring = &r->rings[cpu];
        uint32_t cons = ring->head[0], prod = ring->head[1];

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        while (cons != prod) {
            uint32_t at = cons % r->bytes, head, words[9];
            unsigned int n, size;
            struct trace_event found = { .cpu = cpu };

            memcpy(&head, ring->data + at, sizeof(head));
            n = head >> TRACE_EXTRA_SHIFT & 7;
            size = 4 + (head & HAS_CYCLES ? 8 : 0) + n * 4;
            if (at + size > r->bytes) {
                cons = prod; /* not a record boundary: begin anew at the end */
                break;
            }
            memcpy(words, ring->data + at + 4, size - 4);
            if (decode(head, words, n, &found)) {
                event(&found, arg);
                count++;
            }
            cons = (cons + size) % (2 * r->bytes);
        }
        __atomic_thread_fence(__ATOMIC_RELEASE);
        ring->head[0] = cons;
    }
    return count;
}

void trace_close(struct trace_reader *r)
{
    if (!r)
        return;
    (void)tbuf_op(r->ctl, XEN_SYSCTL_TBUFOP_disable, NULL, 0);
    for (unsigned int cpu = 0; r->rings && cpu < r->nr_cpus; cpu++)
        foreign_unmap((void *)r->rings[cpu].head, r->pages);
    free(r->rings);
    foreign_unmap(r->info, 1);
    free(r);
}
