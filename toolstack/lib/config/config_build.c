/* SPDX-License-Identifier: MIT */
/* From a domain's file to the domain builder. Locks: none. */
#include "config_build.h"

#include <string.h>
#include <time.h>

/* Seconds that dom0's own time zone is ahead of UTC now. */
static int zone_offset_s(void)
{
    time_t now = time(NULL);
    struct tm tm;

    return localtime_r(&now, &tm) ? (int)tm.tm_gmtoff : 0;
}

void config_to_build(const struct domain_config *cfg, struct pv_build_config *build)
{
    pv_build_config_init(build);
    build->name = cfg->name;
    build->kernel = cfg->kernel;
    build->ramdisk = cfg->ramdisk;
    build->cmdline = cfg->cmdline;
    memcpy(build->uuid, cfg->uuid, 16);
    build->memory_kib = cfg->memory_mib * 1024;
    build->maxmem_kib = cfg->maxmem_mib * 1024;
    build->vcpus = cfg->vcpus;
    build->maxvcpus = cfg->maxvcpus;
    build->tsc_mode = cfg->tsc_mode;
    build->weight = cfg->cpu_weight;
    build->cap = cfg->cap;
    build->max_event_channels = cfg->max_event_channels;
    build->max_grant_frames = cfg->max_grant_frames;
    build->max_maptrack_frames = cfg->max_maptrack_frames;
    build->max_grant_version = cfg->max_grant_version;
    build->cpuid = (const char *const *)cfg->cpuid_texts;
    build->nr_cpuid = cfg->cpuid_count;
    build->time_offset_s = cfg->rtc_timeoffset_s + (cfg->localtime ? zone_offset_s() : 0);
}
