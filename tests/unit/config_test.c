/* SPDX-License-Identifier: MIT */
/* The domain file: syntax, keys, disks, network cards, and the way back to text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

#define BASE "name = 'web'\nkernel = \"/boot/vmlinuz\"\nmemory = 128\n"

static void parse_ok(const char *text, struct domain_config *cfg)
{
    struct config_error err;
    int rc = config_parse(text, strlen(text), cfg, &err);

    if (rc)
        fail_msg("line %u: %s", err.line, err.text);
}

/* The text must be refused at `line` with a sentence that holds `part`. */
static void parse_bad(const char *text, unsigned int line, const char *part)
{
    struct domain_config cfg;
    struct config_error err;

    assert_int_equal(config_parse(text, strlen(text), &cfg, &err), -EINVAL);
    if (!strstr(err.text, part))
        fail_msg("'%s' is not in '%s'", part, err.text);
    assert_int_equal(err.line, line);
    assert_null(cfg.kernel);
}

static void whole_file(void **state)
{
    struct domain_config cfg;

    (void)state;
    parse_ok(
        "# a guest\nname='web' ; type = \"pv\";\nuuid = 'b42d8c52-937c-4380-af6d-ee7e5b9cfe45'\n"
        "kernel=\"/boot/vml\\x69nuz\" # comment\nramdisk='initrd'\nroot='/dev/xvda1 ro'\n"
        "extra='console=hvc0'\nextra += ' quiet'\nmemory='0x80'\nmaxmem=256\nvcpus=2\n"
        "maxvcpus=4\ndisk=['phy:/dev/vg/a,xvda,w',\n 'file:/b.img,xvdb1,r',\n]\n"
        "vif=['mac=00:16:3e:00:00:02,bridge=br1,ip=10.0.0.2 10.0.0.3,rate=10Mb/s', '']\n"
        "on_crash='preserve'\r\non_reboot='rename-restart'\non_poweroff=\"restart\"\n",
        &cfg);
    assert_string_equal(cfg.name, "web");
    assert_string_equal(cfg.kernel, "/boot/vmlinuz");
    assert_string_equal(cfg.cmdline, "root=/dev/xvda1 ro console=hvc0 quiet");
    assert_int_equal(cfg.memory_mib, 128);
    assert_int_equal(cfg.maxmem_mib, 256);
    assert_int_equal(cfg.maxvcpus, 4);
    assert_int_equal(cfg.uuid[0], 0xb4);
    assert_int_equal(cfg.uuid[15], 0x45);
    assert_int_equal(cfg.disk_count, 2);
    assert_int_equal(cfg.disks[1].number, 51729);
    assert_true(cfg.disks[1].read_only && cfg.disks[0].require_block);
    assert_int_equal(cfg.vif_count, 2);
    assert_string_equal(cfg.vifs[0].bridge, "br1");
    assert_int_equal(cfg.vifs[0].rate_bytes, 62500);
    assert_string_equal(cfg.vifs[1].bridge, "xenbr0");
    assert_false(cfg.vifs[1].has_mac);
    assert_int_equal(cfg.on_crash, ACTION_PRESERVE);
    assert_int_equal(cfg.on_reboot, ACTION_RENAME_RESTART);
    assert_int_equal(cfg.on_poweroff, ACTION_RESTART);
    assert_int_equal(cfg.on_watchdog, ACTION_DESTROY);
    config_free(&cfg);
}

