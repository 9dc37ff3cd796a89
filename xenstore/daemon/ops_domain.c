/* SPDX-License-Identifier: MIT */
/*
 * Operations on domains. Each checks its arguments and asks domain.c. Owns nothing. Facts: Xen's
 * docs/misc/xenstore.txt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/xen.h>

#include "domain.h"
#include "ops.h"

/* A frame number is sent in signed decimal. */
static int frame_number(const char *s, uint64_t *out)
{
    bool negative = *s == '-';
    int rc = wire_number(s + negative, INT64_MAX, out);

    if (!rc && negative)
        *out = (uint64_t)-(int64_t)*out;
    return rc;
}

static int domid_arg(const char *s, uint32_t *domid)
{
    uint64_t n;
    int rc = wire_number(s, 65535, &n);

    *domid = (uint32_t)n;
    return rc;
}

/* The only argument is a domid. */
static int one_domid(struct call *k, uint32_t *domid)
{
    const char *str[1];

    if (wire_strings(k->request, str, 1) != 1)
        return -EINVAL;
    return domid_arg(str[0], domid);
}

/* The only argument names an introduced domain other than dom0. */
static int one_domain(struct call *k, struct domain **d)
{
    uint32_t domid;
    int rc = one_domid(k, &domid);

    if (rc || domid == 0)
        return -EINVAL;
    *d = domain_find(domid);
    return *d ? 0 : -ENOENT;
}

int op_introduce(struct call *k)
{
    const char *str[3];
    uint64_t mfn, port;
    uint32_t domid;
    int rc;

    if (wire_strings(k->request, str, 3) < 3 || domid_arg(str[0], &domid) != 0 ||
        frame_number(str[1], &mfn) != 0 || wire_number(str[2], INT32_MAX, &port) != 0 ||
        domid == 0 || port == 0)
        return -EINVAL;
    rc = domain_introduce(domid, mfn, (uint32_t)port);
    if (!rc)
        conn_reply_ok(k->conn, k->request);
    return rc;
}

int op_release(struct call *k)
{
    struct domain *d;
    int rc = one_domain(k, &d);

    if (rc)
        return rc;
    domain_release(d);
    conn_reply_ok(k->conn, k->request);
    return 0;
}

int op_resume(struct call *k)
{
    struct domain *d;
    int rc = one_domain(k, &d);

    if (rc)
        return rc;
    domain_set_shutdown(d, false);
    conn_reply_ok(k->conn, k->request);
    return 0;
}

int op_set_target(struct call *k)
{
    const char *str[2];
    uint32_t domid, target;
    struct domain *d, *t;

    if (wire_strings(k->request, str, 2) < 2 || domid_arg(str[0], &domid) != 0 ||
        domid_arg(str[1], &target) != 0)
        return -EINVAL;
    d = domain_find(domid);
    t = domain_find(target);
    if (!d || !t)
        return -ENOENT;
    domain_set_target(d, target);
    conn_reply_ok(k->conn, k->request);
    return 0;
}

int op_get_domain_path(struct call *k)
{
    char path[40];
    uint32_t domid;
    int len, rc = one_domid(k, &domid);

    if (rc)
        return rc;
    len = snprintf(path, sizeof(path), "/local/domain/%u", domid);
    conn_reply(k->conn, k->request, path, (uint32_t)len + 1);
    return 0;
}

int op_is_domain_introduced(struct call *k)
{
    uint32_t domid;
    bool is;
    int rc = one_domid(k, &domid);

    if (rc)
        return rc;
    is = domid == DOMID_SELF || domid == conn_domid(k->conn) || domain_find(domid);
    conn_reply(k->conn, k->request, is ? "T" : "F", 2);
    return 0;
}
