/* SPDX-License-Identifier: MIT */
/*
 * The jobs that only ask: the list of domains, the host, the hypervisor's log.
 *
 * Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <xen/sched.h>

#include "find.h"
#include "json.h"
#include "life.h"
#include "tree.h"
#include "work.h"

#define PAGE_KIB    4
#define DMESG_BYTES (1u << 20)

/* ---- list ----------------------------------------------------------------------------- */

/* Seconds since the start, as the store has it for domains of any toolstack; -1: unknown. */
static int64_t uptime_of(struct worker *w, domid_t domid)
{
    int64_t started = 0, age = -1;
    char *vm = NULL, *text = NULL;
    struct timespec now;

    if (domid == 0)
        return clock_gettime(CLOCK_BOOTTIME, &now) ? -1 : now.tv_sec;
    if (!store_read(w->xs, XBT_NULL, &vm, "/local/domain/%u/vm", domid) &&
        !store_read(w->xs, XBT_NULL, &text, "%s/start_time", vm))
        started = strtoll(text, NULL, 10);
    if (started > 0 && !clock_gettime(CLOCK_REALTIME, &now) && now.tv_sec >= started)
        age = now.tv_sec - started;
    free(vm);
    free(text);
    return age;
}

static int put_domain(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg)
{
    char uuid[37], *name = tree_name(w->xs, info->domain);
    int64_t uptime = uptime_of(w, info->domain);
    struct json_out *out = arg;
    uint8_t mark[16];

    config_uuid_format(info->handle, uuid);
    json_open_object(out, NULL);
    json_int(out, "domid", info->domain);
    json_string(out, "name", name);
    json_string(out, "uuid", uuid);
    json_string(out, "state", life_state_name(info));
    if (info->flags & XEN_DOMINF_shutdown)
        json_string(
            out, "reason",
            life_reason_name((info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask));
    json_int(out, "memory_kib", (int64_t)info->tot_pages * PAGE_KIB);
    json_int(out, "vcpus", info->nr_online_vcpus);
    json_int(out, "cpu_ns", (int64_t)info->cpu_time);
    if (uptime >= 0)
        json_int(out, "uptime_s", uptime);
    json_bool(out, "foreign", info->domain && !tree_is_ours(w->xs, info->domain, mark));
    json_close_object(out);
    free(name);
    return 0;
}

int work_list(struct worker *w, void *args)
{
    (void)args;
    return find_answer(w, NULL, "domains", NULL, put_domain);
}

/* ---- info ----------------------------------------------------------------------------- */

static void put_version(struct json_out *out, const struct xen_version_info *v)
{
    char text[64];

    snprintf(text, sizeof(text), "%u.%u%s", v->major, v->minor, v->extra);
    json_string(out, "hypervisor_version", text);
    json_string(out, "hypervisor_changeset", v->changeset);
    json_string(out, "hypervisor_compiler", v->compiler);
    json_string(out, "hypervisor_command_line", v->command_line);
    json_string(out, "capabilities", v->capabilities);
}

static void put_machine(struct json_out *out, const struct xen_sysctl_physinfo *p)
{
    json_int(out, "cpus", p->nr_cpus);
    json_int(out, "threads_per_core", p->threads_per_core);
    json_int(out, "cores_per_socket", p->cores_per_socket);
    json_int(out, "nodes", p->nr_nodes);
    json_int(out, "cpu_khz", p->cpu_khz);
    json_int(out, "memory_kib", (int64_t)p->total_pages * PAGE_KIB);
    json_int(out, "free_kib", (int64_t)p->free_pages * PAGE_KIB);
    json_int(out, "claimed_kib", (int64_t)p->outstanding_pages * PAGE_KIB);
    json_int(out, "scrubbing_kib", (int64_t)p->scrub_pages * PAGE_KIB);
}

int work_info(struct worker *w, void *args)
{
    struct xen_version_info version;
    struct xen_sysctl_physinfo physical;
    struct utsname uts;
    int rc = worker_need_control(w);

    (void)args;
    if (rc)
        return rc;
    rc = xen_version_get(&w->control, &version);
    if (!rc)
        rc = sysctl_get_physinfo(&w->control, &physical);
    if (rc)
        return error_set(&w->error, rc, "cannot ask the hypervisor about the host: %s",
                         error_clause(rc));
    struct json_out *out = json_out_new(false);
    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    json_open_object(out, NULL);
    if (!uname(&uts)) {
        json_string(out, "host", uts.nodename);
        json_string(out, "dom0_kernel", uts.release);
    }
    put_machine(out, &physical);
    put_version(out, &version);
    json_close_object(out);
    return worker_take_result(w, out);
}

/* ---- dmesg ---------------------------------------------------------------------------- */

int work_dmesg(struct worker *w, void *args)
{
    const bool *clear = args;
    uint32_t bytes = DMESG_BYTES, index = 0;
    char *text;
    int rc = worker_need_control(w);

    if (rc)
        return rc;
    text = malloc(DMESG_BYTES + 1);
    if (!text)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    rc = sysctl_read_console(&w->control, text, &bytes, *clear, false, &index);
    if (rc) {
        free(text);
        return error_set(&w->error, rc, "cannot read the hypervisor's log: %s", error_clause(rc));
    }
    text[bytes < DMESG_BYTES ? bytes : DMESG_BYTES] = '\0';
    struct json_out *out = json_out_new(false);
    if (out) {
        json_open_object(out, NULL);
        json_string(out, "text", text);
        json_close_object(out);
    }
    free(text);
    return worker_take_result(w, out);
}
