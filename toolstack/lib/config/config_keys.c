/* SPDX-License-Identifier: MIT */
/*
 * The keys of a domain file: for each its type and what it sets.
 *
 * Facts: xl.cfg(5) for names, meanings and the keys of xl that are not ours. Pure.
 */
#include "config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_MAX_MIB (16u << 20) /* 16 TiB, beyond every frame number the ABI can carry */

int config_fail(struct config_reading *r, unsigned int line, const char *fmt, ...)
{
    va_list ap;

    r->err->line = line;
    va_start(ap, fmt);
    vsnprintf(r->err->text, sizeof(r->err->text), fmt, ap);
    va_end(ap);
    return -EINVAL;
}

int config_fail_memory(struct config_reading *r)
{
    config_fail(r, 0, "there is not enough memory to read the file");
    return -ENOMEM;
}

/* ---- setters -------------------------------------------------------------------------- */

static int set_text(struct config_reading *r, const struct config_value *v, char **out)
{
    free(*out);
    *out = strdup(v->string);
    return *out ? 0 : config_fail_memory(r);
}

int config_check_range(struct config_reading *r, const struct config_value *v, const char *key,
                       int64_t min, int64_t max, const char *unit)
{
    if (v->number >= min && v->number <= max)
        return 0;
    return config_fail(r, v->line, "%s=%lld is out of range: give %lld to %lld%s", key,
                       (long long)v->number, (long long)min, (long long)max, unit);
}

static int set_number(struct config_reading *r, const struct config_value *v, const char *key,
                      int64_t max, const char *unit, int64_t *out)
{
    int rc = config_check_range(r, v, key, 1, max, unit);

    if (!rc)
        *out = v->number;
    return rc;
}

int config_set_unsigned(struct config_reading *r, const struct config_value *v, const char *key,
                        int64_t min, int64_t max, unsigned int *out)
{
    int rc = config_check_range(r, v, key, min, max, "");

    if (!rc)
        *out = (unsigned int)v->number;
    return rc;
}

static int set_name(struct config_reading *r, const struct config_value *v)
{
    const char *why;

    if (!config_name_ok(v->string, &why))
        return config_fail(r, v->line, "'%.80s' cannot be a domain's name: %s", v->string, why);
    strcpy(r->cfg->name, v->string);
    return 0;
}

static int set_uuid(struct config_reading *r, const struct config_value *v)
{
    if (config_uuid_parse(v->string, r->cfg->uuid))
        return config_fail(r, v->line, "'%.60s' is not a UUID: write 32 hex digits as 8-4-4-4-12",
                           v->string);
    r->cfg->has_uuid = true;
    return 0;
}

static int set_type(struct config_reading *r, const struct config_value *v)
{
    if (!strcmp(v->string, "pv"))
        return 0;
    if (!strcmp(v->string, "pvh") || !strcmp(v->string, "hvm"))
        return config_fail(r, v->line, "domains of type '%s' are not supported: use type=\"pv\"",
                           v->string);
    return config_fail(r, v->line, "'%.40s' is not a type of domain: use type=\"pv\"", v->string);
}

static int set_builder(struct config_reading *r, const struct config_value *v)
{
    if (!strcmp(v->string, "generic") || !strcmp(v->string, "linux"))
        return 0;
    return config_fail(r, v->line, "the builder '%.40s' is not supported: remove the line",
                       v->string);
}

static int set_path(struct config_reading *r, const struct config_value *v, char **out,
                    const char *key)
{
    if (!*v->string)
        return config_fail(r, v->line, "%s is empty: name a file or remove the line", key);
    return set_text(r, v, out);
}

static int set_kernel(struct config_reading *r, const struct config_value *v)
{
    return set_path(r, v, &r->cfg->kernel, "kernel");
}

static int set_ramdisk(struct config_reading *r, const struct config_value *v)
{
    return set_path(r, v, &r->cfg->ramdisk, "ramdisk");
}

