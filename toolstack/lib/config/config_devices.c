/* SPDX-License-Identifier: MIT */
/*
 * Adding devices to a domain's description and taking them out. Pure.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

/* The array with room for one more item; NULL if memory is short. */
static void *grow(void *items, size_t count, size_t bytes)
{
    return realloc(items, (count + 1) * bytes);
}

int config_add_disk(struct domain_config *cfg, struct disk_spec *disk)
{
    if (cfg->disk_count >= CONFIG_DISKS_MAX)
        return -ENOSPC;
    struct disk_spec *more = grow(cfg->disks, cfg->disk_count, sizeof(*more));
    if (!more)
        return -ENOMEM;
    cfg->disks = more;
    more[cfg->disk_count++] = *disk;
    memset(disk, 0, sizeof(*disk));
    return 0;
}

void config_remove_disk(struct domain_config *cfg, size_t index)
{
    disk_spec_free(&cfg->disks[index]);
    cfg->disk_count--;
    memmove(&cfg->disks[index], &cfg->disks[index + 1],
            (cfg->disk_count - index) * sizeof(*cfg->disks));
}

int config_add_vif(struct domain_config *cfg, const struct vif_spec *vif)
{
    if (cfg->vif_count >= CONFIG_VIFS_MAX)
        return -ENOSPC;
    struct vif_spec *more = grow(cfg->vifs, cfg->vif_count, sizeof(*more));
    if (!more)
        return -ENOMEM;
    cfg->vifs = more;
    more[cfg->vif_count++] = *vif;
    return 0;
}

void config_remove_vif(struct domain_config *cfg, size_t index)
{
    cfg->vif_count--;
    memmove(&cfg->vifs[index], &cfg->vifs[index + 1],
            (cfg->vif_count - index) * sizeof(*cfg->vifs));
}

size_t config_find_disk(const struct domain_config *cfg, uint32_t number)
{
    size_t i = 0;

    while (i < cfg->disk_count && cfg->disks[i].number != number)
        i++;
    return i;
}

size_t config_find_vif(const struct domain_config *cfg, uint32_t devid)
{
    size_t i = 0;

    while (i < cfg->vif_count && (!cfg->vifs[i].has_devid || cfg->vifs[i].devid != devid))
        i++;
    return i;
}

void config_number_vifs(struct domain_config *cfg)
{
    for (size_t i = 0; i < cfg->vif_count; i++) {
        uint32_t devid = 0;

        if (cfg->vifs[i].has_devid)
            continue;
        while (config_find_vif(cfg, devid) < cfg->vif_count)
            devid++;
        cfg->vifs[i].devid = devid;
        cfg->vifs[i].has_devid = true;
    }
}
