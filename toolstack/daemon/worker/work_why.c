/* SPDX-License-Identifier: MIT */
/*
 * The job that finds out what holds a domain.
 *
 * A domain that has been destroyed vanishes when nobody uses its pages any more. Who does is known
 * to the hypervisor, by its record of grants (its debug key g, printed alike by Xen and by Domus),
 * and to the backends, by their nodes in the store; the client adds the processes in dom0, which a
 * worker may not look into. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "find.h"
#include "life.h"
#include "tree.h"

#define RING_BYTES (1u << 20)
#define MAX_GRANTS 64u

/* ---- grants --------------------------------------------------------------------------- */

static void put_grant(struct json_out *out, unsigned int ref, unsigned int user, uint64_t frame)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, frame);
    json_open_object(out, NULL);
    json_int(out, "ref", ref);
    json_int(out, "user", user);
    json_string(out, "frame", text);
    json_close_object(out);
}

/* Lines of the dump: a heading for each domain, then "[0xREF] DOMID 0xFRAME 0xPINS". */
static void put_grants_of(struct json_out *out, domid_t domid, char *text)
{
    char *save = NULL, heading[40];
    bool meant = false;
    unsigned int count = 0;

    snprintf(heading, sizeof(heading), "grant-table for remote d%u ", domid);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *entry = strstr(line, "[0x");
        unsigned int ref, user;
        uint64_t frame;

        if (strstr(line, "grant-table for remote "))
            meant = strstr(line, heading) != NULL;
        else if (meant && entry && count < MAX_GRANTS &&
                 sscanf(entry, "[0x%x] %u 0x%" SCNx64, &ref, &user, &frame) == 3 && ++count)
            put_grant(out, ref, user, frame);
    }
}

static int put_grants(struct worker *w, struct json_out *out, domid_t domid)
{
    char *text = malloc(RING_BYTES + 1);
    uint32_t bytes = RING_BYTES, index = 0;
    int rc = text ? sysctl_read_console(&w->control, text, &bytes, false, true, &index) : -ENOMEM;

    if (!rc)
        rc = sysctl_send_debug_keys(&w->control, "g");
    bytes = RING_BYTES;
    if (!rc)
        rc = sysctl_read_console(&w->control, text, &bytes, false, true, &index);
    json_open_array(out, "grants");
    if (!rc) {
        text[bytes] = '\0';
        put_grants_of(out, domid, text);
    }
    json_close_array(out);
    free(text);
    return rc ? error_set(&w->error, rc, "the hypervisor does not tell of its grants: %s",
                          error_clause(rc))
              : 0;
}

/* ---- backends ------------------------------------------------------------------------- */

static void put_backends(struct worker *w, struct json_out *out, domid_t domid)
{
    static const char *const kinds[] = { "vbd", "vif" };

    json_open_array(out, "backends");
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct device *devices;
        size_t count;

        if (device_list(w->xs, domid, kinds[k], &devices, &count))
            continue;
        for (size_t i = 0; i < count; i++) {
            unsigned int front, back;

            device_states(w->xs, &devices[i], &front, &back);
            json_open_object(out, NULL);
            json_string(out, "kind", kinds[k]);
            json_int(out, "id", devices[i].id);
            json_string(out, "state", device_state_name(back));
            json_close_object(out);
        }
        free(devices);
    }
    json_close_array(out);
}

/* ---- all of it ------------------------------------------------------------------------ */

int work_why(struct worker *w, void *args)
{
    struct xen_domctl_getdomaininfo info;
    int rc = find_typed(w, args, &info);

    if (rc)
        return rc;
    struct json_out *out = json_out_new(false);
    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    char *name = tree_name(w->xs, info.domain);
    json_open_object(out, NULL);
    json_int(out, "domid", info.domain);
    json_string(out, "name", name);
    json_string(out, "state", life_state_name(&info));
    json_int(out, "pages", (int64_t)info.tot_pages);
    put_backends(w, out, info.domain);
    rc = put_grants(w, out, info.domain);
    json_close_object(out);
    free(name);
    if (rc) {
        json_out_free(out);
        return rc;
    }
    return worker_take_result(w, out);
}
