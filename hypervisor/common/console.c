/* SPDX-License-Identifier: MIT */
/*
 * Console output devices, the log ring, and input: characters go to dom0 or, after ctrl-a three
 * times, to the hypervisor's debug keys. The ring is what sysctl readconsole and "dmesg" read; it
 * overwrites its oldest bytes.
 *
 * ABI: public sysctl.h (readconsole); option conring_size= as Xen spells it.
 */
#include <asm/current.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/console_internal.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/page_alloc.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/spinlock.h>
#include <xen/sysctl.h>

#define MAX_DEVICES 4
#define EARLY_RING 16384
#define RX_RING 2048 /* a pasted page, while dom0 is busy */
#define SWITCH_CHAR 0x01 /* ctrl-a */
#define SWITCH_COUNT 3

static DEFINE_SPINLOCK_AT(output_lock, ORDER_LEAF);
static const struct console_device *device[MAX_DEVICES];
static unsigned int nr_devices;

static char early_ring[EARLY_RING];
static char *ring = early_ring;
static u32 ring_bytes = EARLY_RING; /* a power of two */
static u32 ring_cons, ring_prod;    /* free-running */
static u64 wanted_ring_bytes;

static DEFINE_SPINLOCK(rx_lock);
static char rx_ring[RX_RING];
static u32 rx_cons, rx_prod;
static unsigned int switch_seen;
static bool input_is_ours;
static bool unlocked;

static int parse_conring_size(const char *s)
{
    wanted_ring_bytes = parse_size_and_unit(s, NULL);
    return 0;
}
BOOT_PARAM("conring_size", parse_conring_size);

unsigned long console_lock_irqsave(void)
{
    unsigned long flags = irq_save();

    if (!unlocked)
        spin_lock(&output_lock);
    return flags;
}

void console_unlock_irqrestore(unsigned long flags)
{
    if (!unlocked)
        spin_unlock(&output_lock);
    irq_restore(flags);
}

void console_force_unlock(void)
{
    unlocked = true;
}

void console_flush(void)
{
    for (unsigned int i = 0; i < nr_devices; i++)
        if (device[i]->flush)
            device[i]->flush();
}

void console_register(const struct console_device *dev)
{
    if (nr_devices == MAX_DEVICES)
        return;
    /* What was said before the device existed is shown now. */
    for (u32 i = ring_cons; i != ring_prod; i++)
        dev->write(&ring[i & (ring_bytes - 1)], 1);
    device[nr_devices++] = dev;
}

static void ring_put(const char *s, size_t n)
{
    for (; n; n--, s++) {
        ring[ring_prod++ & (ring_bytes - 1)] = *s;
        if (ring_prod - ring_cons > ring_bytes)
            ring_cons = ring_prod - ring_bytes;
    }
}

void console_emit(const char *s, size_t n)
{
    for (unsigned int i = 0; i < nr_devices; i++)
        device[i]->write(s, n);
    ring_put(s, n);
}

void console_init_ring(void)
{
    u64 want = MIN(wanted_ring_bytes, 1UL << 26);
    unsigned int order = 2;
    unsigned long flags;
    char *bigger;

    while (PAGE_SIZE << (order + 1) <= want)
        order++;
    bigger = hv_alloc_pages(order, 0);
    if (!bigger)
        return;
    flags = console_lock_irqsave();
    for (u32 i = ring_cons; i != ring_prod; i++)
        bigger[i & ((PAGE_SIZE << order) - 1)] = ring[i & (ring_bytes - 1)];
    ring = bigger;
    ring_bytes = (u32)(PAGE_SIZE << order);
    console_unlock_irqrestore(flags);
}

long console_read_ring(struct xen_sysctl_readconsole *op)
{
    u32 at, end, max = op->count, done = 0;
    char chunk[256];

    at = op->incremental && (s32)(op->index - ring_cons) > 0 ? op->index : READ_ONCE(ring_cons);
    end = READ_ONCE(ring_prod);
    if (end - at > ring_bytes) /* an index that was never handed out */
        at = READ_ONCE(ring_cons);
    while (at != end && done < max) {
        u32 n = MIN(end - at, max - done);

        n = MIN(n, (u32)sizeof(chunk));
        for (u32 i = 0; i < n; i++)
            chunk[i] = ring[(at + i) & (ring_bytes - 1)];
        if (copy_to_guest_offset(op->buffer, done, chunk, n))
            return -EFAULT;
        done += n;
        at += n;
    }
    if (op->clear) {
        unsigned long flags = console_lock_irqsave();

        ring_cons = (s32)(ring_prod - at) >= (s32)ring_bytes ? ring_prod - ring_bytes : at;
        console_unlock_irqrestore(flags);
    }
    op->count = done;
    op->index = at;
    return 0;
}

/* A domU's bytes are printed a line at a time with its number in front; dom0's as they are. */
void console_write_guest(struct domain *d, const char *s, size_t n)
{
    unsigned long flags = console_lock_irqsave();
    char head[16];

    if (!d->is_hardware) {
        int len = scnprintf(head, sizeof(head), "(d%u) ", d->domid);

        console_emit(head, (size_t)len);
    }
    console_emit(s, n);
    console_unlock_irqrestore(flags);
    send_global_virq(VIRQ_CON_RING);
}

size_t console_read_input(char *buf, size_t n)
{
    size_t k = 0;
    unsigned long flags = spin_lock_save(&rx_lock);

    while (k < n && rx_cons != rx_prod)
        buf[k++] = rx_ring[rx_cons++ % RX_RING];
    spin_unlock_restore(&rx_lock, flags);
    return k;
}

static void switch_input(void)
{
    input_is_ours = !input_is_ours;
    printk(LOG_ERR "*** Serial input to %s (type 'ctrl-a' three times to switch)\n",
           input_is_ours ? "the hypervisor" : "dom0");
}

void console_rx(char c)
{
    unsigned long flags;
    bool stored = false;

    if (c == SWITCH_CHAR) {
        if (++switch_seen == SWITCH_COUNT) {
            switch_seen = 0;
            switch_input();
            return;
        }
    } else {
        switch_seen = 0;
    }
    if (input_is_ours) {
        if (c != SWITCH_CHAR)
            debug_key_typed((unsigned char)c);
        return;
    }
    flags = spin_lock_save(&rx_lock);
    if (rx_prod - rx_cons < RX_RING) {
        rx_ring[rx_prod++ % RX_RING] = c;
        stored = true;
    }
    spin_unlock_restore(&rx_lock, flags);
    if (stored)
        send_global_virq(VIRQ_CONSOLE);
}