static int set_cmdline(struct config_reading *r, const struct config_value *v)
{
    r->has_cmdline = true;
    return set_text(r, v, &r->cfg->cmdline);
}

static int set_root(struct config_reading *r, const struct config_value *v)
{
    return set_text(r, v, &r->root);
}

static int set_extra(struct config_reading *r, const struct config_value *v)
{
    return set_text(r, v, &r->extra);
}

static int set_memory(struct config_reading *r, const struct config_value *v)
{
    return set_number(r, v, "memory", MEMORY_MAX_MIB, " MiB", (int64_t *)&r->cfg->memory_mib);
}

static int set_maxmem(struct config_reading *r, const struct config_value *v)
{
    return set_number(r, v, "maxmem", MEMORY_MAX_MIB, " MiB", (int64_t *)&r->cfg->maxmem_mib);
}

static int set_vcpus(struct config_reading *r, const struct config_value *v)
{
    int64_t n = 0;
    int rc = set_number(r, v, "vcpus", CONFIG_VCPUS_MAX, "", &n);

    r->cfg->vcpus = (unsigned int)n;
    return rc;
}

static int set_maxvcpus(struct config_reading *r, const struct config_value *v)
{
    int64_t n = 0;
    int rc = set_number(r, v, "maxvcpus", CONFIG_VCPUS_MAX, "", &n);

    r->cfg->maxvcpus = (unsigned int)n;
    return rc;
}

static int set_disks(struct config_reading *r, const struct config_value *v)
{
    struct domain_config *cfg = r->cfg;
    char text[160];

    if (v->count > CONFIG_DISKS_MAX)
        return config_fail(r, v->line, "there are more than %d disks", CONFIG_DISKS_MAX);
    cfg->disks = calloc(v->count ? v->count : 1, sizeof(*cfg->disks));
    if (!cfg->disks)
        return config_fail_memory(r);
    for (size_t i = 0; i < v->count; i++) {
        const struct config_value *item = &v->items[i];
        struct disk_spec *disk = &cfg->disks[i];

        if (item->type != CONFIG_STRING)
            return config_fail(r, item->line, "a disk is %s: it must be a string",
                               config_type_name(item->type));
        int rc = disk_spec_parse(item->string, disk, text, sizeof(text));
        if (rc) {
            config_fail(r, item->line, "%s", text);
            return rc;
        }
        cfg->disk_count++;
        for (size_t j = 0; j < i; j++)
            if (cfg->disks[j].number == disk->number)
                return config_fail(r, item->line, "two disks are called %s: rename one",
                                   disk->vdev);
    }
    return 0;
}

static int set_vifs(struct config_reading *r, const struct config_value *v)
{
    struct domain_config *cfg = r->cfg;
    char text[160];

    if (v->count > CONFIG_VIFS_MAX)
        return config_fail(r, v->line, "there are more than %d network cards", CONFIG_VIFS_MAX);
    cfg->vifs = calloc(v->count ? v->count : 1, sizeof(*cfg->vifs));
    if (!cfg->vifs)
        return config_fail_memory(r);
    for (size_t i = 0; i < v->count; i++) {
        const struct config_value *item = &v->items[i];
        struct vif_spec *vif = &cfg->vifs[i];

        if (item->type != CONFIG_STRING)
            return config_fail(r, item->line, "a network card is %s: it must be a string",
                               config_type_name(item->type));
        int rc = vif_spec_parse(item->string, vif, text, sizeof(text));
        if (rc) {
            config_fail(r, item->line, "%s", text);
            return rc;
        }
        cfg->vif_count++;
        for (size_t j = 0; j < i; j++)
            if (vif->has_mac && cfg->vifs[j].has_mac && !memcmp(cfg->vifs[j].mac, vif->mac, 6))
                return config_fail(r, item->line,
                                   "two network cards have the same mac: change one");
            else if (vif->has_devid && cfg->vifs[j].has_devid && cfg->vifs[j].devid == vif->devid)
                return config_fail(r, item->line,
                                   "two network cards have the same devid: change one");
            else if (vif->name[0] && !strcmp(cfg->vifs[j].name, vif->name))
                return config_fail(r, item->line,
                                   "two network cards have the same vifname: change one");
    }
    return 0;
}

