/* SPDX-License-Identifier: MIT */
/*
 * Turns a domain file into a struct domain_config, and back.
 *
 * The syntax is config_syntax.c's, the keys are config_keys.c's; here they meet, and what no
 * single key can say is checked. Pure; locks: none.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"

static void free_cpus(struct config_cpus *cpus)
{
    for (size_t i = 0; i < cpus->count; i++)
        free(cpus->lists[i]);
    free(cpus->lists);
}

void config_free(struct domain_config *cfg)
{
    for (size_t i = 0; i < cfg->disk_count; i++)
        disk_spec_free(&cfg->disks[i]);
    free(cfg->disks);
    free(cfg->vifs);
    free(cfg->kernel);
    free(cfg->ramdisk);
    free(cfg->cmdline);
    for (size_t i = 0; i < cfg->cpuid_count; i++)
        free(cfg->cpuid_texts[i]);
    free(cfg->cpuid_texts);
    free(cfg->pool);
    free_cpus(&cfg->cpus);
    free_cpus(&cfg->cpus_soft);
    memset(cfg, 0, sizeof(*cfg));
}

bool config_name_ok(const char *name, const char **why)
{
    size_t len = strlen(name);
    bool digits = true;

    *why = "it is empty";
    if (len == 0)
        return false;
    *why = "it is longer than 63 characters";
    if (len >= CONFIG_NAME_MAX)
        return false;
    *why = "it must begin with a letter or digit";
    if (!isalnum((unsigned char)name[0]))
        return false;
    *why = "use letters, digits and . _ + - : @ only"; /* it names files and store nodes too */
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("._+-:@", name[i]))
            return false;
        digits = digits && isdigit((unsigned char)name[i]);
    }
    *why = "a number would be mistaken for a domain id; add a letter";
    return !digits;
}

void config_uuid_format(const uint8_t uuid[16], char text[37])
{
    for (int i = 0; i < 16; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;

        text += sprintf(text, "%s%02x", dash ? "-" : "", uuid[i]);
    }
}

int config_uuid_parse(const char *text, uint8_t uuid[16])
{
    for (int i = 0; i < 16; i++) {
        unsigned int byte;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text == '-')
            text++;
        if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
            return -EINVAL;
        sscanf(text, "%2x", &byte);
        uuid[i] = (uint8_t)byte;
        text += 2;
    }
    return *text ? -EINVAL : 0;
}

/* ---- misspelt keys -------------------------------------------------------------------- */

/* How many letters must be added, removed, changed or swapped with their neighbour to make one
 * word of the other; words longer than 31 count as far apart. */
static unsigned int distance(const char *a, const char *b)
{
    unsigned int row[3][33];
    size_t n = strlen(a), m = strlen(b);

    if (n > 31 || m > 31)
        return 99;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (unsigned int)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned int *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];

        now[0] = (unsigned int)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned int best = last[j - 1] + (a[i - 1] != b[j - 1]);

            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[n % 3][m];
}

const char *config_nearest_key(const char *key)
{
    unsigned int best = 1 + (unsigned int)strlen(key) / 3;
    const char *found = NULL;

    for (size_t i = 0; i < config_key_count; i++) {
        unsigned int d = distance(key, config_keys[i].name);

        if (d < best || (d == best && !found)) {
            best = d;
            found = config_keys[i].name;
        }
    }
    return found;
}

static int fail_unknown(struct config_reading *r, const struct config_setting *setting)
{
    const char *remedy = config_foreign_key(setting->key);
    const char *near = config_nearest_key(setting->key);

    if (remedy)
        return config_fail(r, setting->line, "xl's key '%s' is not supported: %s", setting->key,
                           remedy);
    if (near)
        return config_fail(r, setting->line, "there is no key '%.64s': did you mean '%s'?",
                           setting->key, near);
    return config_fail(r, setting->line,
                       "there is no key '%.64s': remove the line or see"
                       " domus.cfg(5)",
                       setting->key);
}

/* ---- reading -------------------------------------------------------------------------- */

/* xl takes a number in quotes for a number, and files in the wild have them. */
static bool quoted_number(const struct config_value *value, struct config_value *number)
{
    char *end;

    if (value->type != CONFIG_STRING || !isdigit((unsigned char)value->string[0]))
        return false;
    errno = 0;
    *number = *value;
    number->type = CONFIG_NUMBER;
    number->number = strtoll(value->string, &end, 0);
    return !*end && !errno;
}

