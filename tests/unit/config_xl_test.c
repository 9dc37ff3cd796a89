/* SPDX-License-Identifier: MIT */
/* The configuration in a saved domain's file: xl's own, ours, and what cannot be taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config_xl.h"

/* As Debian's xl 4.17 writes it. */
#define XL_BEGIN                                                                               \
    "{\"c_info\": {\"type\": \"pv\", \"name\": \"disks\","                                     \
    "\"uuid\": \"266d81ca-38e9-4a8f-86c8-4e495e6c47bf\", \"pool_name\": \"fast\"},"              \
    "\"b_info\": {\"max_vcpus\": 2, \"avail_vcpus\": [0], \"max_memkb\": 262144,"              \
    "\"target_memkb\": 131072, \"video_memkb\": 0, \"sched_params\": {\"sched\": \"credit2\"," \
    "\"weight\": 512, \"cap\": 0}, \"claim_mode\": \"True\", \"kernel\": \"/srv/vmlinuz\","    \
    "\"tsc_mode\": \"native\","                                                                \
    "\"cmdline\": \"console=hvc0 \\\"quiet\\\"\", \"ramdisk\": \"/srv/guest.cpio.gz\","        \
    "\"type.pv\": {}, \"arch_arm\": {}, \"arch_x86\": {\"msr_relaxed\": \"False\"}},"
#define XL_DEVICES                                                                            \
    "\"disks\": [{\"pdev_path\": \"/srv/read.img\", \"vdev\": \"xvda\", \"format\": \"raw\"," \
    "\"colo_restore_enable\": \"False\"}, {\"pdev_path\": \"/srv/a,b.img\", \"vdev\": "       \
    "\"xvdb\", \"format\": \"raw\", \"readwrite\": 1}],"                                      \
    "\"nics\": [{\"devid\": 0, \"mac\": \"00:16:3e:00:00:65\", \"bridge\": \"xenbr0\","       \
    "\"nictype\": \"vif\", \"rate_bytes_per_interval\": 62500, \"rate_interval_usecs\": 50000}],"
#define XL_END "\"on_reboot\": \"rename_restart\", \"on_crash\": \"coredump_restart\"}"

static void parse_ok(const char *json, struct domain_config *cfg)
{
    struct config_error err;

    if (config_xl_parse(json, cfg, &err))
        fail_msg("%s", err.text);
}

static void parse_bad(const char *json, const char *part)
{
    struct domain_config cfg;
    struct config_error err;

    assert_int_equal(config_xl_parse(json, &cfg, &err), -EINVAL);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in '%s'", part, err.text);
    assert_null(cfg.kernel);
}

static void check_domain(const struct domain_config *cfg)
{
    assert_string_equal(cfg->name, "disks");
    assert_int_equal(cfg->uuid[0], 0x26);
    assert_string_equal(cfg->kernel, "/srv/vmlinuz");
    assert_string_equal(cfg->cmdline, "console=hvc0 \"quiet\"");
    assert_int_equal(cfg->memory_mib, 128);
    assert_int_equal(cfg->maxmem_mib, 256);
    assert_int_equal(cfg->vcpus, 1);
    assert_int_equal(cfg->maxvcpus, 2);
    assert_int_equal(cfg->cpu_weight, 512);
    assert_int_equal(cfg->cap, 0);
    assert_string_equal(cfg->pool, "fast");
    assert_int_equal(cfg->tsc_mode, 2);
    assert_int_equal(cfg->disk_count, 2);
    assert_true(cfg->disks[0].read_only);
    assert_false(cfg->disks[1].read_only);
    assert_string_equal(cfg->disks[1].target, "/srv/a,b.img");
    assert_int_equal(cfg->vif_count, 1);
    assert_int_equal(cfg->vifs[0].mac[5], 0x65);
    assert_int_equal(cfg->vifs[0].rate_bytes, 62500);
    assert_int_equal(cfg->on_reboot, ACTION_RENAME_RESTART);
    assert_int_equal(cfg->on_crash, ACTION_COREDUMP_RESTART);
    assert_int_equal(cfg->on_poweroff, ACTION_DESTROY);
}

static void from_xl(void **state)
{
    struct domain_config cfg;

    (void)state;
    parse_ok(XL_BEGIN XL_DEVICES XL_END, &cfg);
    check_domain(&cfg);
    config_free(&cfg);
}

/* What we write is read back, by our own text, and by libxl's keys if that is taken out. */
static void to_xl_and_back(void **state)
{
    struct domain_config cfg, again;

    (void)state;
    parse_ok(XL_BEGIN XL_DEVICES XL_END, &cfg);
    char *json = config_xl_format(&cfg);
    assert_non_null(json);
    config_free(&cfg);
    parse_ok(json, &again);
    check_domain(&again);
    config_free(&again);
    char *own = strstr(json, "domus_config");
    assert_non_null(own);
    *own = 'x';
    parse_ok(json, &again);
    check_domain(&again);
    config_free(&again);
    free(json);
}

static void refused(void **state)
{
    (void)state;
    parse_bad("{", "JSON");
    parse_bad("{}", "paravirtualized");
    parse_bad("{\"c_info\": {\"type\": \"hvm\"}}", "paravirtualized");
    parse_bad(XL_BEGIN XL_DEVICES "\"pcidevs\": [{}]}", "PCI");
    parse_bad("{\"c_info\": {\"type\": \"pv\", \"name\": \"a b\"}, \"b_info\": {}}", "name");
    parse_bad(
        "{\"c_info\": {\"type\": \"pv\", \"name\": \"a\"}, \"b_info\": {\"max_memkb\": 4096}}",
        "kernel");
    parse_bad(XL_BEGIN "\"disks\": [{\"pdev_path\": \"/a\", \"vdev\": \"xvda\","
                       "\"format\": \"vmdk\"}]}",
              "vmdk");
    parse_bad(XL_BEGIN "\"disks\": 7, \"nics\": [7, [], {\"mac\": \"zz\"}]}", "mac");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_xl),
        cmocka_unit_test(to_xl_and_back),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
