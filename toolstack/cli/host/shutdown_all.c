/* SPDX-License-Identifier: MIT */
/*
 * domus shutdown --all: every domain of domus, for the time when dom0 itself stops.
 *
 * All are asked at once and share one deadline; none is started again by its on_poweroff. What has
 * not ended by then is destroyed, since the power goes next. Locks: none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"

struct leaving {
    char name[64];
    int64_t domid;
    bool asked, ended;
};

struct all {
    struct leaving *domains;
    size_t count;
};

static bool read_domains(struct all *all, bool json)
{
    struct client_answer *answer = client_call("list", NULL, json);

    if (!answer)
        return false;
    yajl_val rows = json_get(client_result(answer), "domains");
    size_t count = YAJL_IS_ARRAY(rows) ? YAJL_GET_ARRAY(rows)->len : 0;
    all->domains = calloc(count + 1, sizeof(*all->domains));
    for (size_t i = 0; all->domains && i < count; i++) {
        yajl_val row = YAJL_GET_ARRAY(rows)->values[i];
        const char *name = json_get_string(row, "name");
        struct leaving *d = &all->domains[all->count];

        d->domid = json_get_int(row, "domid", 0);
        snprintf(d->name, sizeof(d->name), "%s", name ? name : "");
        all->count += d->domid > 0 && !json_get_bool(row, "foreign");
    }
    client_free(answer);
    return all->domains != NULL;
}

static void ask_all(struct all *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct json_out *params = client_domain_params(all->domains[i].name, false);

        json_bool(params, "final", true);
        struct client_answer *answer = client_call("shutdown", params, false);
        all->domains[i].asked = answer != NULL;
        client_free(answer);
    }
}

/* Marks those that are not there any more. True if all have gone. */
static bool look(struct all *all)
{
    struct client_answer *answer = client_call("list", NULL, false);
    bool gone = true;

    if (!answer)
        return false;
    yajl_val rows = json_get(client_result(answer), "domains");
    for (size_t i = 0; i < all->count; i++) {
        bool there = false;

        for (size_t j = 0; YAJL_IS_ARRAY(rows) && j < YAJL_GET_ARRAY(rows)->len; j++)
            there = there || json_get_int(YAJL_GET_ARRAY(rows)->values[j], "domid", -1) ==
                                 all->domains[i].domid;
        all->domains[i].ended = !there;
        gone = gone && !there;
    }
    client_free(answer);
    return gone;
}

static int end_the_rest(struct all *all)
{
    int status = CMD_OK;

    for (size_t i = 0; i < all->count; i++) {
        if (all->domains[i].ended)
            continue;
        status = CMD_FAILED;
        cmd_warn("domain '%s' has not ended in time: it is destroyed", all->domains[i].name);
        struct client_answer *answer =
            client_call("destroy", client_domain_params(all->domains[i].name, false), false);
        client_free(answer);
    }
    return status;
}

static void print_json(const struct all *all)
{
    struct json_out *out = client_list();

    for (size_t i = 0; i < all->count; i++) {
        json_open_object(out, NULL);
        json_string(out, "name", all->domains[i].name);
        json_int(out, "domid", all->domains[i].domid);
        json_bool(out, "asked", all->domains[i].asked);
        json_bool(out, "ended", all->domains[i].ended);
        json_close_object(out);
    }
    client_print_list(out, true);
}

int shutdown_all(bool wait, long timeout_s, bool json)
{
    struct all all = { 0 };
    int status = CMD_OK;

    if (!read_domains(&all, json))
        return CMD_FAILED;
    ask_all(&all);
    bool gone = look(&all);
    for (time_t end = time(NULL) + timeout_s; wait && !gone && time(NULL) < end; gone = look(&all))
        usleep(500000);
    if (wait && !gone)
        status = end_the_rest(&all);
    if (json)
        print_json(&all);
    free(all.domains);
    return status;
}
