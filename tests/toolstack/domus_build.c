/* SPDX-License-Identifier: MIT */
/*
 * domus-build: one PV guest by libdomus alone, without daemon or configuration file.
 *
 *   domus-build kernel=FILE [ramdisk=FILE] [cmdline=TEXT] [memory=MIB] [maxmem=MIB] [vcpus=N]
 *               [maxvcpus=N] [name=TEXT] [until=TEXT] [seconds=N] [tsc=N] [weight=N] [cap=N]
 *
 * Builds and starts the guest, copies its console to standard output until it prints `until`, shuts
 * down, or the time is over, then destroys it and reports what is left. Status 0 only if
 * `until` was seen (or, without it, if the guest shut down by itself).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/console.h>

#include "domus.h"
#include "store_client.h"

struct run {
    struct control ctl;
    struct pv_build_config config;
    struct pv_domain domain;
    struct evtchn evtchn;
    struct gnttab gnttab;
    struct xencons_interface *ring;
    evtchn_port_t port;
    int store;
    const char *until;
    double seconds;
    char tail[4096]; /* what the console said last, to find `until` in */
    size_t tail_len;
};

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- arguments --------------------------------------------------------------------------- */

static unsigned long number(const char *value)
{
    return strtoul(value, NULL, 0);
}

static int set_argument(struct run *run, const char *key, const char *value)
{
    struct pv_build_config *c = &run->config;

    if (!strcmp(key, "kernel"))
        c->kernel = value;
    else if (!strcmp(key, "ramdisk"))
        c->ramdisk = value;
    else if (!strcmp(key, "cmdline"))
        c->cmdline = value;
    else if (!strcmp(key, "name"))
        c->name = value;
    else if (!strcmp(key, "until"))
        run->until = value;
    else if (!strcmp(key, "memory"))
        c->memory_kib = number(value) << 10;
    else if (!strcmp(key, "maxmem"))
        c->maxmem_kib = number(value) << 10;
    else if (!strcmp(key, "vcpus"))
        c->vcpus = (unsigned int)number(value);
    else if (!strcmp(key, "maxvcpus"))
        c->maxvcpus = (unsigned int)number(value);
    else if (!strcmp(key, "tsc"))
        c->tsc_mode = (unsigned int)number(value);
    else if (!strcmp(key, "weight"))
        c->weight = (unsigned int)number(value);
    else if (!strcmp(key, "cap"))
        c->cap = (unsigned int)number(value);
    else if (!strcmp(key, "seconds"))
        run->seconds = (double)number(value);
    else
        return -EINVAL;
    return 0;
}

static int parse_arguments(struct run *run, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');

        if (!equals)
            return -EINVAL;
        *equals = '\0';
        if (set_argument(run, argv[i], equals + 1)) {
            fprintf(stderr, "domus-build: unknown argument %s\n", argv[i]);
            return -EINVAL;
        }
    }
    if (run->config.maxvcpus == 0)
        run->config.maxvcpus = run->config.vcpus;
    return 0;
}

/* ---- console ----------------------------------------------------------------------------- */

static int console_open(struct run *run)
{
    grant_ref_t ref = GNTTAB_RESERVED_CONSOLE;
    void *page;
    int rc = evtchn_open(&run->evtchn);

    if (rc == 0)
        rc = gnttab_open(&run->gnttab);
    if (rc == 0)
        rc = gnttab_map(&run->gnttab, run->domain.domid, &ref, 1, PROT_READ | PROT_WRITE, &page);
    if (rc)
        return rc;
    run->ring = page;
    return evtchn_bind_interdomain(&run->evtchn, run->domain.domid, run->domain.console_port,
                                   &run->port);
}

static void remember(struct run *run, const char *text, size_t len)
{
    if (len > sizeof(run->tail) / 2) {
        text += len - sizeof(run->tail) / 2;
        len = sizeof(run->tail) / 2;
    }
    if (run->tail_len + len >= sizeof(run->tail)) {
        size_t keep = sizeof(run->tail) / 2 - 1;

        memmove(run->tail, run->tail + run->tail_len - keep, keep);
        run->tail_len = keep;
    }
    memcpy(run->tail + run->tail_len, text, len);
    run->tail_len += len;
    run->tail[run->tail_len] = '\0';
}

