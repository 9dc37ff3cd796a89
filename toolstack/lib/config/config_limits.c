/* SPDX-License-Identifier: MIT */
/*
 * The keys of a domain file that share out CPUs and set limits.
 *
 * Facts: xl.cfg(5) for names and meanings. Pure.
 */
#include "config_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "cpuid_edit.h"

int config_set_cpu_weight(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "cpu_weight", 1, 65535, &r->cfg->cpu_weight);
}

int config_set_cap(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "cap", 0, 65535, &r->cfg->cap);
}

static int add_cpus(struct config_reading *r, const struct config_value *v, const char *key,
                    struct config_cpus *cpus)
{
    struct cpu_list list;
    char why[100];

    if (v->type != CONFIG_STRING)
        return config_fail(r, v->line, "'%s' must be a string, or a list of strings", key);
    if (cpu_list_parse(v->string, &list, why, sizeof(why)))
        return config_fail(r, v->line, "'%.60s' is not a list of CPUs for %s: %s", v->string, key,
                           why);
    cpus->lists[cpus->count] = strdup(v->string);
    if (!cpus->lists[cpus->count])
        return config_fail_memory(r);
    cpus->count++;
    return 0;
}

static int set_cpu_lists(struct config_reading *r, const struct config_value *v, const char *key,
                         struct config_cpus *cpus)
{
    size_t count = v->type == CONFIG_LIST ? v->count : 1;
    int rc = 0;

    if (!count || count > CONFIG_VCPUS_MAX)
        return config_fail(r, v->line, "%s must have 1 to %d lists, one for each virtual CPU", key,
                           CONFIG_VCPUS_MAX);
    cpus->lists = calloc(count, sizeof(*cpus->lists));
    if (!cpus->lists)
        return config_fail_memory(r);
    cpus->each = v->type == CONFIG_LIST;
    for (size_t i = 0; !rc && i < count; i++)
        rc = add_cpus(r, cpus->each ? &v->items[i] : v, key, cpus);
    return rc;
}

int config_set_cpus(struct config_reading *r, const struct config_value *v)
{
    struct config_value text = *v;
    char number[24];

    if (v->type == CONFIG_NUMBER) { /* cpus=2: one CPU */
        snprintf(number, sizeof(number), "%lld", (long long)v->number);
        text.type = CONFIG_STRING;
        text.string = number;
    }
    return set_cpu_lists(r, &text, "cpus", &r->cfg->cpus);
}

int config_set_cpus_soft(struct config_reading *r, const struct config_value *v)
{
    return set_cpu_lists(r, v, "cpus_soft", &r->cfg->cpus_soft);
}

int config_set_pool(struct config_reading *r, const struct config_value *v)
{
    free(r->cfg->pool);
    r->cfg->pool = NULL;
    if (!strcmp(v->string, "Pool-0"))
        return 0;
    if (!*v->string)
        return config_fail(r, v->line, "the name of the CPU pool is empty: remove pool=");
    r->cfg->pool = strdup(v->string);
    return r->cfg->pool ? 0 : config_fail_memory(r);
}

static const char *const tsc_modes[] = { "default", "always_emulate", "native", "native_paravirt" };

const char *config_tsc_mode_name(unsigned int mode)
{
    return tsc_modes[mode];
}

int config_set_tsc_mode(struct config_reading *r, const struct config_value *v)
{
    for (unsigned int i = 0; i < sizeof(tsc_modes) / sizeof(tsc_modes[0]); i++)
        if (v->type == CONFIG_STRING ? !strcmp(v->string, tsc_modes[i])
                                     : v->type == CONFIG_NUMBER && v->number == i) {
            r->cfg->tsc_mode = i;
            /* Its instruction is not there any more: Xen itself treats it as the default. */
            return i < 3 ? 0
                         : config_fail(r, v->line,
                                       "tsc_mode=\"native_paravirt\" is gone since Xen 4.15: use "
                                       "default or native");
        }
    return config_fail(r, v->line, "this is not a tsc_mode: use default, always_emulate or native");
}

int config_set_max_grant_frames(struct config_reading *r, const struct config_value *v)
{
    unsigned int n = 0;
    int rc = config_set_unsigned(r, v, "max_grant_frames", 0, INT32_MAX, &n);

    r->cfg->max_grant_frames = (int)n;
    return rc;
}

int config_set_max_maptrack_frames(struct config_reading *r, const struct config_value *v)
{
    unsigned int n = 0;
    int rc = config_set_unsigned(r, v, "max_maptrack_frames", 0, INT32_MAX, &n);

    r->cfg->max_maptrack_frames = (int)n;
    return rc;
}

int config_set_max_grant_version(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "max_grant_version", 1, 2, &r->cfg->max_grant_version);
}

int config_set_max_event_channels(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "max_event_channels", 63, 131071, &r->cfg->max_event_channels);
}

static int add_cpuid(struct config_reading *r, const struct config_value *v)
{
    struct domain_config *cfg = r->cfg;
    struct cpuid_edits edits = { 0 };
    char why[160];

    if (v->type != CONFIG_STRING)
        return config_fail(r, v->line, "'cpuid' must be a string, or a list of strings");
    int rc = cpuid_edits_add(&edits, v->string, why, sizeof(why));
    cpuid_edits_free(&edits);
    if (rc)
        return config_fail(r, v->line, "cpuid=\"%.60s\" cannot be read: %s", v->string, why);
    cfg->cpuid_texts[cfg->cpuid_count] = strdup(v->string);
    if (!cfg->cpuid_texts[cfg->cpuid_count])
        return config_fail_memory(r);
    cfg->cpuid_count++;
    return 0;
}

int config_set_cpuid(struct config_reading *r, const struct config_value *v)
{
    size_t count = v->type == CONFIG_LIST ? v->count : 1;
    int rc = 0;

    if (count > 64)
        return config_fail(r, v->line, "cpuid has more than 64 items");
    r->cfg->cpuid_texts = calloc(count ? count : 1, sizeof(*r->cfg->cpuid_texts));
    if (!r->cfg->cpuid_texts)
        return config_fail_memory(r);
    for (size_t i = 0; !rc && i < count; i++)
        rc = add_cpuid(r, v->type == CONFIG_LIST ? &v->items[i] : v);
    return rc;
}

int config_set_rtc_timeoffset(struct config_reading *r, const struct config_value *v)
{
    int rc = config_check_range(r, v, "rtc_timeoffset", INT32_MIN, INT32_MAX, " seconds");

    r->cfg->rtc_timeoffset_s = (int)v->number;
    return rc;
}

int config_set_localtime(struct config_reading *r, const struct config_value *v)
{
    r->cfg->localtime = v->number != 0;
    return 0;
}