/* Sharing, limits and policies; and that what is written back reads the same. */
static void further_keys(void **state)
{
    struct domain_config cfg, again;
    char *text, *twice;

    (void)state;
    parse_ok(BASE "cpu_weight=512\ncap=150\ncpus=['0','1-2']\ncpus_soft='all,^0'\n"
                  "pool='Pool-0'\npool='fast'\ncpuid='host,aes=0'\ntsc_mode='native'\n"
                  "max_grant_frames=0\n"
                  "max_maptrack_frames=99\nmax_grant_version=1\nmax_event_channels=4096\n"
                  "rtc_timeoffset=-3600\nlocaltime=1\nrestart_limit=0\nrestart_window=60\n"
                  "on_crash='coredump-restart'\non_soft_reset='preserve'\n"
                  "on_watchdog='coredump-destroy'\n",
             &cfg);
    assert_int_equal(cfg.cpu_weight, 512);
    assert_int_equal(cfg.cap, 150);
    assert_true(cfg.cpus.each && !cfg.cpus_soft.each);
    assert_int_equal(cfg.cpus.count, 2);
    assert_string_equal(cfg.cpus.lists[1], "1-2");
    assert_string_equal(cfg.cpus_soft.lists[0], "all,^0");
    assert_string_equal(cfg.pool, "fast");
    assert_int_equal(cfg.tsc_mode, 2);
    assert_int_equal(cfg.max_grant_frames, 0);
    assert_int_equal(cfg.max_maptrack_frames, 99);
    assert_int_equal(cfg.max_grant_version, 1);
    assert_int_equal(cfg.max_event_channels, 4096);
    assert_int_equal(cfg.rtc_timeoffset_s, -3600);
    assert_true(cfg.localtime);
    assert_int_equal(cfg.cpuid_count, 1);
    assert_string_equal(cfg.cpuid_texts[0], "host,aes=0");
    assert_int_equal(cfg.restart_limit, 0);
    assert_int_equal(cfg.restart_window_s, 60);
    assert_int_equal(cfg.on_crash, ACTION_COREDUMP_RESTART);
    assert_int_equal(cfg.on_soft_reset, ACTION_PRESERVE);
    text = config_format(&cfg);
    parse_ok(text, &again);
    twice = config_format(&again);
    assert_string_equal(text, twice);
    free(text);
    free(twice);
    config_free(&cfg);
    config_free(&again);
    parse_ok(BASE "tsc_mode=1\ncpus=2\npool='fast'\npool='Pool-0'\n", &cfg);
    assert_null(cfg.pool);
    assert_int_equal(cfg.tsc_mode, 1);
    assert_string_equal(cfg.cpus.lists[0], "2");
    assert_int_equal(cfg.max_grant_frames, -1);
    assert_int_equal(cfg.restart_limit, CONFIG_RESTART_LIMIT);
    config_free(&cfg);
}

static void paths_resolved(void **state)
{
    struct domain_config cfg;

    (void)state;
    parse_ok(BASE "ramdisk='initrd'\ndisk=['a.img,raw,xvda,rw']", &cfg);
    assert_int_equal(config_resolve_paths(&cfg, "/srv/x"), 0);
    assert_string_equal(cfg.kernel, "/boot/vmlinuz");
    assert_string_equal(cfg.ramdisk, "/srv/x/initrd");
    assert_string_equal(cfg.disks[0].target, "/srv/x/a.img");
    config_free(&cfg);
}

static void syntax_errors(void **state)
{
    (void)state;
    parse_bad("", 0, "empty");
    parse_bad("name = 'x\n", 1, "no closing '");
    parse_bad("name = \"x", 1, "no closing \"");
    parse_bad("\n\ndisk = [ 'a',\n 'b'\n", 3, "no closing ]");
    parse_bad("disk = [ 'a' 'b' ]", 1, "needs ',' or ']'");
    parse_bad("name 'x'", 1, "'=' is missing");
    parse_bad("name = 'x' 'y'", 1, "goes on");
    parse_bad("name = web\n", 1, "write strings in quotes");
    parse_bad("memory = 99999999999999999999\n", 1, "too large");
    parse_bad("memory = \n", 1, "value is missing");
    parse_bad("= 3", 1, "key is missing");
    parse_bad("disk=[[[[[['a']]]]]]", 1, "deep");
    parse_bad("name = 'a\\0b'", 1, "byte 0");
    parse_bad("memory = 1\nmemory += 2\n", 2, "cannot append");
    parse_bad("name = 'a\\qb'", 1, "backslash");
    parse_bad("\x80", 1, "0x80");
}

