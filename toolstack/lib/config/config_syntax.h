/* SPDX-License-Identifier: MIT */
/*
 * The syntax of a domain file: assignments of strings, numbers and lists, as in xl.cfg(5).
 *
 * Knows nothing of keys and their meaning; config.c does. Pure: no I/O.
 */
#ifndef TOOLSTACK_CONFIG_SYNTAX_H
#define TOOLSTACK_CONFIG_SYNTAX_H

#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_STRING,
    CONFIG_NUMBER,
    CONFIG_LIST,
    CONFIG_TYPES,
};

struct config_value {
    enum config_type type;
    unsigned int line;          /* where the value begins, counted from 1 */
    char *string;               /* CONFIG_STRING: without NUL bytes inside */
    int64_t number;             /* CONFIG_NUMBER */
    struct config_value *items; /* CONFIG_LIST */
    size_t count;
};

struct config_setting {
    char *key;
    unsigned int line; /* where the key stands */
    struct config_value value;
};

struct config_file {
    struct config_setting *settings; /* in the order of the file; a key stands here once */
    size_t count;
};

struct config_error {
    unsigned int line;
    char text[200]; /* a sentence without the file's name and line */
};

/* Largest file, deepest list in a list, longest list, number of settings. */
#define CONFIG_MAX_BYTES    (1u << 20)
#define CONFIG_MAX_DEPTH    4u
#define CONFIG_MAX_ITEMS    1024u
#define CONFIG_MAX_SETTINGS 1024u

/* Reads `bytes` bytes of text. A later assignment replaces an earlier one of the same key; `+=`
 * appends a string to a string or a list to a list. 0, -EINVAL with *err filled in, or -ENOMEM
 * (*err says so too). On failure *file is empty. */
int config_syntax_parse(const char *text, size_t bytes, struct config_file *file,
                        struct config_error *err);

/* Frees; harmless on a zeroed structure. */
void config_syntax_free(struct config_file *file);

/* "a string", "a number", "a list": for messages. */
const char *config_type_name(enum config_type type);

#endif
