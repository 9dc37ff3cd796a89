/* SPDX-License-Identifier: MIT */
/*
 * A domain's nodes in xenstore.
 *
 * Owns /local/domain/<id> (but for device/, which is device.c's), /vm/<uuid> and
 * DOMUS_STORE_DIR/<id>. Facts: the nodes and owners that libxl gives a PV domain, as stock Linux
 * guests read them. Locks: none; one worker a domain.
 */
#include "tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "paths.h"

struct making {
    domid_t domid;
    const struct domain_config *cfg;
    char uuid[37], base[64], vm[64];
};

/* Nodes below the domain's folder. */
struct node {
    const char *path, *value;
};

static int write_all(struct xs_handle *xs, xs_transaction_t t, const char *base,
                     const struct node *nodes, size_t count)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < count; i++)
        if (nodes[i].value)
            rc = store_write(xs, t, nodes[i].value, "%s/%s", base, nodes[i].path);
    return rc;
}

/* What the guest itself writes to. */
static int make_guest_nodes(struct xs_handle *xs, xs_transaction_t t, const struct making *m)
{
    static const char *const owned[] = {
        "device/suspend/event-channel",
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "control/sysrq",
        "data",
        "drivers",
        "feature",
        "attr",
        "error",
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(owned) / sizeof(owned[0]); i++)
        rc = store_make(xs, t, m->domid, DOMID_INVALID, "%s/%s", m->base, owned[i]);
    return rc;
}

static int make_cpus(struct xs_handle *xs, xs_transaction_t t, const struct making *m)
{
    int rc = 0;

    for (unsigned int i = 0; !rc && i < m->cfg->maxvcpus; i++)
        rc = store_write(xs, t, i < m->cfg->vcpus ? "online" : "offline", "%s/cpu/%u/availability",
                         m->base, i);
    return rc;
}

static int make_vm(struct xs_handle *xs, xs_transaction_t t, const struct making *m)
{
    char started[40];
    struct timespec now;
    const struct node nodes[] = {
        { "name", m->cfg->name },
        { "uuid", m->uuid },
        { "image/ostype", "linux" },
        { "image/kernel", m->cfg->kernel },
        { "image/ramdisk", m->cfg->ramdisk },
        { "image/cmdline", m->cfg->cmdline },
        { "start_time", started },
    };

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(started, sizeof(started), "%lld.%02ld", (long long)now.tv_sec, now.tv_nsec / 10000000);
    int rc = store_make(xs, t, 0, m->domid, "%s", m->vm);
    return rc ? rc : write_all(xs, t, m->vm, nodes, sizeof(nodes) / sizeof(nodes[0]));
}

static int make_mark(struct xs_handle *xs, xs_transaction_t t, const struct making *m)
{
    int rc = store_make(xs, t, 0, DOMID_INVALID, "%s/%u", DOMUS_STORE_DIR, m->domid);

    return rc ? rc : store_write(xs, t, m->uuid, "%s/%u/uuid", DOMUS_STORE_DIR, m->domid);
}

static int make_all(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    const struct making *m = arg;
    char domid[8], target[24], max[24], tty[64];
    const struct node nodes[] = {
        { "vm", m->vm },
        { "name", m->cfg->name },
        { "domid", domid },
        { "memory/static-max", max },
        { "memory/target", target },
        { "memory/videoram", "0" },
        { "device", "" },
        { "device/vbd", "" },
        { "device/vif", "" },
        { "control/platform-feature-multiprocessor-suspend", "1" },
        { "control/platform-feature-xs_reset_watches", "1" },
        { "console/type", "domusd" },
        { "console/output", "pty" },
        { "console/limit", "1048576" },
        { "console/tty", tty },
    };

    snprintf(domid, sizeof(domid), "%u", m->domid);
    snprintf(tty, sizeof(tty), "%s/%u", DOMUS_CONSOLE_DIR, m->domid);
    snprintf(target, sizeof(target), "%" PRIu64, m->cfg->memory_mib * 1024);
    snprintf(max, sizeof(max), "%" PRIu64, m->cfg->maxmem_mib * 1024);
    /* A number is used again: what an earlier owner of it left must not be inherited. */
    int rc = store_remove(xs, t, "%s", m->base);
    if (!rc)
        rc = make_mark(xs, t, m);
    if (!rc)
        rc = store_make(xs, t, 0, m->domid, "%s", m->base);
    if (!rc)
        rc = write_all(xs, t, m->base, nodes, sizeof(nodes) / sizeof(nodes[0]));
    if (!rc)
        rc = make_cpus(xs, t, m);
    if (!rc)
        rc = make_guest_nodes(xs, t, m);
    return rc ? rc : make_vm(xs, t, m);
}

