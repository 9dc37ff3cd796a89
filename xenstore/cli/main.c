/* SPDX-License-Identifier: MIT */
/*
 * xenstore, xenstore-read and so on: finds the command, reads its options, runs it in a
 * transaction where several changes have to happen together. Options, output and exit status are
 * those of Debian's xenstore-utils, which scripts rely on.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct command {
    const char *name;
    int (*run)(struct cli *c, int argc, char **argv);
    const char *options; /* for getopt */
    const char *usage;
    int min_args;
    int pairs; /* arguments come in twos */
    bool transaction;
};

static const struct command commands[] = {
    { "exists", cmd_exists, "hps", "[-h] [-p] [-s] key [...]", 1, 0, false },
    { "list", cmd_list, "hps", "[-h] [-p] [-s] key [...]", 1, 0, false },
    { "ls", cmd_ls, "hfps", "[-h] [-f] [-p] [-s] [path]", 0, 0, false },
    { "read", cmd_read, "hpsR", "[-h] [-p] [-s] [-R] key [...]", 1, 0, false },
    { "write", cmd_write, "hsR", "[-h] [-s] [-R] key value [...]", 2, 1, true },
    { "rm", cmd_rm, "hst", "[-h] [-s] [-t] key [...]", 1, 0, true },
    { "chmod", cmd_chmod, "hsur", "[-h] [-u] [-r] [-s] key <mode [modes...]>", 1, 0, true },
    { "watch", cmd_watch, "hn:s", "[-h] [-n NR] key", 1, 0, false },
};

void cli_say(const struct cli *c, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", c->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* Asking for help fails as well: that is what scripts have come to know. */
static int usage(const struct cli *c, const struct command *cmd)
{
    cli_say(c, "Usage: %s%s%s %s", c->name, c->mode ? " " : "", c->mode ? c->mode : "", cmd->usage);
    return 1;
}

static bool apply(struct cli *c, int opt)
{
    switch (opt) {
    case 'f': c->full = true; break;
    case 'p': c->prefix = c->show_perms = true; break;
    case 'R': c->raw = true; break;
    case 't': c->tidy = true; break;
    case 'r': c->recurse = true; break;
    case 'u': c->upward = true; break;
    case 'n': c->count = atol(optarg); break;
    case 's': break; /* the socket is always tried first */
    default: return false;
    }
    return true;
}

static int run_in_transaction(struct cli *c, const struct command *cmd, int argc, char **argv)
{
    for (;;) {
        int status;

        c->t = xs_transaction_start(c->xs);
        if (c->t == XBT_NULL) {
            cli_say(c, "couldn't start transaction");
            return 1;
        }
        status = cmd->run(c, argc, argv);
        if (xs_transaction_end(c->xs, c->t, status != 0)) {
            if (status != CLI_AGAIN)
                return status;
        } else if (errno != EAGAIN) {
            cli_say(c, "couldn't end transaction");
            return 1;
        }
    }
}

static int run(struct cli *c, const struct command *cmd, int argc, char **argv)
{
    int opt, status;

    while ((opt = getopt(argc, argv, cmd->options)) != -1) {
        if (!apply(c, opt) || (opt == 'p' && cmd->run == cmd_exists))
            return usage(c, cmd);
    }
    argc -= optind;
    argv += optind;
    if (argc < cmd->min_args || (cmd->pairs && argc % 2))
        return usage(c, cmd);
    c->xs = xs_open(0);
    if (!c->xs) {
        cli_say(c, "xs_open: %s", strerror(errno));
        return 1;
    }
    status = cmd->transaction ? run_in_transaction(c, cmd, argc, argv) : cmd->run(c, argc, argv);
    xs_close(c->xs);
    return status;
}

int main(int argc, char **argv)
{
    const char *base = strrchr(argv[0], '/');
    struct cli c = { .name = argv[0] };
    const struct command *cmd;

    base = base ? base + 1 : argv[0];
    if (strncmp(base, "xenstore-", 9) == 0) {
        cmd = find(base + 9);
        if (cmd)
            return run(&c, cmd, argc, argv);
        cli_say(&c, "unknown mode %s", base + 9);
        return 1;
    }
    if (argc < 2) {
        cli_say(&c, "Usage: %s <mode> [-h] [...]", argv[0]);
        return 1;
    }
    cmd = find(argv[1]);
    if (!cmd) {
        cli_say(&c, "unknown mode %s\n", argv[1]);
        return 1;
    }
    c.mode = argv[1];
    return run(&c, cmd, argc - 1, argv + 1);
}
