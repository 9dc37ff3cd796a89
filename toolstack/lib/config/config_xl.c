/* SPDX-License-Identifier: MIT */
/*
 * libxl's JSON of a domain.
 *
 * Reading goes by way of our own file format, so that there is one reader which checks values: what
 * xl wrote becomes a text in that syntax first. Facts: libxl_types.idl's names, as xl 4.17 writes
 * them; it ignores keys that it does not know. Pure; locks: none.
 */
#include "config_xl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "json.h"

/* Beside libxl's keys: the domain as a file of ours, which loses nothing. */
#define OWN_KEY "domus_config"

#define DEFAULT_WEIGHT 256

/* ---- writing -------------------------------------------------------------------------- */

/* libxl's names of actions have no hyphens. */
static void put_action(struct json_out *out, const char *key, enum config_action action)
{
    char name[32];

    snprintf(name, sizeof(name), "%s", config_action_name(action));
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    json_string(out, key, name);
}

static void put_info(struct json_out *out, const struct domain_config *cfg)
{
    char uuid[37];

    config_uuid_format(cfg->uuid, uuid);
    json_open_object(out, "c_info");
    json_string(out, "type", "pv");
    json_string(out, "name", cfg->name);
    json_string(out, "uuid", uuid);
    if (cfg->pool)
        json_string(out, "pool_name", cfg->pool);
    json_string(out, "run_hotplug_scripts", "True");
    json_close_object(out);
}

static void put_limits(struct json_out *out, const struct domain_config *cfg)
{
    if (cfg->max_event_channels)
        json_int(out, "event_channels", cfg->max_event_channels);
    if (cfg->max_grant_frames >= 0)
        json_int(out, "max_grant_frames", cfg->max_grant_frames);
    if (cfg->max_maptrack_frames >= 0)
        json_int(out, "max_maptrack_frames", cfg->max_maptrack_frames);
}

static void put_build(struct json_out *out, const struct domain_config *cfg)
{
    json_open_object(out, "b_info");
    json_int(out, "max_vcpus", cfg->maxvcpus);
    json_open_array(out, "avail_vcpus");
    for (unsigned int i = 0; i < cfg->vcpus; i++)
        json_int(out, NULL, i);
    json_close_array(out);
    json_int(out, "max_memkb", (int64_t)cfg->maxmem_mib * 1024);
    json_int(out, "target_memkb", (int64_t)cfg->memory_mib * 1024);
    json_int(out, "video_memkb", 0);
    json_string(out, "claim_mode", "True");
    json_string(out, "kernel", cfg->kernel);
    json_string(out, "cmdline", cfg->cmdline);
    if (cfg->ramdisk)
        json_string(out, "ramdisk", cfg->ramdisk);
    json_string(out, "tsc_mode", config_tsc_mode_name(cfg->tsc_mode));
    if (cfg->cpu_weight || cfg->cap) {
        json_open_object(out, "sched_params");
        json_int(out, "weight", cfg->cpu_weight ? cfg->cpu_weight : DEFAULT_WEIGHT);
        json_int(out, "cap", cfg->cap);
        json_close_object(out);
    }
    put_limits(out, cfg);
    json_open_object(out, "type.pv");
    json_close_object(out);
    json_close_object(out);
}

static void put_disk(struct json_out *out, const struct disk_spec *disk)
{
    json_open_object(out, NULL);
    json_string(out, "pdev_path", disk->target);
    json_string(out, "vdev", disk->vdev);
    json_string(out, "format", disk_format_name(disk->format));
    if (disk->cdrom)
        json_int(out, "is_cdrom", 1);
    json_int(out, "readwrite", !disk->read_only);
    json_close_object(out);
}

static void put_vif(struct json_out *out, const struct vif_spec *vif, size_t devid)
{
    char mac[18];

    json_open_object(out, NULL);
    json_int(out, "devid", vif->has_devid ? vif->devid : (int64_t)devid);
    if (vif->has_mac) {
        vif_mac_format(vif->mac, mac);
        json_string(out, "mac", mac);
    }
    json_string(out, "bridge", vif->bridge);
    if (vif->name[0])
        json_string(out, "ifname", vif->name);
    if (vif->ip[0])
        json_string(out, "ip", vif->ip);
    if (vif->mode != VIF_BRIDGE)
        json_string(out, "script", vif_script_name(vif));
    if (vif->gateway[0])
        json_string(out, "gatewaydev", vif->gateway);
    json_string(out, "nictype", "vif");
    if (vif->mtu)
        json_int(out, "mtu", vif->mtu);
    if (vif->rate_bytes) {
        json_int(out, "rate_bytes_per_interval", (int64_t)vif->rate_bytes);
        json_int(out, "rate_interval_usecs", vif->rate_interval_us);
    }
    json_close_object(out);
}

