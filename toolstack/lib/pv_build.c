/* SPDX-License-Identifier: MIT */
/*
 * The PV domain builder: configuration, the three steps and their order.
 *
 * Owns a build from prepare to free. Each step that fails leaves nothing behind. No locks: a build
 * belongs to one thread. ABI: <xen/domctl.h>; see the files that each part lives in.
 */
#include "pv_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/cpuid_edit.h"
#include "pv_build_internal.h"

/* What a domain may have beyond "maxmem", for the pages a balloon driver and console take. */
#define MAXMEM_SLACK_KIB 1024

/* Largest numbers that make sense to ask for; the hypervisor has its own limits. */
#define MAX_VCPUS      8192u
#define MAX_MEMORY_KIB (1ull << 40)

int build_fail(const struct pv_build *build, struct error *e, int code, const char *format, ...)
{
    char cause[ERROR_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    return error_set(e, code, "cannot create domain \"%s\": %s", build->config.name, cause);
}

void pv_build_config_init(struct pv_build_config *config)
{
    memset(config, 0, sizeof(*config));
    config->max_grant_frames = -1;
    config->max_maptrack_frames = -1;
}

/* ---- prepare ----------------------------------------------------------------------------- */

static char *copy_string(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        *failed = true;
    return copy;
}

static int copy_config(struct pv_build *build, const struct pv_build_config *config)
{
    struct pv_build_config *own = &build->config;
    bool failed = false;

    *own = *config;
    own->name = copy_string(config->name ? config->name : "", &failed);
    own->kernel = copy_string(config->kernel, &failed);
    own->ramdisk = copy_string(config->ramdisk, &failed);
    own->cmdline = copy_string(config->cmdline, &failed);
    if (own->maxmem_kib == 0)
        own->maxmem_kib = own->memory_kib;
    if (own->maxvcpus == 0)
        own->maxvcpus = own->vcpus;
    if (own->max_event_channels == 0)
        own->max_event_channels = 1023;
    return failed ? -ENOMEM : 0;
}

static int check_config(struct pv_build *build, struct error *e)
{
    const struct pv_build_config *config = &build->config;

    if (!config->kernel)
        return build_fail(build, e, -EINVAL, "it has no kernel; set \"kernel\"");
    if (config->memory_kib == 0 || config->maxmem_kib > MAX_MEMORY_KIB)
        return build_fail(build, e, -EINVAL,
                          "its memory is %" PRIu64 " KiB; set \"memory\" to a "
                          "number of MiB",
                          config->memory_kib);
    if (config->maxmem_kib < config->memory_kib)
        return build_fail(build, e, -EINVAL,
                          "its memory, %" PRIu64 " MiB, is more than its maximum, "
                          "%" PRIu64 " MiB; raise \"maxmem\" or lower \"memory\"",
                          config->memory_kib >> 10, config->maxmem_kib >> 10);
    if (config->vcpus == 0 || config->maxvcpus > MAX_VCPUS)
        return build_fail(build, e, -EINVAL,
                          "it has %u virtual CPUs, at most %u; set \"vcpus\" to a "
                          "number from 1 to %u",
                          config->vcpus, config->maxvcpus, MAX_VCPUS);
    if (config->vcpus > config->maxvcpus)
        return build_fail(build, e, -EINVAL,
                          "its virtual CPUs, %u, are more than their maximum, %u; "
                          "raise \"maxvcpus\" or lower \"vcpus\"",
                          config->vcpus, config->maxvcpus);
    if (config->cmdline && strlen(config->cmdline) >= MAX_GUEST_CMDLINE)
        return build_fail(build, e, -E2BIG,
                          "its kernel command line has %zu characters, and the "
                          "limit is %u; shorten \"extra\"",
                          strlen(config->cmdline), MAX_GUEST_CMDLINE - 1);
    return 0;
}

static uint64_t mib_up(uint64_t pages)
{
    return (pages + 255) >> 8;
}

static int compute_layout(struct pv_build *build, struct error *e)
{
    struct pv_layout_request request = {
        .image = &build->image,
        .nr_pages = build->nr_pages,
        .ramdisk_bytes = build->ramdisk_bytes,
    };
    int rc = pv_layout_compute(&request, &build->layout);
    char ramdisk[64] = "";

    if (rc == 0)
        return 0;
    if (rc != -IMAGE_E_MEMORY_TOO_SMALL || build->layout.needed_pages == 0)
        return build_fail(build, e, -EINVAL, "kernel %s cannot be used: %s; name another",
                          build->config.kernel, image_strerror(rc));
    if (build->ramdisk_bytes)
        snprintf(ramdisk, sizeof(ramdisk), ", a ramdisk of %" PRIu64 " MiB",
                 (build->ramdisk_bytes + 0xfffff) >> 20);
    return build_fail(build, e, -ENOMEM,
                      "its memory of %" PRIu64 " MiB is too small: kernel %s ends at %" PRIu64
                      " MiB%s, and with page tables and tables of memory this takes %" PRIu64
                      " MiB before it runs; set \"memory\" to clearly more than that",
                      build->nr_pages >> 8, build->config.kernel,
                      (build->image.phys_end + 0xfffff) >> 20, ramdisk,
                      mib_up(build->layout.needed_pages));
}

int pv_build_prepare(const struct pv_build_config *config, struct pv_build **out, struct error *e)
{
    struct pv_build *build = calloc(1, sizeof(*build));
    int rc;

    *out = NULL;
    if (!build)
        return error_set(e, -ENOMEM, "cannot create a domain: dom0 is out of memory");
    build->ramdisk_fd = -1;
    build->domid = DOMID_INVALID;
    rc = copy_config(build, config);
    if (rc) {
        error_set(e, rc, "cannot create a domain: dom0 is out of memory");
        goto fail;
    }
    build->nr_pages = build->config.memory_kib >> 2;
    rc = check_config(build, e);
    if (rc == 0)
        rc = build_read_kernel(build, e);
    if (rc == 0)
        rc = build_open_ramdisk(build, e);
    if (rc == 0)
        rc = compute_layout(build, e);
    if (rc == 0) {
        *out = build;
        return 0;
    }
fail:
    pv_build_free(build);
    return rc;
}

void pv_build_free(struct pv_build *build)
{
    if (!build)
        return;
    build_close_files(build);
    free(build->frames);
    free((char *)(uintptr_t)build->config.name);
    free((char *)(uintptr_t)build->config.kernel);
    free((char *)(uintptr_t)build->config.ramdisk);
    free((char *)(uintptr_t)build->config.cmdline);
    free(build);
}

/* ---- create ------------------------------------------------------------------------------ */

static void undo_domain(struct pv_build *build, struct error *e)
{
    int rc = domctl_destroy(build->ctl, build->domid);

    if (rc && e)
        error_prefix(e, "domain %u is left over (%s); destroy it", build->domid, error_clause(rc));
    build->domid = DOMID_INVALID;
}

static int create_empty(struct pv_build *build, struct error *e)
{
    const struct pv_build_config *config = &build->config;
    struct xen_domctl_createdomain create = {
        .max_vcpus = config->maxvcpus,
        .max_evtchn_port = config->max_event_channels,
        .max_grant_frames = config->max_grant_frames,
        .max_maptrack_frames = config->max_maptrack_frames,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
        .cpupool_id = config->cpupool,
    };
    struct xen_sysctl_physinfo host;
    int rc = sysctl_get_physinfo(build->ctl, &host);

    if (rc)
        return build_fail(build, e, rc, "the host cannot be examined: %s", error_clause(rc));
    if (host.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 && config->max_grant_version != 1)
        create.grant_opts = XEN_DOMCTL_GRANT_version(2);
    else if (config->max_grant_version > 1)
        return build_fail(build, e, -EOPNOTSUPP,
                          "the hypervisor has no grant tables of version 2: lower "
                          "max_grant_version");
    memcpy(create.handle, config->uuid, sizeof(create.handle));
    rc = domctl_create(build->ctl, &create, &build->domid);
    if (rc == -ENOMEM)
        return build_fail(build, e, rc,
                          "the hypervisor has no memory left for another domain; stop "
                          "one");
    if (rc == -ESRCH || rc == -ENODEV)
        return build_fail(build, e, rc, "its CPU pool, number %u, %s: correct \"pool\"",
                          config->cpupool, rc == -ESRCH ? "is not there" : "has no CPU");
    if (rc)
        return build_fail(build, e, rc, "the hypervisor refuses a domain with %u virtual CPUs: %s",
                          config->maxvcpus, error_clause(rc));
    return 0;
}

/* Without CPUID faulting a PV guest sees the host's topology whatever we say, so the two feature
 * bits that announce it must be the host's as well. */
static void policy_follow_host(struct cpu_policy *policy, struct cpu_policy *host)
{
    static const struct {
        uint32_t leaf, subleaf, ecx, edx;
    } bits[] = {
        { 1, XEN_CPUID_NO_SUBLEAF, 0, 1u << 28 },         /* HTT */
        { 0x80000001, XEN_CPUID_NO_SUBLEAF, 1u << 1, 0 }, /* CMP_LEGACY */
    };

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        xen_cpuid_leaf_t *ours = cpu_policy_leaf(policy, bits[i].leaf, bits[i].subleaf);
        xen_cpuid_leaf_t *theirs = cpu_policy_leaf(host, bits[i].leaf, bits[i].subleaf);

        if (!ours || !theirs)
            continue;
        ours->c = (ours->c & ~bits[i].ecx) | (theirs->c & bits[i].ecx);
        ours->d = (ours->d & ~bits[i].edx) | (theirs->d & bits[i].edx);
    }
}