/* ---- actions -------------------------------------------------------------------------- */

static const char *const action_names[ACTION_COUNT] = {
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_RENAME_RESTART] = "rename-restart",
    [ACTION_PRESERVE] = "preserve",
    [ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [ACTION_COREDUMP_RESTART] = "coredump-restart",
};

const char *config_action_name(enum config_action action)
{
    return action_names[action];
}

static int set_action(struct config_reading *r, const struct config_value *v, const char *key,
                      enum config_action *out)
{
    for (int i = 0; i < ACTION_COUNT; i++)
        if (!strcmp(v->string, action_names[i])) {
            *out = (enum config_action)i;
            return 0;
        }
    if (!strcmp(v->string, "soft-reset"))
        return config_fail(r, v->line,
                           "%s=\"soft-reset\" is for fully virtualized guests: use destroy, "
                           "restart, rename-restart or preserve",
                           key);
    return config_fail(r, v->line,
                       "'%.40s' is not an action for %s: use destroy, restart, rename-restart, "
                       "preserve, coredump-destroy or coredump-restart",
                       v->string, key);
}

static int set_on_poweroff(struct config_reading *r, const struct config_value *v)
{
    return set_action(r, v, "on_poweroff", &r->cfg->on_poweroff);
}

static int set_on_reboot(struct config_reading *r, const struct config_value *v)
{
    return set_action(r, v, "on_reboot", &r->cfg->on_reboot);
}

static int set_on_crash(struct config_reading *r, const struct config_value *v)
{
    return set_action(r, v, "on_crash", &r->cfg->on_crash);
}

static int set_on_watchdog(struct config_reading *r, const struct config_value *v)
{
    return set_action(r, v, "on_watchdog", &r->cfg->on_watchdog);
}

static int set_on_soft_reset(struct config_reading *r, const struct config_value *v)
{
    return set_action(r, v, "on_soft_reset", &r->cfg->on_soft_reset);
}

static int set_restart_limit(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "restart_limit", 0, 1000000, &r->cfg->restart_limit);
}

static int set_restart_window(struct config_reading *r, const struct config_value *v)
{
    return config_set_unsigned(r, v, "restart_window", 1, 1000000, &r->cfg->restart_window_s);
}

/* ---- the table ------------------------------------------------------------------------ */

const struct config_key config_keys[] = {
    { "name", CONFIG_STRING, set_name },
    { "uuid", CONFIG_STRING, set_uuid },
    { "type", CONFIG_STRING, set_type },
    { "builder", CONFIG_STRING, set_builder },
    { "kernel", CONFIG_STRING, set_kernel },
    { "ramdisk", CONFIG_STRING, set_ramdisk },
    { "cmdline", CONFIG_STRING, set_cmdline },
    { "root", CONFIG_STRING, set_root },
    { "extra", CONFIG_STRING, set_extra },
    { "memory", CONFIG_NUMBER, set_memory },
    { "maxmem", CONFIG_NUMBER, set_maxmem },
    { "vcpus", CONFIG_NUMBER, set_vcpus },
    { "maxvcpus", CONFIG_NUMBER, set_maxvcpus },
    { "disk", CONFIG_LIST, set_disks },
    { "vif", CONFIG_LIST, set_vifs },
    { "on_poweroff", CONFIG_STRING, set_on_poweroff },
    { "on_reboot", CONFIG_STRING, set_on_reboot },
    { "on_crash", CONFIG_STRING, set_on_crash },
    { "on_watchdog", CONFIG_STRING, set_on_watchdog },
    { "on_soft_reset", CONFIG_STRING, set_on_soft_reset },
    { "restart_limit", CONFIG_NUMBER, set_restart_limit },
    { "restart_window", CONFIG_NUMBER, set_restart_window },
    { "cpu_weight", CONFIG_NUMBER, config_set_cpu_weight },
    { "cap", CONFIG_NUMBER, config_set_cap },
    { "cpus", CONFIG_ANY, config_set_cpus },
    { "cpus_soft", CONFIG_ANY, config_set_cpus_soft },
    { "pool", CONFIG_STRING, config_set_pool },
    { "cpuid", CONFIG_ANY, config_set_cpuid },
    { "tsc_mode", CONFIG_ANY, config_set_tsc_mode },
    { "max_grant_frames", CONFIG_NUMBER, config_set_max_grant_frames },
    { "max_maptrack_frames", CONFIG_NUMBER, config_set_max_maptrack_frames },
    { "max_grant_version", CONFIG_NUMBER, config_set_max_grant_version },
    { "max_event_channels", CONFIG_NUMBER, config_set_max_event_channels },
    { "rtc_timeoffset", CONFIG_NUMBER, config_set_rtc_timeoffset },
    { "localtime", CONFIG_NUMBER, config_set_localtime },
};
const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

