/* SPDX-License-Identifier: MIT */
/*
 * How much memory and how many vCPUs dom0 gets: dom0_mem=, dom0_max_vcpus= in Xen's spelling. Boot
 * only.
 */
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/params.h>
#include <hv/printk.h>
#include <hv/sched.h>

#include "internal.h"

/* A size of the option: so many bytes, or a part of all memory, or both added. */
struct memory_size {
    s64 bytes; /* negative: all memory less that much */
    u32 percent;
    bool given;
};
static struct memory_size opt_amount, opt_min, opt_max;
static u32 opt_vcpus_min = 1, opt_vcpus_max = MAX_VCPUS;

/* <size>, <percent>%, <size>+<percent>% or -<size>; the end goes to *end. */
static bool parse_memory_size(const char *s, const char **end, struct memory_size *out)
{
    bool minus = *s == '-';
    const char *after;
    u64 v;

    *out = (struct memory_size){ .given = true };
    v = strtou64(s + minus, &after, 10);
    if (after == s + minus)
        return false;
    if (*after == '%') {
        if (v > 100 || minus)
            return false;
        out->percent = (u32)v;
        *end = after + 1;
        return true;
    }
    v = parse_size_and_unit(s + minus, &after);
    if (v >> 63)
        return false;
    out->bytes = minus ? -(s64)v : (s64)v;
    if (*after == '+') {
        v = strtou64(after + 1, &after, 10);
        if (*after != '%' || v > 100 || minus)
            return false;
        out->percent = (u32)v;
        after++;
    }
    *end = after;
    return true;
}

/* dom0_mem=[min:<size>][,][max:<size>][,][<size>], in any order. */
static int parse_dom0_mem(const char *s)
{
    while (*s) {
        struct memory_size *which = &opt_amount;

        if (!strncmp(s, "min:", 4))
            which = &opt_min;
        else if (!strncmp(s, "max:", 4))
            which = &opt_max;
        if (which != &opt_amount)
            s += 4;
        if (!parse_memory_size(s, &s, which) || (*s && *s != ','))
            return -1;
        s += *s == ',';
    }
    return 0;
}
BOOT_PARAM("dom0_mem", parse_dom0_mem);

/* dom0_max_vcpus=<n>, <min>-, -<max> or <min>-<max>. */
static int parse_dom0_max_vcpus(const char *s)
{
    u64 low = 0, high;

    if (*s != '-')
        low = strtou64(s, &s, 10);
    high = low;
    if (*s == '-') {
        s++;
        high = *s ? strtou64(s, &s, 10) : MAX_VCPUS;
    }
    if (*s || !high || low > high)
        return -1;
    opt_vcpus_min = (u32)MAX(low, 1UL);
    opt_vcpus_max = (u32)MIN(high, (u64)MAX_VCPUS);
    return 0;
}
BOOT_PARAM("dom0_max_vcpus", parse_dom0_max_vcpus);

static bool opt_pin;

static int parse_dom0_vcpus_pin(const char *s)
{
    int on = parse_bool(s);

    opt_pin = on == 1;
    return on < 0 ? -1 : 0;
}
BOOT_PARAM("dom0_vcpus_pin", parse_dom0_vcpus_pin);

void dom0_pin(struct vcpu *v)
{
    cpumask_t one = { 1UL << (v->vcpu_id % nr_cpus) };

    if (opt_pin && vcpu_set_hard_affinity(v, &one))
        printk(LOG_WARN "dom0_vcpus_pin: CPU %u is not there for vCPU %u\n",
               v->vcpu_id % nr_cpus, v->vcpu_id);
}

unsigned int dom0_nr_vcpus(void)
{
    unsigned int n = MAX(nr_cpus, opt_vcpus_min);

    return MIN(n, opt_vcpus_max);
}

/* In pages, of all the memory that there is for domains. */
static s64 to_pages(const struct memory_size *m, u64 available)
{
    s64 pages = m->bytes / (s64)PAGE_SIZE + (s64)(available * m->percent / 100);

    return pages < 0 ? (s64)available + pages : pages;
}

/* Kept for ourselves and for domains to come when nothing is said: a sixteenth, at most 128 MiB. */
static u64 default_reserve(u64 available)
{
    return MIN(available / 16, 128UL << (20 - PAGE_SHIFT));
}

u64 dom0_nr_pages(void)
{
    u64 available = page_alloc_free_pages();
    u64 margin = available / 128 + 512; /* page tables and records that dom0 itself makes us need */
    s64 pages;

    if (opt_amount.given)
        pages = to_pages(&opt_amount, available);
    else
        pages = (s64)(available - default_reserve(available));
    if (opt_min.given)
        pages = MAX(pages, to_pages(&opt_min, available));
    if (opt_max.given)
        pages = MIN(pages, to_pages(&opt_max, available));
    if (pages <= 0)
        panic("dom0_mem= leaves dom0 without memory (%lu MiB are there)\n", available >> 8);
    if ((u64)pages > available - margin)
        pages = (s64)(available - margin);
    return (u64)pages;
}

u64 dom0_max_pages(u64 nr_pages)
{
    s64 max;

    if (!opt_max.given)
        return 0xffffffffUL >> 1; /* no limit of its own */
    max = to_pages(&opt_max, page_alloc_total_pages());
    return max > (s64)nr_pages ? (u64)max : nr_pages;
}
