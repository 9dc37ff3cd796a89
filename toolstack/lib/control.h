/* SPDX-License-Identifier: MIT */
/*
 * Typed control calls: what dom0 asks of the hypervisor.
 *
 * Each function makes one hypercall (or repeats one until it is done) and returns 0 or -errno as
 * the hypervisor gave it; sentences are the caller's business. -EACCES from any of them: the
 * hypervisor speaks another version of the control interface. -ESRCH: no such domain.
 * A handle serves one thread and is not carried over fork.
 * ABI: <xen/domctl.h>, <xen/sysctl.h> (both version 0x15), <xen/memory.h>, <xen/event_channel.h>,
 * <xen/version.h>, <xen/platform.h>.
 */
#ifndef DOMUS_CONTROL_H
#define DOMUS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "error.h"
#include "sys/privcmd.h"

struct control {
    struct privcmd privcmd;
};

/* Opens privcmd and checks that the hypervisor answers domctl and sysctl of our version. */
int control_open(struct control *ctl, struct error *e);
void control_close(struct control *ctl);

/* Puts a line into the hypervisor's log: with the prefix (domusd), on its console. */
int control_log(struct control *ctl, const char *text);

/* ---- domains: domctl_domain.c ---- */

/* Creates an empty domain, paused once. *domid: in the wish, or DOMID_INVALID (0xffff is taken as
 * "any"); out the number given. */
int domctl_create(struct control *ctl, const struct xen_domctl_createdomain *config,
                  domid_t *domid);

/* Destroys; repeats until the hypervisor has freed everything it can. The domain may remain as a
 * dying one as long as others hold its pages. */
int domctl_destroy(struct control *ctl, domid_t domid);

/* The control tools' pause count goes up or down by one. */
int domctl_pause(struct control *ctl, domid_t domid);
int domctl_unpause(struct control *ctl, domid_t domid);

/* -ESRCH unless a domain with exactly this number exists. */
int domctl_get_info(struct control *ctl, domid_t domid, struct xen_domctl_getdomaininfo *info);

/* Domains with numbers from `first` on, in order, at most `max`; *count says how many. */
int sysctl_get_domains(struct control *ctl, domid_t first, unsigned int max,
                       struct xen_domctl_getdomaininfo *infos, unsigned int *count);

int domctl_set_max_mem(struct control *ctl, domid_t domid, uint64_t kib);
int domctl_set_address_size(struct control *ctl, domid_t domid, unsigned int bits);
int domctl_set_handle(struct control *ctl, domid_t domid, const uint8_t uuid[16]);
int domctl_hypercall_init(struct control *ctl, domid_t domid, xen_pfn_t frame);
/* mode: XEN_CPUID... 0 default, 1 always emulate, 2 native. */
int domctl_set_tsc_mode(struct control *ctl, domid_t domid, uint32_t mode);
/* The guest's wall clock is UTC plus this. */
int domctl_set_time_offset(struct control *ctl, domid_t domid, int32_t seconds);
int domctl_resume(struct control *ctl, domid_t domid);
/* trigger: XEN_DOMCTL_SENDTRIGGER_*. */
int domctl_send_trigger(struct control *ctl, domid_t domid, uint32_t trigger, uint32_t vcpu);

/* SCHEDOP_remote_shutdown: as if the guest had shut itself down; reason: SHUTDOWN_*. */
int domain_remote_shutdown(struct control *ctl, domid_t domid, unsigned int reason);

/* ---- virtual CPUs and scheduling: domctl_vcpu.c ---- */

int domctl_set_max_vcpus(struct control *ctl, domid_t domid, uint32_t max);
int domctl_set_vcpu_context(struct control *ctl, domid_t domid, uint32_t vcpu,
                            const vcpu_guest_context_t *context);
int domctl_get_vcpu_context(struct control *ctl, domid_t domid, uint32_t vcpu,
                            vcpu_guest_context_t *context);
int domctl_get_vcpu_info(struct control *ctl, domid_t domid, uint32_t vcpu,
                         struct xen_domctl_getvcpuinfo *info);
/* Bit n of byte n/8 of cpus stands for physical CPU n; soft may be NULL. flags and results as in
 * the ABI: set reads the effective masks back into the same arrays. */
int domctl_set_affinity(struct control *ctl, domid_t domid, uint32_t vcpu, uint8_t *hard,
                        uint8_t *soft, uint32_t nr_cpus);
int domctl_get_affinity(struct control *ctl, domid_t domid, uint32_t vcpu, uint8_t *hard,
                        uint8_t *soft, uint32_t nr_cpus);
/* ---- what a saved domain consists of: domctl_state.c ---- */

/* The type of each frame (XEN_DOMCTL_PFINFO_*), in place of its number; at most 1024. */
int domctl_get_page_types(struct control *ctl, domid_t domid, xen_pfn_t *frames, uint32_t count);
int domctl_get_vcpu_extended(struct control *ctl, domid_t domid, uint32_t vcpu,
                             struct xen_domctl_ext_vcpucontext *context);
int domctl_set_vcpu_extended(struct control *ctl, domid_t domid, uint32_t vcpu,
                             const struct xen_domctl_ext_vcpucontext *context);
/* XCR0, what of it was ever on, and the XSAVE area; allocated. *bytes 0, *state NULL: no XSAVE. */
int domctl_get_vcpu_xsave(struct control *ctl, domid_t domid, uint32_t vcpu, void **state,
                          uint32_t *bytes);
int domctl_set_vcpu_xsave(struct control *ctl, domid_t domid, uint32_t vcpu, const void *state,
                          uint32_t bytes);