/* Both indices run freely; the guest's is read once and believed only as far as the ring goes. */
static void console_drain(struct run *run)
{
    XENCONS_RING_IDX prod = __atomic_load_n(&run->ring->out_prod, __ATOMIC_ACQUIRE);
    XENCONS_RING_IDX cons = run->ring->out_cons;
    char text[sizeof(run->ring->out)];
    size_t len = 0;

    if (prod - cons > sizeof(run->ring->out))
        cons = prod;
    while (cons != prod && len < sizeof(text))
        text[len++] = run->ring->out[MASK_XENCONS_IDX(cons++, run->ring->out)];
    if (len == 0)
        return;
    __atomic_store_n(&run->ring->out_cons, cons, __ATOMIC_RELEASE);
    evtchn_notify(&run->evtchn, run->port);
    fwrite(text, 1, len, stdout);
    fflush(stdout);
    remember(run, text, len);
}

/* 1 seen, 2 shut down, 0 time over. */
static int console_follow(struct run *run)
{
    double end = now() + run->seconds;

    while (now() < end) {
        struct pollfd pfd = { .fd = evtchn_fd(&run->evtchn), .events = POLLIN };
        struct xen_domctl_getdomaininfo info;
        evtchn_port_t port;

        poll(&pfd, 1, 200);
        while (evtchn_pending(&run->evtchn, &port) == 0)
            evtchn_unmask(&run->evtchn, port);
        console_drain(run);
        if (run->until && strstr(run->tail, run->until))
            return 1;
        if (domctl_get_info(&run->ctl, run->domain.domid, &info) ||
            (info.flags & XEN_DOMINF_shutdown)) {
            console_drain(run);
            printf("\ndomus-build: guest shut down, reason %u\n",
                   info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
            return 2;
        }
    }
    return 0;
}

static void console_close(struct run *run)
{
    if (run->ring)
        gnttab_unmap(&run->gnttab, run->ring, 1);
    gnttab_close(&run->gnttab);
    evtchn_close(&run->evtchn);
}

/* ---- the run ----------------------------------------------------------------------------- */

static int run_guest(struct run *run)
{
    int rc = store_introduce(run->store, &run->config, &run->domain), seen;

    if (rc == 0)
        rc = console_open(run);
    if (rc == 0)
        rc = domctl_unpause(&run->ctl, run->domain.domid);
    if (rc) {
        fprintf(stderr, "domus-build: cannot start domain %u: %s\n", run->domain.domid,
                strerror(-rc));
        return 1;
    }
    seen = console_follow(run);
    printf("\ndomus-build: %s\n", seen == 1 ? "seen" : seen == 2 ? "shut down" : "time is over");
    return seen == 1 || (seen == 2 && !run->until) ? 0 : 1;
}

static void report_free(struct run *run, const char *when)
{
    struct xen_sysctl_physinfo host;

    if (sysctl_get_physinfo(&run->ctl, &host) == 0)
        printf("domus-build: free pages %s: %lu\n", when, (unsigned long)host.free_pages);
}

static void report_policy(struct run *run)
{
    struct cpu_policy policy;
    unsigned int weight = 0, cap = 0;
    struct xen_version_info version;

    if (domctl_get_cpu_policy(&run->ctl, run->domain.domid, &policy) == 0) {
        printf("domus-build: policy has %u leaves, %u MSRs\n", policy.nr_leaves, policy.nr_msrs);
        cpu_policy_free(&policy);
    }
    if (domctl_get_weight(&run->ctl, run->domain.domid, &weight, &cap) == 0)
        printf("domus-build: weight %u, cap %u\n", weight, cap);
    if (xen_version_get(&run->ctl, &version) == 0)
        printf("domus-build: on %u.%u%s (%s)\n", version.major, version.minor, version.extra,
               version.capabilities);
}

int main(int argc, char **argv)
{
    struct run run = { .seconds = 120, .evtchn = { -1 }, .gnttab = { -1 } };
    struct error e = { 0 };
    double start;
    int status = 1, rc;

    pv_build_config_init(&run.config);
    run.config.name = "test";
    run.config.memory_kib = 128 << 10;
    run.config.vcpus = 1;
    if (parse_arguments(&run, argc, argv))
        return 2;
    if (control_open(&run.ctl, &e)) {
        fprintf(stderr, "domus-build: %s\n", error_text(&e));
        return 1;
    }
    run.store = store_open();
    report_free(&run, "before");
    start = now();
    rc = pv_build(&run.ctl, &run.config, &run.domain, &e);
    if (rc) {
        fprintf(stderr, "domus-build: %s\n", error_text(&e));
        goto out;
    }
    printf("domus-build: domain %u built in %.2f s\n", run.domain.domid, now() - start);
    report_policy(&run);
    status = run_guest(&run);
    console_close(&run);
    rc = domctl_destroy(&run.ctl, run.domain.domid);
    printf("domus-build: destroyed: %s\n", rc ? strerror(-rc) : "yes");
    store_forget(run.store, run.domain.domid);
    usleep(500000);
out:
    report_free(&run, "after");
    control_close(&run.ctl);
    return status;
}
