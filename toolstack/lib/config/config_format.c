/* SPDX-License-Identifier: MIT */
/*
 * Writes a domain as the text of a domain file.
 *
 * domusd keeps the file of each domain in this form, so there is one format and one reader.
 * Pure; locks: none.
 */
#include "config.h"
#include "config_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

void config_text_string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

void config_text_setting(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s = ", key);
    config_text_string(out, value);
    putc('\n', out);
}

/* Writes one item of a list and frees it; false if there was no memory to make it. */
static bool put_item(FILE *out, char *item, bool first)
{
    if (!item)
        return false;
    fputs(first ? "" : ",", out);
    fputs("\n    ", out);
    config_text_string(out, item);
    free(item);
    return true;
}

static bool put_devices(FILE *out, const struct domain_config *cfg)
{
    bool ok = true;

    if (cfg->disk_count) {
        fputs("disk = [", out);
        for (size_t i = 0; ok && i < cfg->disk_count; i++)
            ok = put_item(out, disk_spec_format(&cfg->disks[i]), i == 0);
        fputs("\n]\n", out);
    }
    if (cfg->vif_count) {
        fputs("vif = [", out);
        for (size_t i = 0; ok && i < cfg->vif_count; i++)
            ok = put_item(out, vif_spec_format(&cfg->vifs[i]), i == 0);
        fputs("\n]\n", out);
    }
    return ok;
}

static void put_number(FILE *out, const char *key, long long value)
{
    fprintf(out, "%s = %lld\n", key, value);
}

static void put_cpus(FILE *out, const char *key, const struct config_cpus *cpus)
{
    if (!cpus->count)
        return;
    fprintf(out, "%s = %s", key, cpus->each ? "[ " : "");
    for (size_t i = 0; i < cpus->count; i++) {
        fputs(i ? ", " : "", out);
        config_text_string(out, cpus->lists[i]);
    }
    fputs(cpus->each ? " ]\n" : "\n", out);
}

static void put_sharing(FILE *out, const struct domain_config *cfg)
{
    if (cfg->cpu_weight)
        put_number(out, "cpu_weight", cfg->cpu_weight);
    if (cfg->cap)
        put_number(out, "cap", cfg->cap);
    if (cfg->pool)
        config_text_setting(out, "pool", cfg->pool);
    put_cpus(out, "cpus", &cfg->cpus);
    put_cpus(out, "cpus_soft", &cfg->cpus_soft);
}

static void put_limits(FILE *out, const struct domain_config *cfg)
{
    for (size_t i = 0; i < cfg->cpuid_count; i++) {
        fputs(i ? ", " : "cpuid = [ ", out);
        config_text_string(out, cfg->cpuid_texts[i]);
    }
    fputs(cfg->cpuid_count ? " ]\n" : "", out);
    if (cfg->tsc_mode)
        config_text_setting(out, "tsc_mode", config_tsc_mode_name(cfg->tsc_mode));
    if (cfg->max_grant_frames >= 0)
        put_number(out, "max_grant_frames", cfg->max_grant_frames);
    if (cfg->max_maptrack_frames >= 0)
        put_number(out, "max_maptrack_frames", cfg->max_maptrack_frames);
    if (cfg->max_grant_version)
        put_number(out, "max_grant_version", cfg->max_grant_version);
    if (cfg->max_event_channels)
        put_number(out, "max_event_channels", cfg->max_event_channels);
    if (cfg->rtc_timeoffset_s)
        put_number(out, "rtc_timeoffset", cfg->rtc_timeoffset_s);
    if (cfg->localtime)
        put_number(out, "localtime", 1);
    if (cfg->restart_limit != CONFIG_RESTART_LIMIT)
        put_number(out, "restart_limit", cfg->restart_limit);
    if (cfg->restart_window_s != CONFIG_RESTART_WINDOW_S)
        put_number(out, "restart_window", cfg->restart_window_s);
}

char *config_format(const struct domain_config *cfg)
{
    char *text = NULL, uuid[37];
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    config_text_setting(out, "name", cfg->name);
    if (cfg->has_uuid) {
        config_uuid_format(cfg->uuid, uuid);
        config_text_setting(out, "uuid", uuid);
    }
    config_text_setting(out, "type", "pv");
    config_text_setting(out, "kernel", cfg->kernel);
    if (cfg->ramdisk)
        config_text_setting(out, "ramdisk", cfg->ramdisk);
    config_text_setting(out, "cmdline", cfg->cmdline);
    fprintf(out, "memory = %llu\nmaxmem = %llu\nvcpus = %u\nmaxvcpus = %u\n",
            (unsigned long long)cfg->memory_mib, (unsigned long long)cfg->maxmem_mib, cfg->vcpus,
            cfg->maxvcpus);
    bool ok = put_devices(out, cfg);
    put_sharing(out, cfg);
    put_limits(out, cfg);
    config_text_setting(out, "on_poweroff", config_action_name(cfg->on_poweroff));
    config_text_setting(out, "on_reboot", config_action_name(cfg->on_reboot));
    config_text_setting(out, "on_crash", config_action_name(cfg->on_crash));
    config_text_setting(out, "on_watchdog", config_action_name(cfg->on_watchdog));
    config_text_setting(out, "on_soft_reset", config_action_name(cfg->on_soft_reset));
    ok = !ferror(out) && ok;
    if (fclose(out) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}