static void key_errors(void **state)
{
    (void)state;
    parse_bad(BASE "memroy = 3\n", 4, "did you mean 'memory'");
    parse_bad(BASE "on_crsh = 'destroy'\n", 4, "did you mean 'on_crash'");
    parse_bad(BASE "ramdsik = 'x'\n", 4, "did you mean 'ramdisk'");
    parse_bad(BASE "zzzzzzzzzzz = 1\n", 4, "there is no key");
    parse_bad(BASE "bootloader = 'pygrub'\n", 4, "xl's key 'bootloader' is not supported");
    parse_bad(BASE "pci = ['01:00.0']\n", 4, "passthrough");
    parse_bad(BASE "vcpus = 'two'\n", 4, "'vcpus' must be a number, not a string");
    parse_bad(BASE "disk = 'a,raw,xvda'\n", 4, "'disk' must be a list, not a string");
    parse_bad(BASE "disk = [\n1]\n", 5, "a disk is a number");
    parse_bad("name = 7\n", 1, "'name' must be a string, not a number");
    parse_bad(BASE "vcpus = 0\n", 4, "out of range");
    parse_bad(BASE "maxmem = 64\n", 0, "less than memory");
    parse_bad(BASE "type = 'hvm'\n", 4, "not supported");
    parse_bad(BASE "on_crash = 'coredump'\n", 4, "coredump-restart");
    parse_bad(BASE "on_soft_reset = 'soft-reset'\n", 4, "fully virtualized");
    parse_bad(BASE "cpu_weight = 0\n", 4, "1 to 65535");
    parse_bad(BASE "cap = -1\n", 4, "0 to 65535");
    parse_bad(BASE "cpus = '3-1'\n", 4, "smaller");
    parse_bad(BASE "cpus = [ '0',\n 'x' ]\n", 5, "not a list of CPUs for cpus");
    parse_bad(BASE "cpus = [ '0', 1 ]\n", 4, "must be a string");
    parse_bad(BASE "cpus_soft = []\n", 4, "1 to 128");
    parse_bad(BASE "pool = ''\n", 4, "CPU pool is empty");
    parse_bad(BASE "tsc_mode = 'fast'\n", 4, "always_emulate");
    parse_bad(BASE "tsc_mode = 3\n", 4, "native_paravirt");
    parse_bad(BASE "tsc_mode = ['native']\n", 4, "always_emulate");
    parse_bad(BASE "max_grant_version = 3\n", 4, "1 to 2");
    parse_bad(BASE "max_event_channels = 131072\n", 4, "131071");
    parse_bad(BASE "restart_limit = -1\n", 4, "out of range");
    parse_bad(BASE "cpuid = 'host,sse9=0'\n", 4, "no feature 'sse9'");
    parse_bad(BASE "cpuid = [ 'host,sse3=0',\n '1:eax=0' ]\n", 5, "32 characters");
    parse_bad(BASE "cpuid = 1\n", 4, "must be a string");
    parse_bad(BASE "seclabel = 'a'\n", 4, "security labels");
    parse_bad(BASE "claim_mode = 1\n", 4, "always claimed");
    parse_bad(BASE "pvshim = 1\n", 4, "PVH");
    parse_bad("name='a'\nmemory=1", 0, "kernel is missing");
    parse_bad("name='../x'", 1, "must begin with");
    parse_bad("name='a/b'", 1, "use letters");
    parse_bad("name='12'", 1, "domain id");
    parse_bad("uuid='12'", 1, "not a UUID");
}

