/* SPDX-License-Identifier: MIT */
/*
 * xenstore-read, -write, -list, -exists, -rm, -watch. Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int cmd_read(struct cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        unsigned int len;
        char *value = xs_read(c->xs, c->t, argv[i], &len);
        char *text;

        if (!value) {
            cli_say(c, "couldn't read path %s", argv[i]);
            return 1;
        }
        if (c->prefix)
            printf("%s: ", argv[i]);
        text = c->raw ? NULL : value_to_text(value, len);
        if (text)
            puts(text);
        else
            fwrite(value, len, 1, stdout);
        free(text);
        free(value);
    }
    return 0;
}

static bool write_one(struct cli *c, const char *path, const char *text)
{
    char *value = strdup(text);
    unsigned int len = (unsigned int)strlen(text);
    bool ok;

    if (!value)
        return false;
    if (!c->raw)
        text_to_value(value, &len);
    ok = xs_write(c->xs, c->t, path, value, len);
    free(value);
    return ok;
}

int cmd_write(struct cli *c, int argc, char **argv)
{
    for (int i = 0; i + 1 < argc; i += 2) {
        if (!write_one(c, argv[i], argv[i + 1])) {
            cli_say(c, "could not write path %s", argv[i]);
            return 1;
        }
    }
    return 0;
}

int cmd_list(struct cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        unsigned int n;
        char **names = xs_directory(c->xs, c->t, argv[i], &n);

        if (!names) {
            cli_say(c, "could not list path %s", argv[i]);
            return 1;
        }
        for (unsigned int j = 0; j < n; j++) {
            if (c->prefix)
                printf("%s/", argv[i]);
            puts(names[j]);
        }
        free(names);
    }
    return 0;
}

int cmd_exists(struct cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        char *value = xs_read(c->xs, c->t, argv[i], NULL);

        if (!value)
            return 1;
        free(value);
    }
    return 0;
}

static bool is_leaf_without_value(struct cli *c, const char *path)
{
    unsigned int n = 0, len = 0;
    char **names = xs_directory(c->xs, c->t, path, &n);
    char *value = names ? xs_read(c->xs, c->t, path, &len) : NULL;
    bool is = names && n == 0 && value && len == 0;

    free(names);
    free(value);
    return is;
}

/* Removes the ancestors that have neither value nor children left. */
static int tidy(struct cli *c, const char *path)
{
    char *dir = parent_of(path);

    while (dir && strcmp(dir, "/") != 0 && is_leaf_without_value(c, dir)) {
        char *up = parent_of(dir);

        if (!xs_rm(c->xs, c->t, dir)) {
            cli_say(c, "could not remove path %s", dir);
            free(up);
            free(dir);
            return 1;
        }
        free(dir);
        dir = up;
    }
    free(dir);
    return 0;
}

int cmd_rm(struct cli *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (!xs_rm(c->xs, c->t, argv[i])) {
            cli_say(c, "could not remove path %s", argv[i]);
            return 1;
        }
        if (c->tidy && tidy(c, argv[i]))
            return 1;
    }
    return 0;
}

int cmd_watch(struct cli *c, int argc, char **argv)
{
    long left = c->count;

    for (int i = 0; i < argc; i++) {
        if (!xs_watch(c->xs, argv[i], argv[i])) {
            cli_say(c, "Unable to add watch on %s\n", argv[i]);
            return 1;
        }
    }
    do {
        unsigned int n;
        char **event = xs_read_watch(c->xs, &n);

        if (!event) {
            cli_say(c, "xs_read_watch: %s", strerror(errno));
            return 1;
        }
        puts(event[XS_WATCH_PATH]);
        fflush(stdout);
        free(event);
    } while (c->count == 0 || --left > 0);
    return 0;
}
