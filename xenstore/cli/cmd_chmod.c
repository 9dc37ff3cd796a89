/* SPDX-License-Identifier: MIT */
/*
 * xenstore-chmod: one node's permissions, with -r those of everything below as well, with -u those
 * of its ancestors. Owns nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct change {
    struct xs_permissions *perms;
    unsigned int count;
};

static int set_one(struct cli *c, const char *path, const struct change *ch)
{
    if (xs_set_permissions(c->xs, c->t, path, ch->perms, ch->count))
        return 0;
    cli_say(c, "Error occurred setting permissions on '%s': %s", path, strerror(errno));
    return 1;
}

static int set_below(struct cli *c, const char *dir, const struct change *ch)
{
    unsigned int n = 0;
    char **names = xs_directory(c->xs, c->t, dir, &n);
    int status = names ? 0 : 1;

    if (!names)
        cli_say(c, "xs_directory (%s): %s", dir, strerror(errno));
    for (unsigned int i = 0; !status && i < n; i++) {
        char *path = path_below(dir, names[i]);

        status = !path || set_one(c, path, ch) || set_below(c, path, ch);
        free(path);
    }
    free(names);
    return status;
}

static int set_above(struct cli *c, const char *path, const struct change *ch)
{
    char *dir = parent_of(path);
    int status = 0;

    while (!status && dir && strcmp(dir, "/") != 0) {
        char *up = parent_of(dir);

        status = set_one(c, dir, ch);
        free(dir);
        dir = up;
    }
    free(dir);
    return status;
}

static bool parse(struct cli *c, const char *mode, struct xs_permissions *p)
{
    const char *letter = *mode ? strchr("nrwb", *mode) : NULL;

    if (!letter) {
        cli_say(c, "Invalid permission specification: '%c'", *mode);
        return false;
    }
    p->perms = (unsigned int)(letter - "nrwb");
    p->id = (unsigned int)atoi(mode + 1);
    return true;
}

int cmd_chmod(struct cli *c, int argc, char **argv)
{
    struct change ch = { .count = (unsigned int)argc - 1 };
    int status = 0;

    ch.perms = calloc((size_t)argc, sizeof(*ch.perms));
    if (!ch.perms)
        return 1;
    for (int i = 1; !status && i < argc; i++)
        status = !parse(c, argv[i], &ch.perms[i - 1]);
    if (!status)
        status = set_one(c, argv[0], &ch);
    if (!status && c->upward)
        status = set_above(c, argv[0], &ch);
    if (!status && c->recurse)
        status = set_below(c, argv[0], &ch);
    free(ch.perms);
    return status;
}
