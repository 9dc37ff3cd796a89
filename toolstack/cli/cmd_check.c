/* SPDX-License-Identifier: MIT */
/* domus check: reads a domain's file and what it names. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "cmd.h"
#include "config_file.h"

static void print_json(const struct domain_config *cfg)
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
    json_string(out, "on_poweroff", config_action_name(cfg->on_poweroff));
    json_string(out, "on_reboot", config_action_name(cfg->on_reboot));
    json_string(out, "on_crash", config_action_name(cfg->on_crash));
    json_string(out, "on_watchdog", config_action_name(cfg->on_watchdog));
    json_close_object(out);
    char *text = json_take(out);
    fputs(text ? text : "", stdout);
    free(text);
}

int cmd_check(const struct cmd *cmd, int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct domain_config cfg;
    bool json = false;
    size_t bytes;
    char *text;
    int c, status;

    while ((c = cmd_option(cmd, argc, argv, "h", options, &status)) != -1) {
        if (c == -2)
            return status;
        json = true;
    }
    if (argc - optind != 1)
        return cmd_usage(cmd);
    status = config_file_read(argv[optind], &text, &bytes);
    if (status == CMD_OK)
        status = config_file_check(argv[optind], text, bytes, &cfg);
    free(text);
    if (status != CMD_OK)
        return status;
    if (json)
        print_json(&cfg);
    else
        printf("%s: domain '%s' can be created\n", argv[optind], cfg.name);
    config_free(&cfg);
    return CMD_OK;
}