static int apply_policy(struct pv_build *build, const struct cpu_policy *policy, struct error *e)
{
    struct xen_domctl_cpu_policy bad = { 0 };
    int rc = domctl_set_cpu_policy(build->ctl, build->domid, policy, &bad);

    if (rc)
        build_fail(build, e, rc, "its CPU policy was refused at leaf %#x, subleaf %#x, MSR %#x: %s",
                   bad.err_leaf, bad.err_subleaf, bad.err_msr, error_clause(rc));
    return rc;
}

/* What the domain's file says under cpuid=. A leaf that the guest does not have cannot be changed.
 */
static int edit_policy(struct pv_build *build, struct cpu_policy *policy, struct cpu_policy *host,
                       struct error *e)
{
    struct cpuid_edits edits = { 0 };
    char why[160];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < build->config.nr_cpuid; i++)
        rc = cpuid_edits_add(&edits, build->config.cpuid[i], why, sizeof(why));
    if (rc)
        build_fail(build, e, rc, "its cpuid= cannot be read: %s", why);
    for (size_t i = 0; rc == 0 && i < edits.count; i++) {
        const struct cpuid_edit *edit = &edits.edits[i];
        xen_cpuid_leaf_t *ours = cpu_policy_leaf(policy, edit->leaf, edit->subleaf);
        xen_cpuid_leaf_t *theirs = cpu_policy_leaf(host, edit->leaf, edit->subleaf);

        if (!ours) {
            rc = build_fail(build, e, -EINVAL,
                            "its cpuid= changes leaf %#x, which guests do not have here",
                            edit->leaf);
            break;
        }
        uint32_t *reg = (uint32_t *[]){ &ours->a, &ours->b, &ours->c, &ours->d }[edit->reg];
        uint32_t machine =
            theirs ? (uint32_t[]){ theirs->a, theirs->b, theirs->c, theirs->d }[edit->reg] : 0;
        *reg = (*reg & ~(edit->clear | edit->host)) | edit->set | (machine & edit->host);
    }
    cpuid_edits_free(&edits);
    return rc;
}