/* Keys of xl that mean something there: taken silently they would promise what is not done. */
static const struct {
    const char *remedy;
    const char *keys; /* separated by blanks, with one at either end */
} foreign_keys[] = {
    { "give kernel and ramdisk instead", " bootloader bootloader_args " },
    { "only full virtualization has it; remove the line",
      " acpi acpi_firmware acpi_laptop_slate acpi_s3 acpi_s4 altp2m altp2mhvm apic bios "
      "bios_path_override boot device_model_args device_model_args_hvm device_model_args_pv "
      "device_model_override device_model_stubdomain_override "
      "device_model_user device_model_version dm_restrict firmware firmware_override gfx_passthru "
      "hap hdtype hpet keymap mmio_hole ms_vm_genid nestedhvm nographic nx oos opengl pae rdm "
      "rdm_mem_boundary sdl serial shadow_memory smbios_firmware soundhw spice "
      "spice_clipboard_sharing spice_image_compression spice_streaming_video spiceagent_mouse "
      "spicedisable_ticketing spicehost spicepasswd spiceport spicetls_port spiceusbredirection "
      "spicevdagent stdvga stubdomain_cmdline stubdomain_kernel stubdomain_memory "
      "stubdomain_ramdisk timer_mode usb usbdevice usbversion vendor_device vga videoram viridian "
      "vkb_device vpt_align xen_platform_pci " },
    { "there is no passthrough of devices; remove the line",
      " pci pci_msitranslate pci_permissive pci_power_mgmt pci_seize passthrough irqs ioports "
      "iomem dtdev usbctrl usbdev gfx_passthru_kind e820_host " },
    { "there is no such device; remove the line",
      " vfb vkb vnc vncdisplay vnclisten vncpasswd vncunused vtpm p9 channel pvcalls vdispl vsnd "
      "vuart device_tree virtio " },
    { "there are no security labels; remove the line",
      " seclabel init_seclabel device_model_stubdomain_seclabel " },
    { "a domain's memory is always claimed before it is filled; remove the line", " claim_mode " },
    { "only a PVH guest has it; remove the line",
      " pvshim pvshim_path pvshim_cmdline pvshim_extra " },
    { "xl has it for Arm only; remove the line", " gic_version tee sve " },
    { "domus does not have it; remove the line",
      " vnuma nomigrate driver_domain msr_relaxed mca_caps vpmu vmtrace_buf_kb "
      "xend_suspend_evtchn_compat exclude_scheduler numa_placement blkdev_start scheduler " },
};

const char *config_foreign_key(const char *key)
{
    char word[64];

    if ((size_t)snprintf(word, sizeof(word), " %s ", key) >= sizeof(word) || strchr(key, ' '))
        return NULL;
    for (size_t i = 0; i < sizeof(foreign_keys) / sizeof(foreign_keys[0]); i++)
        if (strstr(foreign_keys[i].keys, word))
            return foreign_keys[i].remedy;
    return NULL;
}
