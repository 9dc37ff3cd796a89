/* SPDX-License-Identifier: MIT */
/*
 * The configuration of a domain that runs, and the job that shows it.
 *
 * What was changed at run time stands in the store and in the hypervisor only; it is read from
 * there when it is wanted: to be shown, and to start the domain again as it was. Locks: none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/store.h"
#include "find.h"
#include "life.h"
#include "pool.h"

#define KIB_PER_MIB    1024
#define DEFAULT_WEIGHT 256u

static unsigned int online_vcpus(struct worker *w, domid_t domid, const struct domain_config *cfg)
{
    unsigned int online = 0;
    char *text;

    for (unsigned int i = 0; i < cfg->maxvcpus; i++) {
        if (store_read(w->xs, XBT_NULL, &text, "/local/domain/%u/cpu/%u/availability", domid, i))
            continue;
        online += !strcmp(text, "online");
        free(text);
    }
    return online ? online : cfg->vcpus;
}

int life_current_config(struct worker *w, const uint8_t uuid[16], domid_t domid,
                        struct domain_config *cfg)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int weight, cap;
    uint64_t kib;
    int rc = worker_need_control(w);

    if (!rc)
        rc = worker_need_store(w);
    if (!rc)
        rc = state_load_config(uuid, cfg, &w->error);
    if (rc)
        return rc;
    if (!store_read_number(w->xs, XBT_NULL, &kib, "/local/domain/%u/memory/target", domid) &&
        kib >= KIB_PER_MIB && kib / KIB_PER_MIB <= cfg->maxmem_mib)
        cfg->memory_mib = kib / KIB_PER_MIB;
    cfg->vcpus = online_vcpus(w, domid, cfg);
    if (!domctl_get_weight(&w->control, domid, &weight, &cap)) {
        cfg->cpu_weight = weight == DEFAULT_WEIGHT && !cfg->cpu_weight ? 0 : weight;
        cfg->cap = cap;
    }
    if (!domctl_get_info(&w->control, domid, &info) && pool_note(w, info.cpupool, cfg)) {
        config_free(cfg);
        return error_set(&w->error, -ENOMEM, "there is not enough memory in dom0");
    }
    return 0;
}

static int answer(struct worker *w, const struct domain_ref *ref, const struct domain_config *cfg)
{
    char *text = config_format(cfg), *origin = state_load_origin(ref->uuid);
    struct json_out *out = text ? json_out_new(false) : NULL;

    if (out) {
        json_open_object(out, NULL);
        json_string(out, "name", cfg->name);
        json_int(out, "domid", ref->domid);
        if (origin)
            json_string(out, "file", origin);
        json_string(out, "config", text);
        json_close_object(out);
    }
    free(text);
    free(origin);
    return worker_take_result(w, out);
}

int work_config(struct worker *w, void *args)
{
    const struct domain_ref *ref = args;
    struct xen_domctl_getdomaininfo info;
    struct domain_config cfg;
    int rc;

    if (!ref->ours) {
        rc = find_typed(w, ref->name, &info);
        return rc ? rc
                  : error_set(&w->error, -ENOENT,
                              "domain '%s' (%u) was not made by domus, which knows nothing of its "
                              "file: ask the tool that made it",
                              ref->name, info.domain);
    }
    rc = life_current_config(w, ref->uuid, ref->domid, &cfg);
    if (rc)
        return rc;
    rc = answer(w, ref, &cfg);
    config_free(&cfg);
    return rc;
}
