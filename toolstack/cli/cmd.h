/* SPDX-License-Identifier: MIT */
/* The verbs of domus, one file each, and what they share. */
#ifndef DOMUS_CLI_CMD_H
#define DOMUS_CLI_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/* What a verb returns: the exit status of domus. */
enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

struct cmd {
    const char *name;
    const char *arguments;                                    /* for the usage line */
    const char *summary;                                      /* one line for help */
    const char *options;                                      /* lines for the verb's own help */
    int (*run)(const struct cmd *cmd, int argc, char **argv); /* argv[0] is the verb */
};

extern const struct cmd cmds[];
extern const unsigned int cmd_count;

const struct cmd *cmd_find(const char *name);

/* Prints the usage of a verb to standard error; returns CMD_USAGE. */
int cmd_usage(const struct cmd *cmd);

/* Reads the next option as getopt_long() does. -1: the options have ended; -2: help was printed or
 * the options are wrong, and *status is what the verb returns. */
int cmd_option(const struct cmd *cmd, int argc, char **argv, const char *letters,
               const struct option *options, int *status);

/* Prints "domus: sentence" to standard error; returns CMD_FAILED. */
int cmd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

int cmd_create(const struct cmd *cmd, int argc, char **argv);
int cmd_list(const struct cmd *cmd, int argc, char **argv);
int cmd_console(const struct cmd *cmd, int argc, char **argv);
int cmd_pause(const struct cmd *cmd, int argc, char **argv);    /* and unpause */
int cmd_shutdown(const struct cmd *cmd, int argc, char **argv); /* and reboot */
int cmd_save(const struct cmd *cmd, int argc, char **argv);
int cmd_restore(const struct cmd *cmd, int argc, char **argv);
int cmd_destroy(const struct cmd *cmd, int argc, char **argv);
int cmd_info(const struct cmd *cmd, int argc, char **argv);
int cmd_dmesg(const struct cmd *cmd, int argc, char **argv);
int cmd_check(const struct cmd *cmd, int argc, char **argv);
int cmd_trace(const struct cmd *cmd, int argc, char **argv);
int cmd_help(const struct cmd *cmd, int argc, char **argv);

/* Shows the console of a domain on the terminal until the user leaves (CMD_OK) or it ends. backlog:
 * how many bytes of what it has written before. begun(arg) is called when the console is there;
 * it returns 0, or a status to give up with. */
int console_show(const char *domain, long backlog, int (*begun)(void *arg), void *arg);

#endif
