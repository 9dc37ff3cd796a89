/* SPDX-License-Identifier: MIT */
/*
 * The command line of the daemon.
 */
#ifndef XENSTORE_DAEMON_OPTIONS_H
#define XENSTORE_DAEMON_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *pid_file;   /* NULL: none */
    const char *trace_file; /* NULL: none */
    bool foreground;
    bool print_pid;
    bool no_domains;   /* serve the socket only */
    bool no_recovery;  /* start empty even if there is a journal */
    bool keep_orphans; /* leave the nodes of dead domains */
};

/* Reads the command line; sets quotas and the path limit at once. Prints what is wrong with it
 * and exits, or prints the help and exits. */
void options_parse(struct options *o, int argc, char **argv);

#endif
