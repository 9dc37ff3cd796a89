/* SPDX-License-Identifier: MIT */
/*
 * Reads and checks a domain's file without domusd.
 *
 * Opens what the file names, for reading only. Locks: none.
 */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"
#include "config/config_build.h"

int config_file_fail(const char *path, const struct config_error *err)
{
    return err->line ? cmd_fail("%s:%u: %s", path, err->line, err->text)
                     : cmd_fail("%s: %s", path, err->text);
}

/* A value that is no number, list or quoted text is a text: domus create x.cfg name=web */
static bool is_bare(const char *value)
{
    char *end;

    if (!*value || strchr("[\"'", *value))
        return !*value;
    strtoll(value, &end, 0);
    return *end != '\0';
}

/* The line that a setting stands for, allocated; NULL after the sentence. */
static char *setting_line(const char *setting)
{
    const char *equals = strchr(setting, '=');
    struct config_error err;
    struct config_file file;
    char *line;

    if (!equals || equals == setting) {
        cmd_fail("'%s' is not a setting: write key=value", setting);
        return NULL;
    }
    bool bare = is_bare(equals + 1) && !strpbrk(equals + 1, "\"\\");
    if (asprintf(&line, "%.*s = %s%s%s", (int)(equals - setting), setting, bare ? "\"" : "",
                 equals + 1, bare ? "\"" : "") < 0) {
        cmd_fail("there is not enough memory");
        return NULL;
    }
    if (!config_syntax_parse(line, strlen(line), &file, &err)) {
        config_syntax_free(&file);
        return line;
    }
    cmd_fail("the setting '%s': %s", setting, err.text);
    free(line);
    return NULL;
}

/* Complains of the setting if it is what is wrong: behind line `own` of the text stands only it.
 * What else is wrong is told when the whole is read. */
static int check_setting(const char *setting, const char *text, size_t bytes, unsigned int own)
{
    struct domain_config cfg;
    struct config_error err;

    if (!config_parse(text, bytes, &cfg, &err)) {
        config_free(&cfg);
        return CMD_OK;
    }
    return err.line > own ? cmd_fail("the setting '%s': %s", setting, err.text) : CMD_OK;
}

/* Appends key=value from the command line as a line of its own, and says what is wrong with it. */
static int append_setting(const char *setting, char **text, size_t *bytes)
{
    char *line = setting_line(setting), *whole;
    unsigned int own = 1;

    if (!line)
        return CMD_FAILED;
    for (size_t i = 0; i < *bytes; i++)
        own += (*text)[i] == '\n';
    whole = realloc(*text, *bytes + strlen(line) + 3);
    if (!whole) {
        free(line);
        return cmd_fail("there is not enough memory");
    }
    *bytes += (size_t)sprintf(whole + *bytes, "\n%s\n", line);
    *text = whole;
    free(line);
    return check_setting(setting, *text, *bytes, own);
}

