/* SPDX-License-Identifier: MIT */
/* The options of verbs. Owns nothing; getopt's optind is where the arguments begin. Locks: none. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define MOST_OPTIONS 8
#define FIRST        256 /* what getopt_long() returns for the first of a verb's own long options */

int cmd_usage(const struct cmd *cmd)
{
    char line[256];

    snprintf(line, sizeof(line), "usage: domus %s %s", cmd->name, cmd->arguments);
    fprintf(stderr, "%s\n", line);
    cmd_print_object(CMD_USAGE, line);
    return CMD_USAGE;
}

int cmd_print_help(const struct cmd *cmd)
{
    printf("usage: domus %s %s\n%c%s.\n%s", cmd->name, cmd->arguments, cmd->summary[0] - 'a' + 'A',
           cmd->summary + 1, cmd->options);
    return CMD_OK;
}

bool cmd_number(const char *text, const char *what, long min, long max, long *number)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 10);
    if (*text && !*end && !errno && *number >= min && *number <= max)
        return true;
    cmd_fail("the %s '%s' is not a number from %ld to %ld", what, text, min, max);
    return false;
}

struct getopt_tables {
    struct option longs[MOST_OPTIONS + 3];
    char letters[2 * MOST_OPTIONS + 2];
};

static void fill_tables(struct getopt_tables *t, const struct cmd_option *options, bool has_json)
{
    char *letter = t->letters;
    int n = 0;

    memset(t, 0, sizeof(*t));
    for (; options && options[n].name && n < MOST_OPTIONS; n++) {
        bool has_argument = options[n].number;

        t->longs[n] = (struct option){ options[n].name, has_argument, NULL, FIRST + n };
        if (!options[n].letter)
            continue;
        *letter++ = options[n].letter;
        if (has_argument)
            *letter++ = ':';
    }
    *letter = 'h';
    t->longs[n++] = (struct option){ "help", no_argument, NULL, 'h' };
    if (has_json)
        t->longs[n] = (struct option){ "json", no_argument, NULL, 'j' };
}

/* The option that getopt_long() has found. */
static const struct cmd_option *found(const struct cmd_option *options, int c)
{
    if (c >= FIRST)
        return &options[c - FIRST];
    while (options->letter != c)
        options++;
    return options;
}

static bool take(const struct cmd_option *option)
{
    if (option->number)
        return cmd_number(optarg, option->what, option->min, option->max, option->number);
    *option->on = true;
    return true;
}

bool cmd_read(const struct cmd *cmd, int argc, char **argv, const struct cmd_option *options,
              bool *json, int least, int most, int *status)
{
    struct getopt_tables t;
    int c;

    fill_tables(&t, options, json);
    while ((c = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
        if (c == 'h' || c == '?') {
            *status = c == 'h' ? cmd_print_help(cmd) : cmd_usage(cmd);
            return false;
        }
        if (c == 'j') {
            *json = true;
            cmd_want_object();
        } else if (!take(found(options, c))) {
            *status = CMD_FAILED;
            return false;
        }
    }
    if (argc - optind >= least && (most < 0 || argc - optind <= most))
        return true;
    *status = cmd_usage(cmd);
    return false;
}

bool cmd_flags(const struct cmd *cmd, int argc, char **argv, bool can_force, int least, int most,
               struct cmd_flags *flags, int *status)
{
    const struct cmd_option options[] = {
        CMD_SWITCH(can_force ? "force" : NULL, 0, &flags->force),
        CMD_END,
    };

    memset(flags, 0, sizeof(*flags));
    return cmd_read(cmd, argc, argv, options, &flags->json, least, most, status);
}
