/* SPDX-License-Identifier: MIT */
/*
 * CONTROL: commands for whoever runs the store. A table of commands, one function each. Commands
 * have the names that Xen's xenstored 4.17 uses for the same.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn_ring.h"
#include "domain.h"
#include "log.h"
#include "ops.h"

enum { ARGUMENTS_MAX = 8 };

/* Text of a reply; what does not fit into one reply is cut. */
struct text {
    char buf[XENSTORE_PAYLOAD_MAX];
    size_t len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *fmt, ...)
{
    size_t room = sizeof(t->buf) - t->len;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(t->buf + t->len, room, fmt, args);
    va_end(args);
    t->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static int reply(struct call *k, const struct text *t)
{
    conn_reply(k->conn, k->request, t->buf, (uint32_t)t->len + 1);
    return 0;
}

static int ok(struct call *k)
{
    conn_reply_ok(k->conn, k->request);
    return 0;
}

/* Compares the accounts with the tree. */
static void count_tree(const struct node *n, uint32_t *nodes)
{
    const struct node *child;

    nodes[n->perms->entry[0].domid]++;
    children_for_each(i, child, n->kids)
        count_tree(child, nodes);
}

static int control_check(struct call *k, const char **arg, unsigned int args)
{
    uint32_t *nodes = calloc(PERM_DOMID_MAX + 1, sizeof(*nodes));
    struct text t = { .len = 0 };

    (void)arg;
    (void)args;
    if (!nodes)
        return -ENOMEM;
    count_tree(ops_root, nodes);
    for (uint32_t id = 0; id <= PERM_DOMID_MAX; id++)
        if (nodes[id] != quota_account(id)->nodes)
            add(&t, "domain %u: %u nodes in the tree, %u counted\n", id, nodes[id],
                quota_account(id)->nodes);
    free(nodes);
    return t.len ? reply(k, &t) : ok(k);
}

static int control_log(struct call *k, const char **arg, unsigned int args)
{
    if (args != 1 || (strcmp(arg[0], "on") != 0 && strcmp(arg[0], "off") != 0))
        return -EINVAL;
    log_trace_enable(strcmp(arg[0], "on") == 0);
    return ok(k);
}

static int control_logfile(struct call *k, const char **arg, unsigned int args)
{
    int rc = args == 1 ? log_trace_file(arg[0]) : -EINVAL;

    return rc ? rc : ok(k);
}

static int control_print(struct call *k, const char **arg, unsigned int args)
{
    if (args != 1)
        return -EINVAL;
    log_info("control: %s", arg[0]);
    return ok(k);
}

static void report_account(struct text *t, uint32_t domid)
{
    const struct account *a = quota_account(domid);

    add(t, "domain %u: nodes %u, watches %u, transactions %u, outstanding %u, memory %llu\n",
        domid, a->nodes, a->watches, a->transactions, a->outstanding,
        (unsigned long long)a->memory);
}

static void report_ring(struct text *t, uint32_t domid)
{
    const struct domain *d = domain_find(domid);
    char ring[160];

    if (!d)
        return;
    conn_ring_describe(d->conn, ring, sizeof(ring));
    add(t, "  ring: %s\n", ring);
}

static int control_memreport(struct call *k, const char **arg, unsigned int args)
{
    struct text t = { .len = 0 };

    (void)arg;
    if (args > 1)
        return -EINVAL;
    for (uint32_t id = 0; id <= PERM_DOMID_MAX; id++)
        if (quota_account(id)->nodes || domain_find(id)) {
            report_account(&t, id);
            report_ring(&t, id);
        }
    return reply(k, &t);
}

static int quota_list(struct call *k)
{
    struct text t = { .len = 0 };
    const char *name, *what;
    unsigned int value;

    add(&t, "Quota settings:\n");
    for (unsigned int i = 0; (name = quota_limit_name(i, &value, &what)); i++)
        add(&t, "%-17s: %8u %s\n", name, value, what);
    return reply(k, &t);
}

static int quota_set(struct call *k, const char *name, const char *text)
{
    unsigned int *limit = quota_limit_by_name(name);
    uint64_t value;

    if (!limit || wire_number(text, INT32_MAX, &value) != 0)
        return -EINVAL;
    *limit = (unsigned int)value;
    return ok(k);
}

static int quota_of(struct call *k, const char *domid)
{
    struct text t = { .len = 0 };
    uint64_t id;
    const struct account *a;

    if (wire_number(domid, PERM_DOMID_MAX, &id) != 0)
        return -EINVAL;
    if (id && !domain_find((uint32_t)id))
        return -ENOENT;
    a = quota_account((uint32_t)id);
    add(&t, "Domain %u:\n", (unsigned int)id);
    add(&t, "%-16s: %8u\n%-16s: %8u\n%-16s: %8u\n%-16s: %8u\n%-16s: %8llu\n", "nodes", a->nodes,
        "watches", a->watches, "transactions", a->transactions, "outstanding", a->outstanding,
        "memory", (unsigned long long)a->memory);
    return reply(k, &t);
}

static int control_quota(struct call *k, const char **arg, unsigned int args)
{
    if (args == 0)
        return quota_list(k);
    if (args == 3 && strcmp(arg[0], "set") == 0)
        return quota_set(k, arg[1], arg[2]);
    return args == 1 ? quota_of(k, arg[0]) : -EINVAL;
}

static int control_help(struct call *k, const char **arg, unsigned int args);

static const struct {
    const char *name;
    int (*run)(struct call *k, const char **arg, unsigned int args);
    const char *params;
} commands[] = {
    { "check", control_check, "" },
    { "log", control_log, "on|off" },
    { "logfile", control_logfile, "<file>" },
    { "memreport", control_memreport, "" },
    { "print", control_print, "<string>" },
    { "quota", control_quota, "[set <name> <val>|<domid>]" },
    { "help", control_help, "" },
};

static int control_help(struct call *k, const char **arg, unsigned int args)
{
    struct text t = { .len = 0 };

    (void)arg;
    if (args)
        return -EINVAL;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        add(&t, "%s\t%s\n", commands[i].name, commands[i].params);
    return reply(k, &t);
}

int op_control(struct call *k)
{
    const char *str[ARGUMENTS_MAX];
    unsigned int n = wire_strings(k->request, str, ARGUMENTS_MAX);

    if (n == 0 || n > ARGUMENTS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(str[0], commands[i].name) == 0)
            return commands[i].run(k, str + 1, n - 1);
    return -EINVAL;
}
