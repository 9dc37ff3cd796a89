/* SPDX-License-Identifier: MIT */
/*
 * domus autostart: creates the domains that a list names, in its order.
 *
 * A line of the list is the name of a domain file, and perhaps delay=SECONDS, the pause after it.
 * What fails is told and does not keep the rest. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/config_file.h"
#include "paths.h"

#define MAX_DELAY_S 3600

struct entry {
    const char *file;
    long delay_s;
};

/* Reads a line; file NULL: there is nothing in it. False after a sentence. */
static bool read_entry(char *line, const char *list, unsigned int number, struct entry *entry)
{
    char *save = NULL, *word;

    *entry = (struct entry){ 0 };
    line[strcspn(line, "#\n")] = '\0';
    entry->file = strtok_r(line, " \t", &save);
    while (entry->file && (word = strtok_r(NULL, " \t", &save))) {
        char *end = word + 6;

        if (!strncmp(word, "delay=", 6))
            entry->delay_s = strtol(word + 6, &end, 10);
        if (strncmp(word, "delay=", 6) || end == word + 6 || *end || entry->delay_s < 0 ||
            entry->delay_s > MAX_DELAY_S) {
            cmd_fail("%s:%u: '%s' is not delay=SECONDS (up to %d)", list, number, word,
                     MAX_DELAY_S);
            return false;
        }
    }
    return true;
}

static bool is_running(const char *name)
{
    struct client_answer *answer = client_call("list", NULL, false);
    bool found = false;

    if (!answer)
        return false;
    yajl_val domains = json_get(client_result(answer), "domains");
    for (size_t i = 0; YAJL_IS_ARRAY(domains) && i < YAJL_GET_ARRAY(domains)->len; i++)
        found = found || client_domain_is(YAJL_GET_ARRAY(domains)->values[i], name);
    client_free(answer);
    return found;
}

static int start_one(const char *file, bool dry_run)
{
    struct domain_config cfg;
    size_t bytes;
    char *text;
    int status = config_file_read(file, NULL, 0, &text, &bytes);

    if (status != CMD_OK)
        return status;
    status = config_file_check(file, text, bytes, &cfg);
    free(text);
    if (status != CMD_OK)
        return status;
    if (!dry_run && is_running(cfg.name))
        printf("domain '%s' is there already\n", cfg.name);
    else if (dry_run)
        printf("domain '%s' would be created from %s\n", cfg.name, file);
    else
        status = create_domain(file);
    fflush(stdout);
    config_free(&cfg);
    return status;
}

static int start_all(FILE *in, const char *list, bool dry_run)
{
    unsigned int number = 0;
    char *line = NULL;
    size_t room = 0;
    int status = CMD_OK;
    long delay_s = 0;

    while (getline(&line, &room, in) > 0) {
        struct entry entry;

        number++;
        if (!read_entry(line, list, number, &entry)) {
            status = CMD_FAILED;
            continue;
        }
        if (!entry.file)
            continue;
        if (!dry_run)
            sleep((unsigned int)delay_s);
        if (start_one(entry.file, dry_run) != CMD_OK)
            status = CMD_FAILED;
        delay_s = entry.delay_s;
    }
    free(line);
    return status;
}

int cmd_autostart(const struct cmd *cmd, int argc, char **argv)
{
    bool dry_run = false;
    const struct cmd_option options[] = { CMD_SWITCH("dry-run", 'n', &dry_run), CMD_END };
    int status;

    if (!cmd_read(cmd, argc, argv, options, NULL, 0, 1, &status))
        return status;
    const char *list = optind < argc ? argv[optind] : DOMUS_AUTOSTART;
    FILE *in = fopen(list, "re");
    if (!in && errno == ENOENT && optind == argc)
        return CMD_OK; /* nobody wants any */
    if (!in)
        return cmd_fail("cannot open the list %s: %s", list, strerror(errno));
    status = start_all(in, list, dry_run);
    fclose(in);
    return status;
}