static void put_devices(struct json_out *out, const struct domain_config *cfg)
{
    json_open_array(out, "disks");
    for (size_t i = 0; i < cfg->disk_count; i++)
        put_disk(out, &cfg->disks[i]);
    json_close_array(out);
    json_open_array(out, "nics");
    for (size_t i = 0; i < cfg->vif_count; i++)
        put_vif(out, &cfg->vifs[i], i);
    json_close_array(out);
}

char *config_xl_format(const struct domain_config *cfg)
{
    char *own = config_format(cfg);
    struct json_out *out = own ? json_out_new(true) : NULL;

    if (!out) {
        free(own);
        return NULL;
    }
    json_open_object(out, NULL);
    put_info(out, cfg);
    put_build(out, cfg);
    put_devices(out, cfg);
    put_action(out, "on_poweroff", cfg->on_poweroff);
    put_action(out, "on_reboot", cfg->on_reboot);
    put_action(out, "on_crash", cfg->on_crash);
    put_action(out, "on_watchdog", cfg->on_watchdog);
    json_string(out, OWN_KEY, own);
    json_close_object(out);
    free(own);
    return json_take(out);
}

/* ---- reading -------------------------------------------------------------------------- */

static int bad(struct config_error *err, int code, const char *text)
{
    err->line = 0;
    snprintf(err->text, sizeof(err->text), "%s", text);
    return code;
}

static size_t length(yajl_val array)
{
    return YAJL_IS_ARRAY(array) ? YAJL_GET_ARRAY(array)->len : 0;
}

static yajl_val item(yajl_val array, size_t i)
{
    return YAJL_GET_ARRAY(array)->values[i];
}

static void string_setting(FILE *text, const char *key, yajl_val object, const char *json_key)
{
    const char *value = json_get_string(object, json_key);

    if (value)
        config_text_setting(text, key, value);
}

static void number_setting(FILE *text, const char *key, int64_t value)
{
    if (value > 0)
        fprintf(text, "%s = %lld\n", key, (long long)value);
}

static void action_setting(FILE *text, yajl_val root, const char *key)
{
    const char *value = json_get_string(root, key);
    char name[32];

    if (!value)
        value = "destroy"; /* what libxl leaves out */
    snprintf(name, sizeof(name), "%s", value);
    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    config_text_setting(text, key, name);
}

/* Writes an item of a list and frees it; false: no memory. */
static bool list_item(FILE *text, char *line, int made)
{
    if (made < 0)
        return false;
    fputs("    ", text);
    config_text_string(text, line);
    fputs(",\n", text);
    free(line);
    return true;
}

static bool disk_line(FILE *text, yajl_val disk)
{
    const char *path = json_get_string(disk, "pdev_path"), *vdev = json_get_string(disk, "vdev");
    const char *format = json_get_string(disk, "format");
    bool write = json_get_int(disk, "readwrite", 0);
    char *line = NULL;
    int made = asprintf(&line, "format=%s,vdev=%s,access=%s,target=%s", format ? format : "raw",
                        vdev ? vdev : "", write ? "w" : "r", path ? path : "");

    return list_item(text, line, made);
}

static bool vif_line(FILE *text, yajl_val nic)
{
    const char *mac = json_get_string(nic, "mac"), *bridge = json_get_string(nic, "bridge");
    const char *ip = json_get_string(nic, "ip"), *name = json_get_string(nic, "ifname");
    int64_t bytes = json_get_int(nic, "rate_bytes_per_interval", 0);
    int64_t us = json_get_int(nic, "rate_interval_usecs", 0), mtu = json_get_int(nic, "mtu", 0);
    char rate[64] = "", mtu_text[32] = "", *line = NULL;
    int made;

    if (bytes > 0 && us > 0 && bytes < INT64_MAX / 2000000)
        snprintf(rate, sizeof(rate), ",rate=%lldB/s@%lldus",
                 (long long)((bytes * 1000000 + us - 1) / us), (long long)us);
    if (mtu > 0 && mtu != 1492) /* which libxl takes for "not given" */
        snprintf(mtu_text, sizeof(mtu_text), ",mtu=%lld", (long long)mtu);
    made = asprintf(&line, "%s%s%sbridge=%s%s%s%s%s%s%s", mac ? "mac=" : "", mac ? mac : "",
                    mac ? "," : "", bridge ? bridge : VIF_DEFAULT_BRIDGE, name ? ",vifname=" : "",
                    name ? name : "", ip ? ",ip=" : "", ip ? ip : "", mtu_text, rate);
    return list_item(text, line, made);
}

