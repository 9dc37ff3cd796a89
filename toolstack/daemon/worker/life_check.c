/* SPDX-License-Identifier: MIT */
/*
 * What the machine must have before a domain is begun: so that most mistakes cost nothing.
 *
 * Reads only. What it finds may change before the domain is built; then the build itself fails
 * and is undone. Locks: none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "device/disk_attach.h"
#include "device/vif_attach.h"
#include "life.h"
#include "stream/pv_restore.h"
#include "tree.h"

#define DOMAINS_AT_ONCE 64
/* What a domain costs besides its memory: its descriptors, the vCPUs' and the p2m frames that the
 * hypervisor allocates. Measured on Xen 4.17: below 1 MiB with one vCPU. */
#define OVERHEAD_KIB      1024u
#define OVERHEAD_VCPU_KIB 64u

static int check_file(struct worker *w, const struct domain_config *cfg, const char *what,
                      const char *path)
{
    if (!path || !access(path, R_OK))
        return 0;
    return error_set(&w->error, -errno,
                     "the %s %s of domain '%s' cannot be read: %s: correct %s=", what, path,
                     cfg->name, strerror(errno), what);
}

/* Neither the name nor the UUID may be another domain's. */
static int check_one(struct worker *w, const struct domain_config *cfg,
                     const struct xen_domctl_getdomaininfo *info)
{
    char *name = tree_name(w->xs, info->domain);
    bool same_name = name && !strcmp(name, cfg->name);
    bool same_uuid = !memcmp(info->handle, cfg->uuid, 16) && !(info->flags & XEN_DOMINF_dying);

    free(name);
    if (same_name && !(info->flags & XEN_DOMINF_dying))
        return error_set(&w->error, -EEXIST,
                         "a domain '%s' exists already (domain %u): destroy it "
                         "or choose another name",
                         cfg->name, info->domain);
    if (same_uuid)
        return error_set(&w->error, -EEXIST,
                         "domain %u has the UUID of '%s': remove uuid= or "
                         "choose another",
                         info->domain, cfg->name);
    return 0;
}

static int check_unique(struct worker *w, const struct domain_config *cfg)
{
    struct xen_domctl_getdomaininfo infos[DOMAINS_AT_ONCE];
    domid_t first = 0;
    unsigned int count;

    for (;;) {
        int rc = sysctl_get_domains(&w->control, first, DOMAINS_AT_ONCE, infos, &count);

        if (rc)
            return error_set(&w->error, rc, "cannot list the domains: %s", error_clause(rc));
        for (unsigned int i = 0; i < count; i++) {
            rc = check_one(w, cfg, &infos[i]);
            if (rc)
                return rc;
        }
        if (count < DOMAINS_AT_ONCE)
            return 0;
        first = (domid_t)(infos[count - 1].domain + 1);
    }
}

static int check_memory(struct worker *w, const struct domain_config *cfg, uint64_t need)
{
    struct xen_sysctl_physinfo info;
    int rc = sysctl_get_physinfo(&w->control, &info);

    if (rc)
        return error_set(&w->error, rc, "cannot ask for the free memory: %s", error_clause(rc));
    uint64_t more = OVERHEAD_KIB + cfg->maxvcpus * OVERHEAD_VCPU_KIB;
    uint64_t available = (info.free_pages - info.outstanding_pages) * 4;
    if (info.outstanding_pages > info.free_pages)
        available = 0;
    if (need + more <= available)
        return 0;
    return error_set(&w->error, -ENOMEM,
                     "there is not enough memory for domain '%s': %" PRIu64 " MiB and %" PRIu64
                     " KiB to manage it make %" PRIu64 " KiB, of which %" PRIu64
                     " KiB are free: lower memory= or destroy another domain",
                     cfg->name, need / 1024, more, need + more, available);
}

static int check_driver(struct worker *w, const char *kind, const char *module)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", kind);
    if (!access(path, F_OK))
        return 0;
    return error_set(&w->error, -ENODEV, "dom0 has no backend for %s devices: load the module %s",
                     kind, module);
}

/* One that has ended, or is gone with nodes left behind, cannot write to its disks any more. */
static bool is_live(domid_t domid, void *arg)
{
    struct worker *w = arg;
    struct xen_domctl_getdomaininfo info;

    return !domctl_get_info(&w->control, domid, &info) &&
           !(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

struct image_scan life_image_scan(struct worker *w, domid_t domid, const uint8_t uuid[16],
                                  char text[37])
{
    config_uuid_format(uuid, text);
    return (struct image_scan){
        .xs = w->xs, .domid = domid, .uuid = text, .is_live = is_live, .arg = w
    };
}

int life_check_disk(struct worker *w, domid_t domid, const uint8_t uuid[16],
                    const struct disk_spec *disk)
{
    char text[37];
    struct image_scan scan = life_image_scan(w, domid, uuid, text);
    int rc = check_driver(w, "vbd", "xen-blkback");

    return rc ? rc : disk_check(&scan, disk, &w->error);
}

int life_check_vif(struct worker *w, domid_t domid, const uint8_t uuid[16],
                   const struct vif_spec *vif)
{
    char text[37];
    struct image_scan scan = life_image_scan(w, domid, uuid, text);
    int rc = check_driver(w, "vif", "xen-netback");

    if (!rc)
        rc = worker_need_netlink(w);
    if (!rc)
        rc = vif_check(&w->netlink, vif, &w->error);
    return rc ? rc : vif_check_mac(&scan, vif, &w->error);
}

static int check_devices(struct worker *w, const struct domain_config *cfg)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < cfg->disk_count; i++)
        rc = life_check_disk(w, DOMID_INVALID, cfg->uuid, &cfg->disks[i]);
    for (size_t i = 0; !rc && i < cfg->vif_count; i++)
        rc = life_check_vif(w, DOMID_INVALID, cfg->uuid, &cfg->vifs[i]);
    if (rc)
        error_prefix(&w->error, "domain '%s'", cfg->name);
    return rc;
}

int life_check(struct worker *w, const struct domain_config *cfg, const struct pv_restore *restore)
{
    int rc = 0;

    if (!restore) /* else they are needed when it is started again */
        rc = check_file(w, cfg, "kernel", cfg->kernel);
    if (!rc && !restore)
        rc = check_file(w, cfg, "ramdisk", cfg->ramdisk);
    if (!rc)
        rc = worker_need_control(w);
    if (!rc)
        rc = worker_need_store(w);
    if (!rc)
        rc = check_unique(w, cfg);
    if (!rc)
        rc = check_devices(w, cfg);
    if (!rc && restore)
        rc = pv_restore_check(restore, &w->control, &w->error);
    return rc ? rc
              : check_memory(w, cfg,
                             restore ? pv_restore_pages(restore) * 4 : cfg->memory_mib * 1024);
}

int life_choose_macs(struct worker *w, struct domain_config *cfg)
{
    config_number_vifs(cfg);
    for (size_t i = 0; i < cfg->vif_count; i++) {
        uint8_t bytes[3];

        if (cfg->vifs[i].has_mac)
            continue;
        if (getrandom(bytes, sizeof(bytes), GRND_INSECURE) != sizeof(bytes))
            return error_set(&w->error, -EIO, "the kernel gives no random numbers");
        vif_mac_choose(cfg->vifs[i].mac, bytes);
        cfg->vifs[i].has_mac = true;
    }
    return 0;
}