static void disk_forms(void **state)
{
    static const struct {
        const char *text, *target, *vdev;
        bool read_only;
    } good[] = {
        { "/dev/vg/x,raw,xvda,rw", "/dev/vg/x", "xvda", false },
        { "/dev/vg/x,,xvda", "/dev/vg/x", "xvda", false },
        { "phy:vg/x,sda1,r", "/dev/vg/x", "sda1", true },
        { "raw:/a=b.img,hdc,w", "/a=b.img", "hdc", false },
        { "format=raw, vdev=xvdb, access=ro, target=/a,b.img", "/a,b.img", "xvdb", true },
        { "/x.img, raw, xvdc, w, discard", "/x.img", "xvdc", false },
        { "vdev=d3p2,target=/x", "/x", "d3p2", false },
        { "/x,qcow2,xvda,w", "/x", "xvda", false },
        { "qcow2:/x,xvda,r", "/x", "xvda", true },
        { "/x,raw,hdc:cdrom", "/x", "hdc", true },
        { "nbd://10.0.0.1:10809/a,raw,xvda,w!", "nbd://10.0.0.1:10809/a", "xvda", false },
    };
    static const char *const bad[] = {
        "",
        "/x",
        "phy:/x,format=qcow2,xvda,w",
        "/x,qcow2,xvda,w!",
        "/x,raw,xvd,w",
        "/x,raw,xvda,q",
        "/x,raw,xvda0",
        "/x,raw,hde",
        "/x,raw,xvda,w,cdrom",
        "/x,raw,hdc:floppy,r",
        "/x,raw,xvda,backendtype=tap",
        "/x,raw,sdq",
        "/x,raw,xvda,w,foo",
        "target=",
        "/x,raw,averyveryverylongnameofadisk",
        "/x,vmdk,xvda",
    };
    struct disk_spec disk;
    char err[160];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(disk_spec_parse(good[i].text, &disk, err, sizeof(err)), 0);
        assert_string_equal(disk.target, good[i].target);
        assert_string_equal(disk.vdev, good[i].vdev);
        assert_int_equal(disk.read_only, good[i].read_only);
        disk_spec_free(&disk);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err[0] = '\0';
        assert_int_equal(disk_spec_parse(bad[i], &disk, err, sizeof(err)), -EINVAL);
        assert_true(err[0]);
    }
}

static void disk_numbers(void **state)
{
    static const struct {
        const char *vdev;
        uint32_t number;
    } known[] = {
        { "xvda", 51712 },
        { "xvdb", 51728 },
        { "xvda15", 51727 },
        { "xvdp", 51952 },
        { "xvdq", 1u << 28 | 16 << 8 },
        { "xvda16", 1u << 28 | 16 },
        { "sda", 2048 },
        { "sdb3", 2067 },
        { "hda", 768 },
        { "hdb1", 833 },
        { "hdc", 5632 },
        { "hdd", 5696 },
        { "d0", 51712 },
        { "d1p3", 51731 },
        { "xvdaa", 1u << 28 | 26 << 8 },
        { "51712", 51712 },
    };
    uint32_t number;

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(disk_vdev_number(known[i].vdev, &number), 0);
        assert_int_equal(number, known[i].number);
    }
}

static void vif_forms(void **state)
{
    static const char *const bad[] = {
        "mac=1:2:3",
        "mac=01:16:3e:00:00:01",
        "mac=00:16:3e:00:00:011",
        "bridge=",
        "bridge=a/b",
        "vifname=averyverylongname",
        "rate=fast",
        "rate=0Mb/s",
        "rate=1MB/s@x",
        "mtu=1",
        "mtu=1500x",
        "foo=1",
        "foo",
        "type=ioemu",
        "script=vif-route",
        "script=vif-nat,bridge=br0",
        "script=",
        "vlan=0",
        "vlan=4095",
        "vlan=9-5",
        "vlan=10p/20p",
        "vlan=10-12p",
        "vlan=10/",
        "vlan=5,script=vif-nat,ip=10.0.0.1",
        "devid=256",
        "devid=-1",
        "gatewaydev=a/b",
        "backend=dom3",
        "ip=a b;c",
    };
    struct vif_spec vif;
    char err[160];

    (void)state;
    assert_int_equal(vif_spec_parse("rate=1MB/s@20ms,mtu=9000, vifname=v0", &vif, err, sizeof(err)),
                     0);
    assert_int_equal(vif.rate_bytes, 20000);
    assert_int_equal(vif.rate_interval_us, 20000);
    assert_int_equal(vif.mtu, 9000);
    assert_string_equal(vif.name, "v0");
    assert_int_equal(vif_spec_parse("vlan=10/20p/30-35,devid=3", &vif, err, sizeof(err)), 0);
    assert_int_equal(vif.vlan_count, 3);
    assert_false(vif.vlans[0].untagged);
    assert_true(vif.vlans[1].untagged);
    assert_int_equal(vif.vlans[2].last, 35);
    assert_int_equal(vif.devid, 3);
    assert_int_equal(vif_spec_parse("vlan=7", &vif, err, sizeof(err)), 0);
    assert_true(vif.vlans[0].untagged);
    assert_int_equal(vif_spec_parse("script=vif-mine", &vif, err, sizeof(err)), 0);
    assert_string_equal(vif.script, "/etc/xen/scripts/vif-mine");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err[0] = '\0';
        assert_int_equal(vif_spec_parse(bad[i], &vif, err, sizeof(err)), -EINVAL);
        assert_true(err[0]);
    }
}

