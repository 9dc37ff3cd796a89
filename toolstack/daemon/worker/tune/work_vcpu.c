/* SPDX-License-Identifier: MIT */
/*
 * The jobs on virtual CPUs: how many, where they run, what share of the CPUs they get.
 *
 * Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/find.h"
#include "daemon/worker/tree.h"
#include "device/store.h"
#include "pin.h"

/* ---- how many ------------------------------------------------------------------------- */

static int write_availability(struct xs_handle *xs, domid_t domid, unsigned int vcpus,
                              unsigned int max)
{
    int rc = 0;

    for (unsigned int i = 0; !rc && i < max; i++) {
        const char *wanted = i < vcpus ? "online" : "offline";
        char *now = NULL;

        /* A write that changes nothing would still wake the guest. */
        store_read(xs, XBT_NULL, &now, "/local/domain/%u/cpu/%u/availability", domid, i);
        if (!now || strcmp(now, wanted))
            rc =
                store_write(xs, XBT_NULL, wanted, "/local/domain/%u/cpu/%u/availability", domid, i);
        free(now);
    }
    return rc;
}

int work_vcpu_set(struct worker *w, void *arg)
{
    const struct work_vcpu_set_args *args = arg;
    struct xen_domctl_getdomaininfo info;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, true, &domid);

    if (rc)
        return rc;
    rc = domctl_get_info(&w->control, domid, &info);
    if (rc)
        return error_set(&w->error, rc, "domain '%s': %s", args->ref.name, error_clause(rc));
    if (args->vcpus > info.max_vcpu_id + 1)
        return error_set(&w->error, -EINVAL,
                         "domain '%s' has at most %u virtual CPUs, not %u: raise its "
                         "maxvcpus and create it again",
                         args->ref.name, info.max_vcpu_id + 1, args->vcpus);
    rc = write_availability(w->xs, domid, args->vcpus, info.max_vcpu_id + 1);
    return rc ? error_set(&w->error, rc, "cannot tell domain '%s' its virtual CPUs: %s",
                          args->ref.name, strerror(-rc))
              : 0;
}

/* ---- where ---------------------------------------------------------------------------- */

int pin_host_cpus(struct worker *w, unsigned int *nr)
{
    struct xen_sysctl_physinfo host;
    int rc = sysctl_get_physinfo(&w->control, &host);

    if (rc)
        return error_set(&w->error, rc, "cannot ask for the CPUs: %s", error_clause(rc));
    *nr = host.max_cpu_id + 1 < CPU_LIST_MAX ? host.max_cpu_id + 1 : CPU_LIST_MAX;
    return 0;
}

int pin_vcpu(struct worker *w, const char *name, domid_t domid, unsigned int vcpu,
             const struct cpu_list *new_hard, const struct cpu_list *new_soft, unsigned int nr_cpus)
{
    struct cpu_list hard, soft;
    int rc = domctl_get_affinity(&w->control, domid, vcpu, hard.bits, soft.bits, nr_cpus);

    if (new_hard)
        hard = *new_hard;
    if (new_soft)
        soft = *new_soft;
    if (!rc)
        rc = domctl_set_affinity(&w->control, domid, vcpu, hard.bits, soft.bits, nr_cpus);
    if (rc == -EINVAL)
        return error_set(&w->error, rc,
                         "virtual CPU %u of domain '%s' cannot run there: none of these CPUs is "
                         "online and in its CPU pool: see domus info",
                         vcpu, name);
    return rc ? error_set(&w->error, rc, "cannot pin virtual CPU %u of domain '%s': %s", vcpu, name,
                          error_clause(rc))
              : 0;
}

/* The list for a vCPU, or NULL. Its form was checked when the file was read. */
static const struct cpu_list *list_for(const struct config_cpus *cpus, unsigned int vcpu,
                                       struct cpu_list *list)
{
    size_t index = cpus->each ? vcpu : 0;
    char why[100];

    if (index >= cpus->count || cpu_list_parse(cpus->lists[index], list, why, sizeof(why)))
        return NULL;
    return list;
}

int pin_as_configured(struct worker *w, const struct domain_config *cfg, domid_t domid)
{
    unsigned int nr_cpus = 0;
    int rc = 0;

    if (cfg->cpus.count || cfg->cpus_soft.count)
        rc = pin_host_cpus(w, &nr_cpus);
    for (unsigned int i = 0; !rc && nr_cpus && i < cfg->maxvcpus; i++) {
        struct cpu_list hard, soft;
        const struct cpu_list *h = list_for(&cfg->cpus, i, &hard);
        const struct cpu_list *s = list_for(&cfg->cpus_soft, i, &soft);

        if (h || s)
            rc = pin_vcpu(w, cfg->name, domid, i, h, s, nr_cpus);
    }
    return rc;
}

