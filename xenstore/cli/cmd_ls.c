/* SPDX-License-Identifier: MIT */
/*
 * xenstore-ls: the tree, indented and cut to the width of the terminal, or with -f one full path
 * a line; with -p permissions behind. Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

enum {
    DEFAULT_WIDTH = 80,
    PERMS_COLUMN = 60, /* dots lead the eye to the permissions from here back */
    CUT_MARK = 8,      /* room kept for what marks a cut value and its quotes */
};

static int line_width(void)
{
    struct winsize ws;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 2)
        return ws.ws_col - 2;
    return DEFAULT_WIDTH;
}

static void print_perms(struct cli *c, const char *path)
{
    unsigned int n;
    struct xs_permissions *perms = xs_get_permissions(c->xs, c->t, path, &n);

    if (!perms) {
        cli_say(c, "xs_get_permissions (%s): %s", path, strerror(errno));
        return;
    }
    fputs("  (", stdout);
    for (unsigned int i = 0; i < n; i++)
        printf("%s%c%u", i ? "," : "", "nrwb"[perms[i].perms & 3], perms[i].id);
    putchar(')');
    free(perms);
}

/* A node as it is shown. */
struct shown {
    const char *name, *path;
    const char *text; /* the printable value */
    int raw_len;      /* bytes of the value itself: they decide whether it is cut */
    int indent;
};

static bool is_cut(const struct shown *n, int col, int width)
{
    return n->raw_len > width - col - CUT_MARK;
}

/* ` = "value"`, cut if the value is too long for the width. Returns the column reached. (A room
 * below zero, on a very narrow terminal, cuts nothing.) */
static int print_value(const struct shown *n, int col, int width)
{
    if (!is_cut(n, col, width))
        return col + printf(" = \"%s\"", n->text);
    return col + printf(" = \"%.*s\\...\"", width - col - CUT_MARK, n->text);
}

/* From column `col` on: dots that lead the eye to the permissions; a line that is cut has no room
 * for them. */
static void print_leader(int col, int width, bool cut)
{
    int end = width < PERMS_COLUMN ? width : PERMS_COLUMN;

    if (!cut)
        putchar(' ');
    for (col++; col < end; col++)
        putchar(col & 1 ? '.' : ' ');
}

static void print_full(struct cli *c, const struct shown *n)
{
    int width = isatty(STDOUT_FILENO) ? line_width() : INT_MAX;

    fputs(n->path, stdout);
    print_value(n, 0, width);
    if (c->show_perms) {
        if (!is_cut(n, 0, width))
            putchar(' ');
        print_perms(c, n->path);
    }
    putchar('\n');
}

static void print_indented(struct cli *c, const struct shown *n)
{
    int width = line_width();
    int col = printf("%*s%.*s", n->indent, "", width - CUT_MARK - n->indent, n->name);
    bool cut = is_cut(n, col, width);

    col = print_value(n, col, width);
    if (c->show_perms) {
        print_leader(col, width, cut);
        print_perms(c, n->path);
    }
    putchar('\n');
}

static int show_children(struct cli *c, const char *dir, int indent);

static int show(struct cli *c, const char *dir, const char *name, int indent)
{
    char *path = path_below(dir, name);
    unsigned int len;
    char *value = path ? xs_read(c->xs, c->t, path, &len) : NULL;
    char *text = value ? value_to_text(value, len) : NULL;
    int status = 0;

    if (text) {
        struct shown n = { name, path, text, (int)len, indent };

        (c->full ? print_full : print_indented)(c, &n);
        status = show_children(c, path, indent + 1);
    } else if (path && errno != ENOENT) {
        /* A node that vanished while we looked is no failure. */
        cli_say(c, "xs_read (%s): %s", path, strerror(errno));
        status = 1;
    }
    free(text);
    free(value);
    free(path);
    return status;
}

static int show_children(struct cli *c, const char *dir, int indent)
{
    unsigned int n;
    char **names = xs_directory(c->xs, c->t, dir, &n);
    int status = 0;

    if (!names) {
        if (errno == ENOENT && indent)
            return 0;
        cli_say(c, "xs_directory (%s): %s", dir, strerror(errno));
        return 1;
    }
    for (unsigned int i = 0; !status && i < n; i++)
        status = show(c, dir, names[i], indent);
    free(names);
    return status;
}

int cmd_ls(struct cli *c, int argc, char **argv)
{
    static char root[] = "/";
    int status = 0;

    if (argc == 0)
        return show_children(c, root, 0);
    for (int i = 0; !status && i < argc; i++)
        status = show_children(c, argv[i], 0);
    return status;
}