static int set_policy(struct pv_build *build, struct error *e)
{
    struct cpu_policy policy = { 0 }, host = { 0 };
    int rc;

    if (build->policy)
        return apply_policy(build, build->policy, e);
    rc = sysctl_get_cpu_policy(build->ctl, XEN_SYSCTL_cpu_policy_pv_default, &policy);
    if (rc == 0)
        rc = sysctl_get_cpu_policy(build->ctl, XEN_SYSCTL_cpu_policy_host, &host);
    if (rc) {
        build_fail(build, e, rc, "the host's CPU policy cannot be read: %s", error_clause(rc));
    } else {
        policy_follow_host(&policy, &host);
        rc = edit_policy(build, &policy, &host, e);
        if (rc == 0)
            rc = apply_policy(build, &policy, e);
    }
    cpu_policy_free(&policy);
    cpu_policy_free(&host);
    return rc;
}

static int set_limits(struct pv_build *build, struct error *e)
{
    const struct pv_build_config *config = &build->config;
    struct control *ctl = build->ctl;
    domid_t domid = build->domid;
    const char *what = "number of virtual CPUs";
    int rc = domctl_set_max_vcpus(ctl, domid, config->maxvcpus);

    if (rc == 0) {
        what = "address size";
        rc = domctl_set_address_size(ctl, domid, 64);
    }
    if (rc == 0) {
        what = "memory limit";
        rc = domctl_set_max_mem(ctl, domid, config->maxmem_kib + MAXMEM_SLACK_KIB);
    }
    if (rc == 0) {
        what = "memory map";
        rc = memory_set_map(ctl, domid, config->maxmem_kib << 10);
    }
    if (rc == 0) {
        what = "clock mode";
        rc = domctl_set_tsc_mode(ctl, domid, config->tsc_mode);
    }
    if (rc == 0 && config->time_offset_s) {
        what = "clock offset";
        rc = domctl_set_time_offset(ctl, domid, config->time_offset_s);
    }
    if (rc == 0 && (config->weight || config->cap)) {
        unsigned int weight = config->weight ? config->weight : 256;

        what = "scheduling weight or cap";
        rc = domctl_set_weight(ctl, domid, weight, config->cap);
    }
    if (rc)
        return build_fail(build, e, rc, "its %s was refused: %s", what, error_clause(rc));
    return set_policy(build, e);
}