static void format_round_trip(void **state)
{
    struct domain_config cfg, again;
    char *text, *text2;

    (void)state;
    parse_ok(BASE
             "uuid='b42d8c52937c4380af6dee7e5b9cfe45'\nextra='a\"b\\\\c\\t\\x80'\n"
             "disk=['vdev=xvda,target=/a,b','phy:/dev/x,xvdb,r','/q,qcow2,xvdc,w',\n"
             "'nbd://h/e,raw,xvdd,w!','/cd,raw,xvde:cdrom']\n"
             "vif=['mac=00:16:3e:00:00:02,rate=333Kb/s@7ms','trusted=0,mtu=100,ip=10.0.0.1',\n"
             "'devid=9,vlan=10p/20-30','script=vif-nat,ip=10.0.0.1 fd00::/64,gatewaydev=eth0',\n"
             "'script=/x/y,vifname=v']\n",
             &cfg);
    text = config_format(&cfg);
    assert_non_null(text);
    parse_ok(text, &again);
    text2 = config_format(&again);
    assert_string_equal(text, text2);
    assert_string_equal(again.disks[0].target, "/a,b");
    assert_int_equal(again.disks[2].format, DISK_QCOW2);
    assert_true(again.disks[3].shared);
    assert_true(again.disks[4].cdrom && again.disks[4].read_only);
    assert_int_equal(again.vifs[2].devid, 9);
    assert_int_equal(again.vifs[2].vlan_count, 2);
    assert_int_equal(again.vifs[3].mode, VIF_NAT);
    assert_string_equal(again.vifs[3].gateway, "eth0");
    assert_string_equal(again.vifs[4].script, "/x/y");
    assert_int_equal(again.vifs[0].rate_bytes, cfg.vifs[0].rate_bytes);
    assert_true(again.vifs[1].untrusted_backend);
    free(text);
    free(text2);
    config_free(&cfg);
    config_free(&again);
}

/* Every prefix of a file, and every file with one byte changed, is read or refused; the sanitizers
 * watch. */
static void mutations(void **state)
{
    static const char text[] =
        BASE "disk=['phy:/dev/x,xvdb,r', 'vdev=xvda,target=/a,b']\n"
             "vif=['mac=00:16:3e:00:00:02,rate=1MB/s@20ms']\nextra+='\\x41\\101'\n";
    static const char bytes[] = "\0\n'\"[],=+\\#;0xz\xff ";
    char copy[sizeof(text)];
    struct domain_config cfg;
    struct config_error err;

    (void)state;
    for (size_t n = 0; n < sizeof(text); n++) {
        char *exact = malloc(n ? n : 1); /* so that the sanitizer sees the end */

        memcpy(exact, text, n);
        if (!config_parse(exact, n, &cfg, &err))
            config_free(&cfg);
        free(exact);
        for (size_t b = 0; b < sizeof(bytes) - 1 && n < sizeof(text) - 1; b++) {
            memcpy(copy, text, sizeof(text));
            copy[n] = bytes[b];
            if (!config_parse(copy, sizeof(text) - 1, &cfg, &err))
                config_free(&cfg);
            else
                assert_true(err.text[0]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(further_keys),      cmocka_unit_test(whole_file),
        cmocka_unit_test(paths_resolved),    cmocka_unit_test(syntax_errors),
        cmocka_unit_test(key_errors),        cmocka_unit_test(disk_forms),
        cmocka_unit_test(disk_numbers),      cmocka_unit_test(vif_forms),
        cmocka_unit_test(format_round_trip), cmocka_unit_test(mutations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
