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

/* 0 if the number is from min to max; else -EINVAL with a sentence. */
int config_check_range(struct config_reading *r, const struct config_value *v, const char *key,
                       int64_t min, int64_t max, const char *unit);
int config_set_unsigned(struct config_reading *r, const struct config_value *v, const char *key,
                        int64_t min, int64_t max, unsigned int *out);

/* Setters of config_limits.c. */
int config_set_cpu_weight(struct config_reading *r, const struct config_value *value);
int config_set_cap(struct config_reading *r, const struct config_value *value);
int config_set_cpus(struct config_reading *r, const struct config_value *value);
int config_set_cpus_soft(struct config_reading *r, const struct config_value *value);
int config_set_pool(struct config_reading *r, const struct config_value *value);
int config_set_tsc_mode(struct config_reading *r, const struct config_value *value);
int config_set_max_grant_frames(struct config_reading *r, const struct config_value *value);
int config_set_max_maptrack_frames(struct config_reading *r, const struct config_value *value);
int config_set_max_grant_version(struct config_reading *r, const struct config_value *value);
int config_set_max_event_channels(struct config_reading *r, const struct config_value *value);
int config_set_cpuid(struct config_reading *r, const struct config_value *value);
int config_set_rtc_timeoffset(struct config_reading *r, const struct config_value *value);
int config_set_localtime(struct config_reading *r, const struct config_value *value);

#endif