int work_vcpu_pin(struct worker *w, void *arg)
{
    const struct work_vcpu_pin_args *args = arg;
    struct xen_domctl_getdomaininfo info;
    unsigned int nr_cpus = 0, first = 0, last;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, true, &domid);

    if (!rc)
        rc = pin_host_cpus(w, &nr_cpus);
    if (rc)
        return rc;
    rc = domctl_get_info(&w->control, domid, &info);
    if (rc)
        return error_set(&w->error, rc, "domain '%s': %s", args->ref.name, error_clause(rc));
    last = info.max_vcpu_id;
    if (!args->all && args->vcpu > last)
        return error_set(&w->error, -EINVAL,
                         "domain '%s' has no virtual CPU %u: they go from 0 to %u", args->ref.name,
                         args->vcpu, last);
    if (!args->all)
        first = last = args->vcpu;
    for (unsigned int i = first; !rc && i <= last; i++)
        rc = pin_vcpu(w, args->ref.name, domid, i, args->set_hard ? &args->hard : NULL,
                      args->set_soft ? &args->soft : NULL, nr_cpus);
    return rc;
}

/* ---- the list ------------------------------------------------------------------------- */

static const char *state_of(const struct xen_domctl_getdomaininfo *info,
                            const struct xen_domctl_getvcpuinfo *v)
{
    if (!v->online)
        return "offline";
    if (info->flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown | XEN_DOMINF_dying))
        return "stopped";
    if (v->running)
        return "running";
    return v->blocked ? "blocked" : "waiting";
}

static void put_vcpu(struct worker *w, const struct xen_domctl_getdomaininfo *info,
                    unsigned int nr_cpus, const char *name, unsigned int vcpu,
                    struct json_out *out)
{
    struct xen_domctl_getvcpuinfo v;
    struct cpu_list hard, soft;
    char text[256];

    memset(&hard, 0, sizeof(hard));
    memset(&soft, 0, sizeof(soft));
    if (domctl_get_vcpu_info(&w->control, info->domain, vcpu, &v) ||
        domctl_get_affinity(&w->control, info->domain, vcpu, hard.bits, soft.bits, nr_cpus))
        return; /* a number without a virtual CPU, or the domain has gone meanwhile */
    json_open_object(out, NULL);
    json_int(out, "domid", info->domain);
    json_string(out, "name", name);
    json_int(out, "vcpu", vcpu);
    if (v.online)
        json_int(out, "cpu", v.cpu);
    json_string(out, "state", state_of(info, &v));
    json_int(out, "cpu_ns", (int64_t)v.cpu_time);
    cpu_list_format(&hard, nr_cpus, text, sizeof(text));
    json_string(out, "hard", text);
    cpu_list_format(&soft, nr_cpus, text, sizeof(text));
    json_string(out, "soft", text);
    json_close_object(out);
}

static int put_vcpus(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *out)
{
    unsigned int nr_cpus;
    int rc = pin_host_cpus(w, &nr_cpus);
    char *name;

    if (rc)
        return rc;
    name = tree_name(w->xs, info->domain);
    for (unsigned int i = 0; i <= info->max_vcpu_id && info->max_vcpu_id < UINT16_MAX; i++)
        put_vcpu(w, info, nr_cpus, name, i, out);
    free(name);
    return 0;
}

int work_vcpu_list(struct worker *w, void *args)
{
    return find_answer(w, args, "vcpus", NULL, put_vcpus);
}

/* ---- shares --------------------------------------------------------------------------- */

static int fail_weight(struct worker *w, int rc, const char *name)
{
    if (rc == -EOPNOTSUPP)
        return error_set(&w->error, rc,
                         "the hypervisor's scheduler knows no weight and cap: boot it with "
                         "sched=credit2");
    return error_set(&w->error, rc, "the weight or cap of domain '%s' was refused: %s", name,
                     error_clause(rc));
}

int work_sched(struct worker *w, void *arg)
{
    const struct work_sched_args *args = arg;
    unsigned int weight, cap;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, true, &domid);

    if (rc)
        return rc;
    rc = domctl_get_weight(&w->control, domid, &weight, &cap);
    if (!rc)
        rc = domctl_set_weight(&w->control, domid,
                               args->weight < 0 ? weight : (unsigned int)args->weight,
                               args->cap < 0 ? cap : (unsigned int)args->cap);
    return rc ? fail_weight(w, rc, args->ref.name) : 0;
}

static int put_shares(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg)
{
    struct json_out *out = arg;
    unsigned int weight, cap;
    int rc = domctl_get_weight(&w->control, info->domain, &weight, &cap);
    char *name;

    if (rc == -EOPNOTSUPP)
        return fail_weight(w, rc, "");
    if (rc)
        return 0; /* it has gone meanwhile */
    name = tree_name(w->xs, info->domain);
    json_open_object(out, NULL);
    json_int(out, "domid", info->domain);
    json_string(out, "name", name);
    json_int(out, "weight", weight);
    json_int(out, "cap", cap);
    json_close_object(out);
    free(name);
    return 0;
}

int work_sched_list(struct worker *w, void *args)
{
    return find_answer(w, args, "domains", NULL, put_shares);
}
