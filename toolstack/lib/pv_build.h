/* SPDX-License-Identifier: MIT */
/*
 * The PV domain builder: from kernel, ramdisk and sizes to a paused domain that is ready to run.
 *
 * In three steps, so that bad input is found before anything exists, and so that the caller can
 * record the domain's number before the long part:
 *   pv_build_prepare()  reads and checks the files, computes the layout; no privilege needed
 *   pv_build_create()   creates the domain, its limits and policies; no memory yet
 *   pv_build_load()     populates and fills memory, page tables, first vCPU
 * Each step that fails has undone what it did and says why in one sentence; create and load destroy
 * the domain when they fail. Not preemptible: meant for a worker process.
 */
#ifndef DOMUS_PV_BUILD_H
#define DOMUS_PV_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "error.h"

struct pv_build_config {
    const char *name;    /* for messages */
    const char *kernel;  /* path: bzImage, or ELF, plain or gzip */
    const char *ramdisk; /* path or NULL */
    const char *cmdline; /* or NULL */
    uint8_t uuid[16];
    uint64_t memory_kib;   /* what it starts with */
    uint64_t maxmem_kib;   /* what it may grow to; 0: memory_kib */
    unsigned int vcpus;    /* online at the start: decides nothing here (the store does), checked */
    unsigned int maxvcpus; /* 0: vcpus */
    unsigned int tsc_mode; /* 0 default, 1 always emulate, 2 native */
    unsigned int weight;   /* 0: the scheduler's default */
    unsigned int cap;
    unsigned int max_event_channels; /* 0: 1023 */
    int max_grant_frames;            /* < 0: hypervisor's default */
    int max_maptrack_frames;         /* < 0: hypervisor's default */
    unsigned int max_grant_version;  /* 0: the best that the hypervisor has */
    const char *const *cpuid; /* changes to CPUID, checked by cpuid_edits_add() */
    size_t nr_cpuid;
    uint32_t cpupool;
    int32_t time_offset_s;           /* the guest's wall clock minus UTC */
    domid_t console_domid;           /* who serves the console and the store: 0 for dom0 */
    domid_t xenstore_domid;
};

/* Fills in defaults: everything zero but the "hypervisor's default" fields. */
void pv_build_config_init(struct pv_build_config *config);

/* What the caller tells the store, the console and the user. */
struct pv_domain {
    domid_t domid;
    xen_pfn_t xenstore_frame;    /* machine frame; also granted as GNTTAB_RESERVED_XENSTORE */
    evtchn_port_t xenstore_port; /* the guest's port; bind to it with evtchn_bind_interdomain() */
    xen_pfn_t console_frame;
    evtchn_port_t console_port;
    xen_pfn_t shared_info_frame;
    uint64_t nr_pages;
};

struct pv_build; /* a build in progress */

/* The strings of config are copied. On success *build is to be freed. */
int pv_build_prepare(const struct pv_build_config *config, struct pv_build **build,
                     struct error *e);
int pv_build_create(struct pv_build *build, struct control *ctl, domid_t *domid, struct error *e);
int pv_build_load(struct pv_build *build, struct pv_domain *domain, struct error *e);
void pv_build_free(struct pv_build *build);

/* All of it. On success the domain exists, paused once by its creation. */
int pv_build(struct control *ctl, const struct pv_build_config *config, struct pv_domain *domain,
             struct error *e);

#endif
