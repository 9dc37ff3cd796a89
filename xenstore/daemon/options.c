/* SPDX-License-Identifier: MIT */
/*
 * The command line. Accepts the options of Xen's xenstored 4.17, so that Debian's start scripts
 * and units work unchanged; those that have no meaning here say so. Writes the quota limits.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quota.h"
#include "core/wire.h"

enum { OPT_NO_DOMAINS = 256 };

static const struct option long_options[] = {
    { "no-domain-init", no_argument, NULL, 'D' },
    { "no-domains", no_argument, NULL, OPT_NO_DOMAINS },
    { "pid-file", required_argument, NULL, 'F' },
    { "help", no_argument, NULL, 'H' },
    { "no-fork", no_argument, NULL, 'N' },
    { "output-pid", no_argument, NULL, 'P' },
    { "trace-file", required_argument, NULL, 'T' },
    { "entry-nb", required_argument, NULL, 'E' },
    { "entry-size", required_argument, NULL, 'S' },
    { "watch-nb", required_argument, NULL, 'W' },
    { "transaction", required_argument, NULL, 't' },
    { "perm-nb", required_argument, NULL, 'A' },
    { "path-max", required_argument, NULL, 'M' },
    { "quota", required_argument, NULL, 'Q' },
    { "quota-soft", required_argument, NULL, 'q' },
    { "timeout", required_argument, NULL, 'w' },
    { "no-recovery", no_argument, NULL, 'R' },
    { "internal-db", optional_argument, NULL, 'I' },
    { "keep-orphans", no_argument, NULL, 'K' },
    { "verbose", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static const char help[] =
    "usage: xenstored [options]\n"
    "\n"
    "  -F, --pid-file FILE     write the process number to FILE\n"
    "  -N, --no-fork           stay in the foreground, messages on standard error\n"
    "  -P, --output-pid        print the process number\n"
    "  -T, --trace-file FILE   append every request to FILE\n"
    "  -D, --no-domain-init    serve the socket only: no Xen, no guests (for tests)\n"
    "      --no-domains        the same\n"
    "  -R, --no-recovery       start with an empty store even after a crash\n"
    "  -K, --keep-orphans      keep the nodes of domains that no longer exist\n"
    "limits for each unprivileged domain:\n"
    "  -E, --entry-nb N        nodes\n"
    "  -S, --entry-size N      bytes of a value\n"
    "  -W, --watch-nb N        watches\n"
    "  -t, --transaction N     open transactions\n"
    "  -A, --perm-nb N         permissions of a node\n"
    "  -M, --path-max N        characters of a path\n"
    "  -Q, --quota WHAT=N      nodes, node-size, watches, transactions, transaction-nodes,\n"
    "                          permissions, path-max, outstanding, memory\n"
    "accepted and without effect: -q, -w, -I, -V\n";

static void __attribute__((noreturn)) die(const char *what, const char *arg)
{
    fprintf(stderr, "xenstored: %s \"%s\"; see xenstored --help\n", what, arg);
    exit(1);
}

static unsigned int number(const char *arg)
{
    uint64_t n;

    if (wire_number(arg, INT32_MAX, &n) != 0)
        die("not a number:", arg);
    return (unsigned int)n;
}

static void set_quota(char *arg)
{
    char *equals = strchr(arg, '=');
    unsigned int *limit;

    if (!equals)
        die("a quota is given as WHAT=NUMBER, not as", arg);
    *equals = '\0';
    limit = quota_limit_by_name(arg);
    if (!limit)
        die("there is no quota", arg);
    *limit = number(equals + 1);
}

static bool set_limit(int opt, const char *arg)
{
    static const struct {
        int opt;
        unsigned int *limit;
    } limits[] = {
        { 'E', &quota_limits.nodes },        { 'S', &quota_limits.node_bytes },
        { 'W', &quota_limits.watches },      { 't', &quota_limits.transactions },
        { 'A', &quota_limits.node_perms },   { 'M', &quota_limits.path_max },
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i].opt == opt) {
            *limits[i].limit = number(arg);
            return true;
        }
    }
    return false;
}

static void apply(struct options *o, int opt, char *arg)
{
    if (set_limit(opt, arg))
        return;
    switch (opt) {
    case 'D':
    case OPT_NO_DOMAINS: o->no_domains = true; break;
    case 'F': o->pid_file = arg; break;
    case 'T': o->trace_file = arg; break;
    case 'N': o->foreground = true; break;
    case 'P': o->print_pid = true; break;
    case 'R': o->no_recovery = true; break;
    case 'K': o->keep_orphans = true; break;
    case 'Q': set_quota(arg); break;
    case 'q':
    case 'w':
    case 'I':
    case 'V': break;
    case 'H': fputs(help, stdout); exit(0);
    default: exit(1);
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    int opt;

    *o = (struct options){ 0 };
    while ((opt = getopt_long(argc, argv, "DF:HNPT:E:S:W:t:A:M:Q:q:w:RI::KV", long_options,
                              NULL)) != -1)
        apply(o, opt, optarg);
    /* -I takes its word apart from it in Xen's usage. */
    if (optind < argc && strcmp(argv[optind], "on") != 0 && strcmp(argv[optind], "off") != 0)
        die("does not take the argument", argv[optind]);
}
