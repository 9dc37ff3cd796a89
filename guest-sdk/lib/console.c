/* SPDX-License-Identifier: MIT */
/* Text out. The initial domain writes by console_io; the ring of other domains is mapped here. */
#include <stdint.h>

#include <xen/io/console.h>
#include <xen/sched.h>

#include <sdk/console.h>
#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/start.h>
#include <sdk/string.h>

#define LINE_MAX 512

static void write_hypervisor(const char *text, size_t length)
{
    while (length) {
        size_t part = length < LINE_MAX ? length : LINE_MAX;

        if (hc_console_io(CONSOLEIO_write, part, (void *)text) < 0)
            return;
        text += part;
        length -= part;
    }
}

static struct xencons_interface *ring_of_domu(void)
{
    unsigned long mfn = start_info->console.domU.mfn;

    return mfn ? va_of_pfn(M2P[mfn]) : NULL;
}

static void write_ring(struct xencons_interface *ring, const char *text, size_t length)
{
    volatile XENCONS_RING_IDX *consumer = &ring->out_cons;

    while (length) {
        XENCONS_RING_IDX prod = ring->out_prod;

        if (prod - *consumer == sizeof(ring->out)) {
            hc_sched_op(SCHEDOP_yield, NULL);
            continue;
        }
        ring->out[MASK_XENCONS_IDX(prod, ring->out)] = *text++;
        length--;
        barrier();
        ring->out_prod = prod + 1;
    }
    event_send(start_info->console.domU.evtchn);
}

void console_write(const char *text, size_t length)
{
    struct xencons_interface *ring;

    if (is_initial_domain()) {
        write_hypervisor(text, length);
        return;
    }
    ring = ring_of_domu();
    if (ring)
        write_ring(ring, text, length);
}

int vprintf(const char *format, va_list args)
{
    char line[LINE_MAX];
    int length = vsnprintf(line, sizeof(line), format, args);

    console_write(line, length < LINE_MAX ? length : LINE_MAX - 1);
    return length;
}

int printf(const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vprintf(format, args);
    va_end(args);
    return length;
}
