/* SPDX-License-Identifier: MIT */
/*
 * Which domain a client means.
 *
 * A domain that is not domusd's is found by name or number and changed only by force. Runs in a
 * worker. Locks: none.
 */
#include "find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define DOMAINS_AT_ONCE 64

static bool is_number(const char *text, unsigned long *number)
{
    char *end;

    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static bool matches(struct worker *w, const struct xen_domctl_getdomaininfo *info,
                    const char *typed)
{
    unsigned long number;

    if (is_number(typed, &number))
        return info->domain == number;
    char *name = tree_name(w->xs, info->domain);
    bool same = name && !strcmp(name, typed);
    free(name);
    return same;
}

int find_each(struct worker *w, const char *typed,
              int (*each)(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg),
              void *arg)
{
    struct xen_domctl_getdomaininfo infos[DOMAINS_AT_ONCE];
    bool all = !typed || !*typed, found = false;
    unsigned int count = 1;
    domid_t first = 0;
    int rc = worker_need_control(w);

    if (!rc)
        rc = worker_need_store(w);
    while (!rc && count) {
        rc = sysctl_get_domains(&w->control, first, DOMAINS_AT_ONCE, infos, &count);
        if (rc)
            error_set(&w->error, rc, "cannot list the domains: %s", error_clause(rc));
        for (unsigned int i = 0; !rc && i < count; i++)
            if (all || (!found && matches(w, &infos[i], typed))) {
                found = true;
                rc = each(w, &infos[i], arg);
            }
        if (count)
            first = (domid_t)(infos[count - 1].domain + 1);
    }
    if (!rc && !found && !all)
        return error_set(&w->error, -ESRCH, "there is no domain '%s': see domus list", typed);
    return rc;
}

int find_answer(struct worker *w, const char *typed, const char *key,
                int (*head)(struct worker *w, struct json_out *out),
                int (*put)(struct worker *w, const struct xen_domctl_getdomaininfo *info,
                           void *out))
{
    struct json_out *out = json_out_new(false);

    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    json_open_object(out, NULL);
    int rc = head ? head(w, out) : 0;
    json_open_array(out, key);
    if (!rc)
        rc = find_each(w, typed, put, out);
    if (rc) {
        json_out_free(out);
        return rc;
    }
    json_close_array(out);
    json_close_object(out);
    return worker_take_result(w, out);
}

static int take(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg)
{
    struct xen_domctl_getdomaininfo *found = arg;

    (void)w;
    *found = *info;
    return 0;
}

int find_typed(struct worker *w, const char *typed, struct xen_domctl_getdomaininfo *found)
{
    return find_each(w, typed, take, found);
}

int find_changeable(struct worker *w, const struct domain_ref *ref, bool dom0_too, domid_t *domid)
{
    struct xen_domctl_getdomaininfo info;
    int rc = worker_need_control(w);

    if (!rc)
        rc = worker_need_store(w);
    if (rc)
        return rc;
    *domid = ref->domid;
    if (ref->ours)
        return 0;
    rc = find_typed(w, ref->name, &info);
    if (rc)
        return rc;
    *domid = info.domain;
    if (info.domain == 0 && !dom0_too)
        return error_set(&w->error, -EPERM,
                         "domain 0 is the one that everything runs in: it "
                         "cannot be changed from here");
    if (info.domain && !ref->force)
        return error_set(&w->error, -EPERM,
                         "domain '%s' (%u) was not made by domus: change it "
                         "with --force, or with the tool that made it",
                         ref->name, info.domain);
    return 0;
}