static int apply_setting(struct config_reading *r, const struct config_setting *setting)
{
    const struct config_value *value = &setting->value;
    struct config_value number;

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (strcmp(key->name, setting->key))
            continue;
        if (key->type == CONFIG_NUMBER && quoted_number(value, &number))
            value = &number;
        if (value->type != key->type && key->type != CONFIG_ANY)
            return config_fail(r, setting->value.line, "'%s' must be %s, not %s", key->name,
                               config_type_name(key->type), config_type_name(value->type));
        return key->set(r, value);
    }
    return fail_unknown(r, setting);
}

/* cmdline= stands for the whole; else root= and extra= make it up. */
static int settle_cmdline(struct config_reading *r)
{
    bool root = r->root && *r->root, extra = r->extra && *r->extra;

    if (r->has_cmdline)
        return 0;
    if (asprintf(&r->cfg->cmdline, "%s%s%s%s", root ? "root=" : "", root ? r->root : "",
                 root && extra ? " " : "", extra ? r->extra : "") < 0) {
        r->cfg->cmdline = NULL;
        return config_fail_memory(r);
    }
    return 0;
}

static int check_whole(struct config_reading *r, const struct config_file *file)
{
    struct domain_config *cfg = r->cfg;

    if (!file->count)
        return config_fail(r, 0, "the file is empty: it needs at least name, kernel and memory");
    if (!cfg->name[0])
        return config_fail(r, 0, "name is missing: add name = \"...\"");
    if (!cfg->kernel)
        return config_fail(r, 0, "kernel is missing: add kernel = \"/path/to/vmlinuz\"");
    if (!cfg->memory_mib)
        return config_fail(r, 0, "memory is missing: add memory = 128 (in MiB)");
    if (!cfg->maxmem_mib)
        cfg->maxmem_mib = cfg->memory_mib;
    if (cfg->maxmem_mib < cfg->memory_mib)
        return config_fail(r, 0, "maxmem=%llu is less than memory=%llu: raise maxmem",
                           (unsigned long long)cfg->maxmem_mib,
                           (unsigned long long)cfg->memory_mib);
    if (!cfg->vcpus)
        cfg->vcpus = 1;
    if (!cfg->maxvcpus)
        cfg->maxvcpus = cfg->vcpus;
    if (cfg->maxvcpus < cfg->vcpus)
        return config_fail(r, 0, "maxvcpus=%u is less than vcpus=%u: raise maxvcpus", cfg->maxvcpus,
                           cfg->vcpus);
    return settle_cmdline(r);
}

int config_parse(const char *text, size_t bytes, struct domain_config *cfg,
                 struct config_error *err)
{
    struct config_reading r = { .cfg = cfg, .err = err };
    struct config_file file;
    int rc;

    memset(cfg, 0, sizeof(*cfg));
    cfg->on_poweroff = ACTION_DESTROY;
    cfg->on_reboot = ACTION_RESTART;
    cfg->on_crash = ACTION_DESTROY;
    cfg->on_watchdog = ACTION_DESTROY;
    cfg->on_soft_reset = ACTION_DESTROY;
    cfg->restart_limit = CONFIG_RESTART_LIMIT;
    cfg->restart_window_s = CONFIG_RESTART_WINDOW_S;
    cfg->max_grant_frames = -1;
    cfg->max_maptrack_frames = -1;
    rc = config_syntax_parse(text, bytes, &file, err);
    for (size_t i = 0; !rc && i < file.count; i++)
        rc = apply_setting(&r, &file.settings[i]);
    if (!rc)
        rc = check_whole(&r, &file);
    free(r.root);
    free(r.extra);
    config_syntax_free(&file);
    if (rc)
        config_free(cfg);
    return rc;
}

static int make_absolute(char **path, const char *folder)
{
    char *absolute;

    if (!*path || (*path)[0] == '/')
        return 0;
    if (asprintf(&absolute, "%s/%s", folder, *path) < 0)
        return -ENOMEM;
    free(*path);
    *path = absolute;
    return 0;
}

int config_resolve_paths(struct domain_config *cfg, const char *folder)
{
    int rc = make_absolute(&cfg->kernel, folder);

    if (!rc)
        rc = make_absolute(&cfg->ramdisk, folder);
    for (size_t i = 0; !rc && i < cfg->disk_count; i++)
        rc = disk_spec_resolve(&cfg->disks[i], folder);
    return rc;
}