int tree_make(struct xs_handle *xs, domid_t domid, const struct domain_config *cfg, struct error *e)
{
    struct making m = { .domid = domid, .cfg = cfg };

    config_uuid_format(cfg->uuid, m.uuid);
    snprintf(m.base, sizeof(m.base), "/local/domain/%u", domid);
    snprintf(m.vm, sizeof(m.vm), "/vm/%s", m.uuid);
    int rc = store_transact(xs, make_all, &m);
    return rc ? error_set(e, rc, "cannot write the store nodes of domain '%s': %s", cfg->name,
                          strerror(-rc))
              : 0;
}

static int add_rings(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    const struct pv_domain *d = arg;
    char base[64], text[24];
    int rc;

    snprintf(base, sizeof(base), "/local/domain/%u", d->domid);
    const struct {
        const char *path;
        uint64_t value;
    } nodes[] = {
        { "store/port", d->xenstore_port },
        { "store/ring-ref", d->xenstore_frame },
        { "console/port", d->console_port },
        { "console/ring-ref", d->console_frame },
    };
    rc = 0;
    for (size_t i = 0; !rc && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        snprintf(text, sizeof(text), "%" PRIu64, nodes[i].value);
        rc = store_write(xs, t, text, "%s/%s", base, nodes[i].path);
    }
    return rc;
}

int tree_add_rings(struct xs_handle *xs, const struct pv_domain *domain, struct error *e)
{
    int rc = store_transact(xs, add_rings, (void *)domain);

    return rc ? error_set(e, rc, "cannot write the rings of domain %u to the store: %s",
                          domain->domid, strerror(-rc))
              : 0;
}

int tree_rename(struct xs_handle *xs, domid_t domid, const uint8_t uuid[16], const char *name,
                struct error *e)
{
    char text[37];

    config_uuid_format(uuid, text);
    int rc = store_write(xs, XBT_NULL, name, "/local/domain/%u/name", domid);
    if (!rc)
        rc = store_write(xs, XBT_NULL, name, "/vm/%s/name", text);
    return rc ? error_set(e, rc, "cannot rename domain %u in the store: %s", domid, strerror(-rc))
              : 0;
}

int tree_remove(struct xs_handle *xs, domid_t domid, const uint8_t uuid[16], struct error *e)
{
    char text[37];

    config_uuid_format(uuid, text);
    int rc = store_remove(xs, XBT_NULL, "/vm/%s", text);
    if (!rc)
        rc = store_remove(xs, XBT_NULL, "/local/domain/%u", domid);
    if (!rc)
        rc = store_remove(xs, XBT_NULL, "%s/%u", DOMUS_STORE_DIR, domid);
    return rc ? error_set(e, rc, "cannot remove the store nodes of domain %u: %s", domid,
                          strerror(-rc))
              : 0;
}

bool tree_is_ours(struct xs_handle *xs, domid_t domid, uint8_t uuid[16])
{
    char *text;
    bool ours = !store_read(xs, XBT_NULL, &text, "%s/%u/uuid", DOMUS_STORE_DIR, domid) &&
                !config_uuid_parse(text, uuid);

    free(text);
    return ours;
}

char *tree_name(struct xs_handle *xs, domid_t domid)
{
    char *name;

    store_read(xs, XBT_NULL, &name, "/local/domain/%u/name", domid);
    return name;
}

static int write_if_missing(struct xs_handle *xs, xs_transaction_t t, const char *path,
                            const char *value)
{
    unsigned int bytes;
    void *old = xs_read(xs, t, path, &bytes);

    free(old);
    return old ? 0 : store_write(xs, t, value, "%s", path);
}

/* What xen-init-dom0 would write; once domid is there, it takes dom0 for set up and leaves.
 * Debian's xl wants the name of the CPU pool. */
static int make_dom0(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    int rc = write_if_missing(xs, t, "/local/domain/0/name", "Domain-0");

    (void)arg;
    if (!rc)
        rc = write_if_missing(xs, t, "/local/domain/0/domid", "0");
    return rc ? rc : write_if_missing(xs, t, "/local/pool/0/name", "Pool-0");
}

int tree_make_dom0(struct xs_handle *xs, struct error *e)
{
    int rc = store_transact(xs, make_dom0, NULL);

    return rc ? error_set(e, rc, "cannot write dom0's store nodes: %s", strerror(-rc)) : 0;
}
