/* SPDX-License-Identifier: MIT */
/*
 * The xenstore-* commands: one program that does what its name or its first argument says.
 */
#ifndef XENSTORE_CLI_CLI_H
#define XENSTORE_CLI_CLI_H

#include <stdbool.h>

#include <xenstore.h>

/* Options of all commands together. */
struct cli {
    const char *name; /* of the command as typed, for messages */
    const char *mode; /* as given to xenstore; NULL: it is in the name */
    struct xs_handle *xs;
    xs_transaction_t t;
    bool prefix;     /* -p: say whose value or children these are */
    bool full;       /* ls -f */
    bool show_perms; /* ls -p */
    bool raw;        /* -R */
    bool tidy;       /* rm -t */
    bool recurse;    /* chmod -r */
    bool upward;     /* chmod -u */
    long count;      /* watch -n; 0: no end */
};

/* Prints "<name>: " and the message to standard error. */
void cli_say(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a command returns: an exit status, or that its transaction has to be made again. */
enum { CLI_AGAIN = -1 };

int cmd_read(struct cli *c, int argc, char **argv);
int cmd_write(struct cli *c, int argc, char **argv);
int cmd_list(struct cli *c, int argc, char **argv);
int cmd_exists(struct cli *c, int argc, char **argv);
int cmd_rm(struct cli *c, int argc, char **argv);
int cmd_ls(struct cli *c, int argc, char **argv);
int cmd_chmod(struct cli *c, int argc, char **argv);
int cmd_watch(struct cli *c, int argc, char **argv);

/* Printable text for a value: \t, \n, \r, \\, other bytes as octal below 8 (\001), else as
 * hexadecimal (\x7f). To be freed. */
char *value_to_text(const char *value, unsigned int len);

/* The value that such text stands for; *len tells its length. The buffer is changed in place. */
void text_to_value(char *text, unsigned int *len);

/* A path's parent ("/" for a top node), in a new string. */
char *parent_of(const char *path);

/* "<dir>/<name>", in a new string. */
char *path_below(const char *dir, const char *name);

#endif
