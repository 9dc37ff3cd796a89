/* SPDX-License-Identifier: MIT */
/* The verbs of domus, one file each, and what they share. */
#ifndef DOMUS_CLI_CMD_H
#define DOMUS_CLI_CMD_H

#include <getopt.h> /* optind */
#include <stdbool.h>
#include <stddef.h>

/* What a verb returns: the exit status of domus. */
enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2, CMD_DIFFERENT = 3 };

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

/* Prints the usage of a verb as an error; returns CMD_USAGE. */
int cmd_usage(const struct cmd *cmd);

/* Prints what the verb does and its options; returns CMD_OK. */
int cmd_print_help(const struct cmd *cmd);

/* An option: a switch, or one with a number. A table of them ends with one that has no name. */
struct cmd_option {
    const char *name;
    char letter;      /* 0: it has none */
    bool *on;         /* a switch: set when it is given */
    long *number;     /* set to what is given, from `min` to `max`; */
    const char *what; /* anything else is complained of as of this */
    long min, max;
};
#define CMD_SWITCH(name_, letter_, on_) { .name = name_, .letter = letter_, .on = on_ }
#define CMD_NUMBER(name_, letter_, number_, what_, min_, max_) \
    { .name = name_, .letter = letter_, .number = number_, .what = what_, .min = min_, .max = max_ }
#define CMD_END { .name = NULL }

/* Reads the options in the table (NULL: none), --help and, if json is not NULL, --json; then there
 * must be between `least` and `most` arguments (most < 0: any number) from argv[optind] on. True:
 * go on; false: *status is what the verb returns. */
bool cmd_read(const struct cmd *cmd, int argc, char **argv, const struct cmd_option *options,
              bool *json, int least, int most, int *status);

/* What most verbs take. */
struct cmd_flags {
    bool force, json;
};

/* The same for --json and, with can_force, --force. */
bool cmd_flags(const struct cmd *cmd, int argc, char **argv, bool can_force, int least, int most,
               struct cmd_flags *flags, int *status);

/* Reads a whole number from `min` to `max`; complains of anything else as of `what`. */
bool cmd_number(const char *text, const char *what, long min, long max, long *number);

/* Prints "domus: sentence" to standard error, and after --json an object to standard output;
 * returns CMD_FAILED. */
int cmd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "domus: sentence" to standard error: the verb goes on, or has its own object. */
void cmd_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --json was given: an error has to give an object. */
void cmd_want_object(void);

/* True if one is wanted; whoever asks prints it, and nobody else will. */
bool cmd_take_object(void);

/* Prints {"error": {"code": status, "message": sentence}} if one is wanted. */
void cmd_print_object(int status, const char *sentence);

int cmd_create(const struct cmd *cmd, int argc, char **argv);
int cmd_list(const struct cmd *cmd, int argc, char **argv);
int cmd_console(const struct cmd *cmd, int argc, char **argv);
int cmd_pause(const struct cmd *cmd, int argc, char **argv);    /* and unpause, destroy */
int cmd_shutdown(const struct cmd *cmd, int argc, char **argv); /* and reboot */
int cmd_save(const struct cmd *cmd, int argc, char **argv);
int cmd_restore(const struct cmd *cmd, int argc, char **argv);
int cmd_info(const struct cmd *cmd, int argc, char **argv);
int cmd_dmesg(const struct cmd *cmd, int argc, char **argv);
int cmd_check(const struct cmd *cmd, int argc, char **argv);
int cmd_trace(const struct cmd *cmd, int argc, char **argv);
int cmd_device_attach(const struct cmd *cmd, int argc, char **argv); /* block-, network- */
int cmd_device_detach(const struct cmd *cmd, int argc, char **argv);
int cmd_network_check(const struct cmd *cmd, int argc, char **argv);
int cmd_block_resize(const struct cmd *cmd, int argc, char **argv);
int cmd_device_list(const struct cmd *cmd, int argc, char **argv);
int cmd_help(const struct cmd *cmd, int argc, char **argv);
int cmd_mem(const struct cmd *cmd, int argc, char **argv); /* mem-set, mem-max */
int cmd_vcpu_list(const struct cmd *cmd, int argc, char **argv);
int cmd_vcpu_set(const struct cmd *cmd, int argc, char **argv);
int cmd_vcpu_pin(const struct cmd *cmd, int argc, char **argv);
int cmd_sched(const struct cmd *cmd, int argc, char **argv);
int cmd_rename(const struct cmd *cmd, int argc, char **argv);
int cmd_domid(const struct cmd *cmd, int argc, char **argv); /* and domname */
int cmd_uptime(const struct cmd *cmd, int argc, char **argv);
int cmd_sysrq(const struct cmd *cmd, int argc, char **argv);
int cmd_trigger(const struct cmd *cmd, int argc, char **argv);
int cmd_debug_keys(const struct cmd *cmd, int argc, char **argv);
int cmd_autostart(const struct cmd *cmd, int argc, char **argv);
int cmd_config(const struct cmd *cmd, int argc, char **argv);
int cmd_diff(const struct cmd *cmd, int argc, char **argv);
int cmd_dump_core(const struct cmd *cmd, int argc, char **argv);
int cmd_events(const struct cmd *cmd, int argc, char **argv);
int cmd_why(const struct cmd *cmd, int argc, char **argv);
int cmd_top(const struct cmd *cmd, int argc, char **argv);

/* domus create FILE, without options. */
int create_domain(const char *path);

/* domus shutdown --all: asks all, and with wait ends what has not ended after timeout_s seconds. */
int shutdown_all(bool wait, long timeout_s, bool json);

/* domus list --dead; which may be NULL. */
int list_dead(const char *which, bool json);

/* Shows the console of a domain on the terminal until the user leaves (CMD_OK) or it ends. backlog:
 * how many bytes of what it has written before. begun(arg) is called when the console is there;
 * it returns 0, or a status to give up with. */
int console_show(const char *domain, long backlog, int (*begun)(void *arg), void *arg);

#endif