/* The MSRs that differ from what they are at the start; allocated, NULL if none does. */
int domctl_get_vcpu_msrs(struct control *ctl, domid_t domid, uint32_t vcpu,
                         xen_domctl_vcpu_msr_t **msrs, uint32_t *count);
int domctl_set_vcpu_msrs(struct control *ctl, domid_t domid, uint32_t vcpu,
                         const xen_domctl_vcpu_msr_t *msrs, uint32_t count);
int domctl_get_tsc_info(struct control *ctl, domid_t domid, struct xen_domctl_tsc_info *info);
int domctl_set_tsc_info(struct control *ctl, domid_t domid, const struct xen_domctl_tsc_info *info);

/* ---- scheduling: domctl_vcpu.c ---- */

/* Reads the weight (256 is normal) and the cap in per cent of one CPU (0: none) under credit or
 * credit2. -EOPNOTSUPP: another scheduler. */
int domctl_get_weight(struct control *ctl, domid_t domid, unsigned int *weight, unsigned int *cap);
int domctl_set_weight(struct control *ctl, domid_t domid, unsigned int weight, unsigned int cap);

/* ---- CPU policy: cpu_policy.c ---- */

struct cpu_policy {
    xen_cpuid_leaf_t *leaves;
    uint32_t nr_leaves;
    xen_msr_entry_t *msrs;
    uint32_t nr_msrs;
};

/* One of the host's policies (XEN_SYSCTL_cpu_policy_*). Free with cpu_policy_free(). */
int sysctl_get_cpu_policy(struct control *ctl, uint32_t index, struct cpu_policy *policy);
int domctl_get_cpu_policy(struct control *ctl, domid_t domid, struct cpu_policy *policy);
/* On failure *bad, if not NULL, holds the leaf or MSR that the hypervisor refused. */
int domctl_set_cpu_policy(struct control *ctl, domid_t domid, const struct cpu_policy *policy,
                          struct xen_domctl_cpu_policy *bad);
void cpu_policy_free(struct cpu_policy *policy);
/* The leaf, or NULL. */
xen_cpuid_leaf_t *cpu_policy_leaf(struct cpu_policy *policy, uint32_t leaf, uint32_t subleaf);

/* Feature words of one of the host's featuresets (XEN_SYSCTL_cpu_featureset_*): *count is the
 * length of words on entry, the number filled in on return. */
int sysctl_get_featureset(struct control *ctl, uint32_t index, uint32_t *words, uint32_t *count);

/* ---- the host: sysctl.c ---- */

int sysctl_get_physinfo(struct control *ctl, struct xen_sysctl_physinfo *info);
/* Copies out of the console ring. With incremental, starts at *index and moves it; without, gives
 * what is there. clear empties the ring. *bytes: in size of text, out bytes stored. */
int sysctl_read_console(struct control *ctl, char *text, uint32_t *bytes, bool clear,
                        bool incremental, uint32_t *index);
int sysctl_send_debug_keys(struct control *ctl, const char *keys);
int sysctl_get_scheduler(struct control *ctl, uint32_t *sched_id);
/* Topology per CPU number; *count as above. Numbers absent are XEN_INVALID_CORE_ID and so on. */
int sysctl_get_cpu_topology(struct control *ctl, struct xen_sysctl_cputopo *topo, uint32_t *count);

/* ---- the hypervisor's version: xen_version.c ---- */

struct xen_version_info {
    unsigned int major, minor;
    char extra[16 + 1];
    char capabilities[1024 + 1];
    char changeset[64 + 1];
    char compiler[64 + 1], compile_by[16 + 1], compile_domain[32 + 1], compile_date[32 + 1];
    char command_line[1024 + 1];
    unsigned long virt_start;
    unsigned int page_size;
};

int xen_version_get(struct control *ctl, struct xen_version_info *info);

/* ---- memory: memory_op.c ---- */

/* Populates extents of 2^order pages; extents[i]: in the first pfn, out the first frame. *done says
 * how many of nr were populated, also on failure (-ENOMEM if fewer than asked). */
int memory_populate(struct control *ctl, domid_t domid, unsigned int order, xen_pfn_t *extents,
                    size_t nr, size_t *done);
/* Sets pages aside for the domain so that populating cannot fail half-way; 0 drops the claim. */
int memory_claim(struct control *ctl, domid_t domid, uint64_t pages);
/* The memory map that the guest reads: one piece of RAM from 0. */
int memory_set_map(struct control *ctl, domid_t domid, uint64_t bytes);
int memory_get_current_reservation(struct control *ctl, domid_t domid, uint64_t *pages);
int memory_get_maximum_gpfn(struct control *ctl, domid_t domid, xen_pfn_t *gpfn);
/* One more than the last frame of RAM in the machine. */
int memory_get_frames(struct control *ctl, xen_pfn_t *count);
/* Where the machine-to-physical table lies: the first frame of each 2 MiB of it, at most `max`. */
int memory_get_m2p(struct control *ctl, xen_pfn_t *frames, unsigned int max, unsigned int *count);

/* ---- frames, events: guest_op.c ---- */

/* Pins a page table of another PV domain. level 1 to 4. */
int mmuext_pin_table(struct control *ctl, domid_t domid, unsigned int level, xen_pfn_t frame);
/* The same for many: levels[i] is frames[i]'s. *done says how many were pinned. */
int mmuext_pin_tables(struct control *ctl, domid_t domid, const uint8_t *levels,
                      const xen_pfn_t *frames, unsigned int count, unsigned int *done);

/* Gives `domid` an unbound port that `remote` may bind. */
int event_alloc_unbound(struct control *ctl, domid_t domid, domid_t remote, evtchn_port_t *port);
int event_get_status(struct control *ctl, domid_t domid, evtchn_port_t port,
                     struct evtchn_status *status);

#endif