static int read_whole(const char *path, char **text, size_t *bytes)
{
    struct stat st;
    size_t used = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *text = NULL;
    if (fd < 0)
        return cmd_fail("cannot open the domain file %s: %s", path, strerror(errno));
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return cmd_fail("%s is a directory: name a domain file", path);
    }
    *text = malloc(CONFIG_MAX_BYTES + 2);
    while (*text && used <= CONFIG_MAX_BYTES &&
           (n = read(fd, *text + used, CONFIG_MAX_BYTES + 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    if (!*text)
        return cmd_fail("there is not enough memory to read %s", path);
    (*text)[used] = '\0';
    *bytes = used;
    return CMD_OK;
}

/* Settings can only be put behind a text that is whole. */
static int check_syntax(const char *path, const char *text, size_t bytes)
{
    struct config_error err;
    struct config_file file;

    if (strlen(text) != bytes)
        return cmd_fail("%s: a domain file has no byte 0: is this one?", path);
    if (config_syntax_parse(text, bytes, &file, &err))
        return config_file_fail(path, &err);
    config_syntax_free(&file);
    return CMD_OK;
}

int config_file_read(const char *path, char *const *settings, int count, char **text, size_t *bytes)
{
    int status = read_whole(path, text, bytes);

    if (status == CMD_OK && count)
        status = check_syntax(path, *text, *bytes);
    for (int i = 0; status == CMD_OK && i < count; i++)
        status = append_setting(settings[i], text, bytes);
    if (status != CMD_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}

static int check_build(const struct domain_config *cfg)
{
    struct pv_build_config config;
    struct pv_build *build;
    struct error e;

    error_clear(&e);
    config_to_build(cfg, &config);
    if (pv_build_prepare(&config, &build, &e))
        return cmd_fail("%s", error_text(&e));
    pv_build_free(build);
    return CMD_OK;
}

static int check_disks(const struct domain_config *cfg)
{
    for (size_t i = 0; i < cfg->disk_count; i++) {
        const struct disk_spec *disk = &cfg->disks[i];

        if (access(disk->target, disk->read_only ? R_OK : R_OK | W_OK))
            return cmd_fail("the image %s of disk %s cannot be used: %s: correct disk=",
                            disk->target, disk->vdev, strerror(errno));
    }
    return CMD_OK;
}

int config_file_check(const char *path, const char *text, size_t bytes, struct domain_config *cfg)
{
    struct config_error err;
    char folder[4096];
    int status;

    if (config_parse(text, bytes, cfg, &err))
        return config_file_fail(path, &err);
    if (!getcwd(folder, sizeof(folder)) || config_resolve_paths(cfg, folder)) {
        config_free(cfg);
        return cmd_fail("cannot tell where the paths of %s begin", path);
    }
    status = check_build(cfg);
    if (status == CMD_OK)
        status = check_disks(cfg);
    if (status != CMD_OK)
        config_free(cfg);
    return status;
}

void config_print_json(const struct domain_config *cfg)
{
    struct json_out *out = json_out_new(true);

    if (!out)
        return;
    json_open_object(out, NULL);
    json_string(out, "name", cfg->name);
    json_string(out, "kernel", cfg->kernel);
    json_string(out, "ramdisk", cfg->ramdisk);
    json_string(out, "cmdline", cfg->cmdline);
    json_int(out, "memory_mib", (int64_t)cfg->memory_mib);
    json_int(out, "maxmem_mib", (int64_t)cfg->maxmem_mib);
    json_int(out, "vcpus", cfg->vcpus);
    json_int(out, "maxvcpus", cfg->maxvcpus);
    json_open_array(out, "disks");
    for (size_t i = 0; i < cfg->disk_count; i++) {
        json_open_object(out, NULL);
        json_string(out, "vdev", cfg->disks[i].vdev);
        json_string(out, "target", cfg->disks[i].target);
        json_bool(out, "read_only", cfg->disks[i].read_only);
        json_close_object(out);
    }
    json_close_array(out);
    json_open_array(out, "vifs");
    for (size_t i = 0; i < cfg->vif_count; i++) {
        char mac[18];

        vif_mac_format(cfg->vifs[i].mac, mac);
        json_open_object(out, NULL);
        json_string(out, "mac", cfg->vifs[i].has_mac ? mac : NULL);
        json_string(out, "bridge", cfg->vifs[i].bridge);
        json_close_object(out);
    }
    json_close_array(out);
    if (cfg->cpu_weight)
        json_int(out, "cpu_weight", cfg->cpu_weight);
    if (cfg->cap)
        json_int(out, "cap", cfg->cap);
    json_string(out, "on_poweroff", config_action_name(cfg->on_poweroff));
    json_string(out, "on_reboot", config_action_name(cfg->on_reboot));
    json_string(out, "on_crash", config_action_name(cfg->on_crash));
    json_string(out, "on_watchdog", config_action_name(cfg->on_watchdog));
    json_string(out, "on_soft_reset", config_action_name(cfg->on_soft_reset));
    json_close_object(out);
    client_print_out(out);
}

/* ---- the plan ------------------------------------------------------------------------- */

static void print_cpus(const char *what, const struct config_cpus *cpus)
{
    if (cpus->count)
        printf(", %s %s", what, cpus->each ? "each its own" : cpus->lists[0]);
}

static void print_disk(const struct disk_spec *disk)
{
    struct stat st;
    bool is_file = !stat(disk->target, &st) && S_ISREG(st.st_mode);

    printf("  disk      %s is %s%s, for %s\n", disk->vdev, is_file ? "the file " : "", disk->target,
           disk->read_only ? "reading only" : "reading and writing");
}

static void print_vif(const struct vif_spec *vif, size_t i)
{
    char mac[32] = "an address yet to be chosen";

    if (vif->has_mac)
        vif_mac_format(vif->mac, mac);
    printf("  network   card %zu with %s, on bridge %s\n", i, mac, vif->bridge);
}

void config_print_plan(const struct domain_config *cfg)
{
    printf("domain '%s' would be created with\n  kernel    %s\n", cfg->name, cfg->kernel);
    if (cfg->ramdisk)
        printf("  ramdisk   %s\n", cfg->ramdisk);
    printf("  cmdline   %s\n", cfg->cmdline);
    printf("  memory    %llu MiB, at most %llu\n", (unsigned long long)cfg->memory_mib,
           (unsigned long long)cfg->maxmem_mib);
    printf("  vcpus     %u, at most %u", cfg->vcpus, cfg->maxvcpus);
    print_cpus("on CPUs", &cfg->cpus);
    print_cpus("preferring", &cfg->cpus_soft);
    if (cfg->cpu_weight)
        printf(", weight %u", cfg->cpu_weight);
    if (cfg->cap)
        printf(", cap %u %%", cfg->cap);
    putchar('\n');
    for (size_t i = 0; i < cfg->disk_count; i++)
        print_disk(&cfg->disks[i]);
    for (size_t i = 0; i < cfg->vif_count; i++)
        print_vif(&cfg->vifs[i], i);
    printf("  poweroff  %s\n  reboot    %s\n  crash     %s\n", config_action_name(cfg->on_poweroff),
           config_action_name(cfg->on_reboot), config_action_name(cfg->on_crash));
}
