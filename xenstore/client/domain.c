/* SPDX-License-Identifier: MIT */
/*
 * Calls about domains, and control commands. Owns nothing. Facts: Xen's docs/misc/xenstore.txt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

enum { NUMBER_LEN = 24 };

static const char *format(char *buf, unsigned int n)
{
    snprintf(buf, NUMBER_LEN, "%u", n);
    return buf;
}

static bool talk_domid(struct xs_handle *h, uint32_t type, unsigned int domid)
{
    char buf[NUMBER_LEN];
    struct iovec part = part_string(format(buf, domid));

    return talk_ok(h, type, XBT_NULL, &part, 1);
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
                         unsigned int eventchn)
{
    char domid_text[NUMBER_LEN], mfn_text[NUMBER_LEN], port_text[NUMBER_LEN];
    struct iovec part[3] = { part_string(format(domid_text, domid)) };

    snprintf(mfn_text, sizeof(mfn_text), "%ld", (long)mfn); /* the protocol wants it signed */
    part[1] = part_string(mfn_text);
    part[2] = part_string(format(port_text, eventchn));
    return talk_ok(h, XS_INTRODUCE, XBT_NULL, part, 3);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    char domid_text[NUMBER_LEN], target_text[NUMBER_LEN];
    struct iovec part[2] = { part_string(format(domid_text, domid)),
                             part_string(format(target_text, target)) };

    return talk_ok(h, XS_SET_TARGET, XBT_NULL, part, 2);
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    return talk_domid(h, XS_RESUME, domid);
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    return talk_domid(h, XS_RELEASE, domid);
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char buf[NUMBER_LEN];

    return talk_string(h, XS_GET_DOMAIN_PATH, XBT_NULL, format(buf, domid), NULL);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    char buf[NUMBER_LEN];
    char *reply = talk_string(h, XS_IS_DOMAIN_INTRODUCED, XBT_NULL, format(buf, domid), NULL);
    bool is = reply && strcmp(reply, "T") == 0;

    free(reply);
    return is;
}

char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
    struct iovec part[2] = { part_string(cmd), { .iov_base = data, .iov_len = len } };

    return talk(h, XS_CONTROL, XBT_NULL, part, 2, NULL);
}

char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
    return xs_control_command(h, cmd, data, len);
}

int xs_suspend_evtchn_port(int domid)
{
    struct xs_handle *h = xs_open(0);
    char path[64];
    char *value;
    int port = -1;

    if (!h)
        return -1;
    snprintf(path, sizeof(path), "/local/domain/%d/device/suspend/event-channel", domid);
    value = xs_read(h, XBT_NULL, path, NULL);
    if (value && *value)
        port = atoi(value);
    free(value);
    xs_close(h);
    return port;
}