int pv_build_create(struct pv_build *build, struct control *ctl, domid_t *domid, struct error *e)
{
    int rc;

    build->ctl = ctl;
    rc = create_empty(build, e);
    if (rc)
        return rc;
    rc = set_limits(build, e);
    if (rc) {
        undo_domain(build, e);
        return rc;
    }
    build->result.domid = build->domid;
    build->result.nr_pages = build->nr_pages;
    *domid = build->domid;
    return 0;
}

/* ---- load -------------------------------------------------------------------------------- */

/* Memory comes before what lies in it, frames before those who name them, page tables before the
 * pin, and the vCPU last. */
static int (*const load_steps[])(struct pv_build *build, struct error *e) = {
    build_populate,     build_load_kernel,    build_load_ramdisk,     build_write_p2m,
    build_channels,     build_shared_info,    build_write_start_info, build_seed_grants,
    build_write_tables, build_hypercall_page, build_first_vcpu,
};

int pv_build_load(struct pv_build *build, struct pv_domain *domain, struct error *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(load_steps) / sizeof(load_steps[0]); i++)
        rc = load_steps[i](build, e);
    if (rc) {
        undo_domain(build, e);
        return rc;
    }
    *domain = build->result;
    return 0;
}

int pv_build(struct control *ctl, const struct pv_build_config *config, struct pv_domain *domain,
             struct error *e)
{
    struct pv_build *build;
    domid_t domid;
    int rc = pv_build_prepare(config, &build, e);

    if (rc)
        return rc;
    rc = pv_build_create(build, ctl, &domid, e);
    if (rc == 0)
        rc = pv_build_load(build, domain, e);
    pv_build_free(build);
    return rc;
}