static bool list(FILE *text, const char *key, yajl_val array, bool (*line)(FILE *, yajl_val))
{
    bool ok = true;

    if (!length(array))
        return true;
    fprintf(text, "%s = [\n", key);
    for (size_t i = 0; ok && i < length(array); i++)
        ok = line(text, item(array, i));
    fputs("]\n", text);
    return ok;
}

static bool write_text(FILE *text, yajl_val root)
{
    yajl_val c = json_get(root, "c_info"), b = json_get(root, "b_info");
    yajl_val sched = json_get(b, "sched_params");
    size_t vcpus = length(json_get(b, "avail_vcpus"));
    int64_t max_vcpus = json_get_int(b, "max_vcpus", 1);
    int64_t max_kib = json_get_int(b, "max_memkb", 0);
    int64_t kib = json_get_int(b, "target_memkb", max_kib);

    string_setting(text, "name", c, "name");
    string_setting(text, "uuid", c, "uuid");
    string_setting(text, "type", c, "type");
    string_setting(text, "pool", c, "pool_name");
    string_setting(text, "kernel", b, "kernel");
    string_setting(text, "ramdisk", b, "ramdisk");
    string_setting(text, "cmdline", b, "cmdline");
    number_setting(text, "memory", (kib + 1023) / 1024);
    number_setting(text, "maxmem", (max_kib + 1023) / 1024);
    number_setting(text, "vcpus", vcpus ? (int64_t)vcpus : max_vcpus);
    number_setting(text, "maxvcpus", max_vcpus);
    string_setting(text, "tsc_mode", b, "tsc_mode");
    if (json_get_int(sched, "weight", DEFAULT_WEIGHT) != DEFAULT_WEIGHT)
        number_setting(text, "cpu_weight", json_get_int(sched, "weight", 0));
    number_setting(text, "cap", json_get_int(sched, "cap", 0));
    action_setting(text, root, "on_poweroff");
    action_setting(text, root, "on_reboot");
    action_setting(text, root, "on_crash");
    action_setting(text, root, "on_watchdog");
    return list(text, "disk", json_get(root, "disks"), disk_line) &&
           list(text, "vif", json_get(root, "nics"), vif_line);
}

/* What domus cannot give a domain, and the guest would miss. */
static int refuse_devices(yajl_val root, struct config_error *err)
{
    static const struct {
        const char *key, *text;
    } kinds[] = {
        { "pcidevs", "its domain has PCI devices, which domus does not pass through" },
        { "usbctrls", "its domain has USB controllers, which domus does not serve" },
        { "p9s", "its domain has shared folders (9p), which domus does not serve" },
        { "vfbs", "its domain has a virtual screen, which domus does not serve" },
        { "vtpms", "its domain has a virtual TPM, which domus does not serve" },
        { "channels", "its domain has channels, which domus does not serve" },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (length(json_get(root, kinds[i].key)))
            return bad(err, -EINVAL, kinds[i].text);
    return 0;
}

static char *make_text(yajl_val root)
{
    const char *own = json_get_string(root, OWN_KEY);
    char *text = NULL;
    size_t bytes;
    FILE *out;

    if (own)
        return strdup(own);
    out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    bool ok = write_text(out, root) && !ferror(out);
    if (fclose(out) || !ok) {
        free(text);
        return NULL;
    }
    return text;
}

static int parse_tree(yajl_val root, struct domain_config *cfg, struct config_error *err)
{
    const char *type = json_get_string(json_get(root, "c_info"), "type");
    char *text;
    int rc;

    if (!type || strcmp(type, "pv"))
        return bad(err, -EINVAL, "its domain is not a paravirtualized one");
    rc = refuse_devices(root, err);
    if (rc)
        return rc;
    text = make_text(root);
    if (!text)
        return bad(err, -ENOMEM, "there is not enough memory for its configuration");
    rc = config_parse(text, strlen(text), cfg, err);
    free(text);
    return rc;
}

int config_xl_parse(const char *json, struct domain_config *cfg, struct config_error *err)
{
    char why[120];
    yajl_val root = json_parse(json, why, sizeof(why));
    int rc;

    memset(cfg, 0, sizeof(*cfg));
    if (!root)
        return bad(err, -EINVAL, "its configuration is not JSON");
    rc = parse_tree(root, cfg, err);
    err->line = 0; /* a line of the text in between tells nobody anything */
    yajl_tree_free(root);
    return rc;
}
