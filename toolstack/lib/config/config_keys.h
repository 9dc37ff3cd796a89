/* SPDX-License-Identifier: MIT */
/* The keys that a domain file may hold; private to config*.c. */
#ifndef TOOLSTACK_CONFIG_KEYS_H
#define TOOLSTACK_CONFIG_KEYS_H

#include "config.h"

/* What the keys have said that is not part of the domain itself. */
struct config_reading {
    struct domain_config *cfg;
    struct config_error *err;
    char *root; /* root= and extra=, which become the command line unless cmdline= is there */
    char *extra;
    bool has_cmdline;
};

#define CONFIG_ANY CONFIG_TYPES /* of a key whose setter looks at the type */

struct config_key {
    const char *name;
    enum config_type type;
    /* 0, or -errno with err->line and err->text. The value has the right type. */
    int (*set)(struct config_reading *r, const struct config_value *value);
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* Fills *r->err. Returns -EINVAL. */
int config_fail(struct config_reading *r, unsigned int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills *r->err. Returns -ENOMEM. */
int config_fail_memory(struct config_reading *r);

#endif
