/* SPDX-License-Identifier: MIT */
/*
 * The job that counts what each domain uses.
 *
 * Network and disk figures are the backends', read from sysfs; they are told from the guest's
 * side: what it has sent and received, read and written. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/worker/find.h"
#include "daemon/worker/life.h"
#include "daemon/worker/tree.h"
#include "device/device.h"

#define PAGE_KIB 4
/* What the hypervisor has for "as much as there is"; dom0 may have such a limit. */
#define NO_LIMIT_PAGES (1ull << 40)

static void put_counter(struct json_out *out, const char *key, const char *folder, const char *file)
{
    char path[192], text[32];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    json_int(out, key, strtoll(text, NULL, 10));
}

/* The interface of a network card: its own name if it was given one. No name that is a path. */
static void interface_of(struct worker *w, const struct device *dev, char name[32])
{
    char backend[DEVICE_PATH_MAX], *given = NULL;

    snprintf(name, 32, "vif%u.%u", dev->domid, dev->id);
    device_backend_path(dev, backend);
    if (!store_read(w->xs, XBT_NULL, &given, "%s/vifname", backend) && *given &&
        strlen(given) < 16 && !strchr(given, '/') && *given != '.')
        snprintf(name, 32, "%s", given);
    free(given);
}

static void put_network(struct worker *w, struct json_out *out, const struct device *dev)
{
    char name[32], folder[96];

    interface_of(w, dev, name);
    snprintf(folder, sizeof(folder), "/sys/class/net/%s/statistics", name);
    json_open_object(out, NULL);
    json_int(out, "id", dev->id);
    json_string(out, "interface", name);
    put_counter(out, "sent_bytes", folder, "rx_bytes");
    put_counter(out, "received_bytes", folder, "tx_bytes");
    put_counter(out, "sent_packets", folder, "rx_packets");
    put_counter(out, "received_packets", folder, "tx_packets");
    json_close_object(out);
}

static void put_disk(struct worker *w, struct json_out *out, const struct device *dev)
{
    char folder[96];

    (void)w;
    snprintf(folder, sizeof(folder), "/sys/bus/xen-backend/devices/vbd-%u-%u/statistics",
             dev->domid, dev->id);
    json_open_object(out, NULL);
    json_int(out, "id", dev->id);
    put_counter(out, "out_of_requests", folder, "oo_req");
    put_counter(out, "reads", folder, "rd_req");
    put_counter(out, "writes", folder, "wr_req");
    put_counter(out, "read_sectors", folder, "rd_sect");
    put_counter(out, "write_sectors", folder, "wr_sect");
    json_close_object(out);
}

static void put_devices(struct worker *w, struct json_out *out, domid_t domid, const char *kind,
                        const char *key,
                        void (*put)(struct worker *w, struct json_out *out,
                                    const struct device *dev))
{
    struct device *devices;
    size_t count;

    json_open_array(out, key);
    if (!device_list(w->xs, domid, kind, &devices, &count)) {
        for (size_t i = 0; i < count; i++)
            put(w, out, &devices[i]);
        free(devices);
    }
    json_close_array(out);
}

static int put_domain(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg)
{
    struct json_out *out = arg;
    char uuid[37], *name = tree_name(w->xs, info->domain);

    config_uuid_format(info->handle, uuid);
    json_open_object(out, NULL);
    json_int(out, "domid", info->domain);
    json_string(out, "name", name);
    json_string(out, "uuid", uuid);
    json_string(out, "state", life_state_name(info));
    json_int(out, "cpu_ns", (int64_t)info->cpu_time);
    json_int(out, "vcpus", info->nr_online_vcpus);
    json_int(out, "memory_kib", (int64_t)info->tot_pages * PAGE_KIB);
    if (info->max_pages < NO_LIMIT_PAGES && info->max_pages != UINT32_MAX)
        json_int(out, "maxmem_kib", (int64_t)info->max_pages * PAGE_KIB);
    put_devices(w, out, info->domain, "vif", "networks", put_network);
    put_devices(w, out, info->domain, "vbd", "disks", put_disk);
    json_close_object(out);
    free(name);
    return 0;
}

static int put_host(struct worker *w, struct json_out *out)
{
    struct xen_sysctl_physinfo host;
    struct timespec now;
    int rc = worker_need_control(w);

    if (!rc)
        rc = sysctl_get_physinfo(&w->control, &host);
    if (rc)
        return error_set(&w->error, rc, "cannot ask the hypervisor about the host: %s",
                         error_clause(rc));
    json_open_object(out, "host");
    json_int(out, "cpus", host.nr_cpus);
    json_int(out, "cpu_khz", host.cpu_khz);
    json_int(out, "memory_kib", (int64_t)host.total_pages * PAGE_KIB);
    json_int(out, "free_kib", (int64_t)host.free_pages * PAGE_KIB);
    json_close_object(out);
    clock_gettime(CLOCK_MONOTONIC, &now);
    json_int(out, "time_ns", now.tv_sec * 1000000000ll + now.tv_nsec);
    return 0;
}

int work_stats(struct worker *w, void *args)
{
    (void)args;
    return find_answer(w, NULL, "domains", put_host, put_domain);
}
