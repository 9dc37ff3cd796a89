/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes the description of one disk.
 *
 * Facts: xl-disk-configuration(5) for the text, the numbering of Xen's virtual block devices for
 * the numbers (xvd major 202, sd 8, hd 3 and 22, 1<<28 for what does not fit). Pure.
 */
#include "disk_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a description has said so far. */
struct reading {
    struct disk_spec *disk;
    bool has_format;
    bool has_access;
    char *err;
    size_t errs;
};

static int fail(struct reading *r, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r->err, r->errs, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

void disk_spec_free(struct disk_spec *disk)
{
    free(disk->target);
    memset(disk, 0, sizeof(*disk));
}

/* ---- names of virtual disks ----------------------------------------------------------- */

/* "a" is disk 0, "z" 25, "aa" 26; advances *at. -EINVAL without a letter or beyond 65535. */
static int read_letters(const char **at)
{
    int n = 0;

    if (!islower((unsigned char)**at))
        return -EINVAL;
    for (; islower((unsigned char)**at); (*at)++) {
        n = n * 26 + (**at - 'a') + 1;
        if (n > 0xffff)
            return -EINVAL;
    }
    return n - 1;
}

/* A decimal number up to max without leading zeros; advances *at. */
static int read_digits(const char **at, int max)
{
    int n = 0;

    if (!isdigit((unsigned char)**at) || (**at == '0' && isdigit((unsigned char)(*at)[1])))
        return -EINVAL;
    for (; isdigit((unsigned char)**at); (*at)++) {
        n = n * 10 + (**at - '0');
        if (n > max)
            return -EINVAL;
    }
    return n;
}

/* An optional partition at the end of a name: nothing is 0, the whole disk. */
static int read_partition(const char *at)
{
    if (!*at)
        return 0;
    int part = read_digits(&at, 255);
    return part <= 0 || *at ? -EINVAL : part;
}

static int number_xvd(int disk, int part, uint32_t *number)
{
    if (disk < 16 && part < 16)
        *number = 202u << 8 | (uint32_t)disk << 4 | (uint32_t)part;
    else if (disk < 1 << 20 && part < 256)
        *number = 1u << 28 | (uint32_t)disk << 8 | (uint32_t)part;
    else
        return -EINVAL;
    return 0;
}

static int number_sd(int disk, int part, uint32_t *number)
{
    if (disk >= 16 || part >= 16)
        return -EINVAL;
    *number = 8u << 8 | (uint32_t)disk << 4 | (uint32_t)part;
    return 0;
}

static int number_hd(int disk, int part, uint32_t *number)
{
    if (disk >= 4 || part >= 64)
        return -EINVAL;
    *number = (disk < 2 ? 3u : 22u) << 8 | (uint32_t)(disk & 1) << 6 | (uint32_t)part;
    return 0;
}

/* dN or dNpM */
static int number_d(const char *at, uint32_t *number)
{
    int disk = read_digits(&at, (1 << 20) - 1), part = 0;

    if (disk < 0 || (*at && *at != 'p'))
        return -EINVAL;
    if (*at == 'p') {
        at++;
        part = read_partition(at);
        if (part <= 0)
            return -EINVAL;
    }
    return number_xvd(disk, part, number);
}

int disk_vdev_number(const char *vdev, uint32_t *number)
{
    static const struct {
        const char *prefix;
        int (*number)(int disk, int part, uint32_t *number);
    } kinds[] = { { "xvd", number_xvd }, { "sd", number_sd }, { "hd", number_hd } };

    if (vdev[0] == 'd' && isdigit((unsigned char)vdev[1]))
        return number_d(vdev + 1, number);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].prefix);

        if (strncmp(vdev, kinds[i].prefix, len))
            continue;
        const char *at = vdev + len;
        int disk = read_letters(&at);
        int part = read_partition(at);
        return disk < 0 || part < 0 ? -EINVAL : kinds[i].number(disk, part, number);
    }
    const char *at = vdev;
    int raw = read_digits(&at, 1 << 29);
    if (raw <= 0 || *at)
        return -EINVAL;
    *number = (uint32_t)raw;
    return 0;
}

/* ---- the fields ----------------------------------------------------------------------- */

static int set_target(struct reading *r, const char *value)
{
    if (!*value)
        return fail(r, "the disk has an empty target: name a file or block device");
    free(r->disk->target);
    r->disk->target = strdup(value);
    if (r->disk->target)
        return 0;
    fail(r, "there is not enough memory to read the disk");
    return -ENOMEM;
}

static const char *const format_names[DISK_FORMAT_COUNT] = {
    [DISK_RAW] = "raw", [DISK_QCOW2] = "qcow2", [DISK_QCOW] = "qcow",
    [DISK_VHD] = "vhd", [DISK_QED] = "qed",
};

const char *disk_format_name(enum disk_format format)
{
    return format_names[format];
}

static int set_format(struct reading *r, const char *value)
{
    r->has_format = true;
    if (!*value || !strcmp(value, "aio"))
        return 0;
    if (!strcmp(value, "empty"))
        return fail(r, "an empty drive is not supported: a disk needs a target");
    for (int i = 0; i < DISK_FORMAT_COUNT; i++)
        if (!strcmp(value, format_names[i])) {
            r->disk->format = (enum disk_format)i;
            return 0;
        }
    return fail(r, "'%.40s' is not a disk format: use raw, qcow2, qcow, vhd or qed", value);
}

static int set_vdev(struct reading *r, const char *value)
{
    char name[DISK_VDEV_MAX];
    const char *colon = strchr(value, ':');
    size_t len = colon ? (size_t)(colon - value) : strlen(value);

    if (colon && !strcmp(colon, ":cdrom"))
        r->disk->cdrom = true;
    else if (colon && strcmp(colon, ":disk"))
        return fail(r, "'%.40s': behind a disk's name stands :disk or :cdrom, or nothing", value);
    if (len >= sizeof(name))
        return fail(r, "'%.40s' is not a virtual disk: use a name such as xvda", value);
    memcpy(name, value, len);
    name[len] = '\0';
    if (disk_vdev_number(name, &r->disk->number))
        return fail(r, "'%.40s' is not a virtual disk: use a name such as xvda", name);
    memcpy(r->disk->vdev, name, len + 1);
    return 0;
}

static int set_access(struct reading *r, const char *value)
{
    static const struct {
        const char *name;
        bool read_only, shared;
    } accesses[] = {
        { "", false, false },  { "w", false, false },  { "rw", false, false },
        { "r", true, false },  { "ro", true, false },  { "!", false, true },
        { "w!", false, true }, { "rw!", false, true }, { "r!", true, true },
    };

    r->has_access = true;
    for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
        if (!strcmp(value, accesses[i].name)) {
            r->disk->read_only = accesses[i].read_only;
            r->disk->shared = accesses[i].shared;
            return 0;
        }
    return fail(r,
                "'%.40s' is not a disk access: use r or w, or w! for a disk that others write too",
                value);
}

static int set_backend_type(struct reading *r, const char *value)
{
    r->disk->require_block = false;
    if (!strcmp(value, "phy") || !strcmp(value, "qdisk"))
        return 0; /* who serves it follows from target and format */
    return fail(r, "the disk backend type '%.40s' is not supported: leave it out", value);
}

static int set_device_type(struct reading *r, const char *value)
{
    r->disk->cdrom = !strcmp(value, "cdrom");
    if (r->disk->cdrom || !strcmp(value, "disk"))
        return 0;
    return fail(r, "the device type '%.40s' is not supported: use disk or cdrom", value);
}

static int set_backend(struct reading *r, const char *value)
{
    if (!strcmp(value, "0") || !strcmp(value, "Domain-0"))
        return 0;
    return fail(r, "the backend domain '%.40s' is not supported: disks are served by Domain-0",
                value);
}

static int set_script(struct reading *r, const char *value)
{
    if (!strcmp(value, "block") || !strcmp(value, "/etc/xen/scripts/block"))
        return 0;
    return fail(r, "the disk script '%.40s' is not supported: attach its device and give that",
                value);
}

static int set_flag(struct reading *r, const char *flag)
{
    if (!strcmp(flag, "discard") || !strcmp(flag, "no-discard")) {
        r->disk->no_discard = flag[0] == 'n';
        return 0;
    }
    if (!strcmp(flag, "direct-io-safe"))
        return 0; /* blkback never goes through dom0's network stack for a local disk */
    if (!strcmp(flag, "cdrom")) {
        r->disk->cdrom = true;
        return 0;
    }
    return fail(r, "'%.40s' means nothing in a disk", flag);
}

static const struct {
    const char *key;
    int (*set)(struct reading *r, const char *value);
} disk_keys[] = {
    { "target", set_target },
    { "format", set_format },
    { "vdev", set_vdev },
    { "access", set_access },
    { "script", set_script },
    { "backend", set_backend },
    { "backendtype", set_backend_type },
    { "devtype", set_device_type },
};

/* A word with '=' whose left side is a key. Paths may hold '=' too, so other words are
 * positional. */
static int set_key(struct reading *r, char *word, bool *known)
{
    char *equals = strchr(word, '=');

    *known = false;
    if (!equals)
        return 0;
    for (size_t i = 0; i < sizeof(disk_keys) / sizeof(disk_keys[0]); i++) {
        size_t len = strlen(disk_keys[i].key);

        if (len == (size_t)(equals - word) && !strncmp(word, disk_keys[i].key, len)) {
            *known = true;
            return disk_keys[i].set(r, equals + 1);
        }
    }
    return 0;
}

/* Words by position fill target, format, vdev, access in that order. */
static int set_positional(struct reading *r, const char *word)
{
    if (!r->disk->target)
        return set_target(r, word);
    if (!r->has_format)
        return set_format(r, word);
    if (!r->disk->vdev[0])
        return set_vdev(r, word);
    if (!r->has_access && strlen(word) <= 3)
        return set_access(r, word);
    return set_flag(r, word);
}

/* The older prefixes say the format, so that vdev follows at once. */
static const char *strip_prefix(struct reading *r, const char *text)
{
    static const struct {
        const char *prefix;
        bool block;
    } prefixes[] = {
        { "phy:", true },    { "file:", false },    { "raw:", false },
        { "aio:", false },   { "tap:aio:", false }, { "tap2:aio:", false },
        { "qcow2:", false }, { "qcow:", false },    { "vhd:", false },
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i].prefix);

        if (!strncmp(text, prefixes[i].prefix, len)) {
            r->has_format = true;
            r->disk->require_block = prefixes[i].block;
            for (int f = 0; f < DISK_FORMAT_COUNT; f++)
                if (!strncmp(text, format_names[f], strlen(format_names[f])) &&
                    text[strlen(format_names[f])] == ':')
                    r->disk->format = (enum disk_format)f;
            return text + len;
        }
    }
    return text;
}

static char *skip_spaces(char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

static void trim_end(char *word)
{
    size_t len = strlen(word);

    while (len && (word[len - 1] == ' ' || word[len - 1] == '\t'))
        word[--len] = '\0';
}

static int parse_words(struct reading *r, char *rest)
{
    while (rest) {
        char *word = skip_spaces(rest), *comma;
        bool known;
        int rc;

        if (!strncmp(word, "target=", 7)) /* takes all that is left, commas included */
            return set_target(r, word + 7);
        comma = strchr(word, ',');
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        trim_end(word);
        if (!*word && !rest)
            break;
        rc = set_key(r, word, &known);
        if (!rc && !known)
            rc = set_positional(r, word);
        if (rc)
            return rc;
    }
    return 0;
}

bool disk_is_remote(const struct disk_spec *disk)
{
    static const char *const schemes[] = { "nbd:", "nbd+unix:", "nbd+tcp:" };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (!strncmp(disk->target, schemes[i], strlen(schemes[i])))
            return true;
    return false;
}

/* What does not go together. */
static int check_whole(struct reading *r)
{
    const struct disk_spec *disk = r->disk;

    if (disk->require_block && disk->format != DISK_RAW)
        return fail(r, "phy: takes raw devices only: write format=%s,target=%.60s",
                    disk_format_name(disk->format), disk->target);
    if (disk->shared && !disk->read_only && disk->format != DISK_RAW)
        return fail(r,
                    "a %s image cannot be written by several: give it to one domain with access "
                    "w, or to all with r",
                    disk_format_name(disk->format));
    if (disk->cdrom && r->has_access && !disk->read_only)
        return fail(r, "a CD-ROM cannot be written: give %s access r", disk->vdev);
    if (disk->cdrom)
        r->disk->read_only = true;
    return 0;
}

/* phy: has always taken the name of a device without its folder. */
static int complete_device_path(struct reading *r)
{
    char *path;

    if (!r->disk->require_block || r->disk->target[0] == '/')
        return 0;
    if (asprintf(&path, "/dev/%s", r->disk->target) < 0) {
        fail(r, "there is not enough memory to read the disk");
        return -ENOMEM;
    }
    free(r->disk->target);
    r->disk->target = path;
    return 0;
}

int disk_spec_parse(const char *text, struct disk_spec *disk, char *err, size_t errs)
{
    struct reading r = { .disk = disk, .err = err, .errs = errs };
    int rc;

    memset(disk, 0, sizeof(*disk));
    char *copy = strdup(strip_prefix(&r, text));
    if (!copy) {
        fail(&r, "there is not enough memory to read the disk");
        return -ENOMEM;
    }
    rc = parse_words(&r, copy);
    free(copy);
    if (!rc && !disk->target)
        rc = fail(&r, "the disk has no target: name a file or block device");
    if (!rc && !disk->vdev[0])
        rc = fail(&r, "the disk '%.80s' has no virtual device: add one such as xvda", disk->target);
    if (!rc)
        rc = check_whole(&r);
    if (!rc)
        rc = complete_device_path(&r);
    if (rc)
        disk_spec_free(disk);
    return rc;
}

int disk_spec_resolve(struct disk_spec *disk, const char *folder)
{
    char *absolute;

    if (disk->target[0] == '/' || disk_is_remote(disk))
        return 0;
    if (asprintf(&absolute, "%s/%s", folder, disk->target) < 0)
        return -ENOMEM;
    free(disk->target);
    disk->target = absolute;
    return 0;
}

static const char *access_name(const struct disk_spec *disk)
{
    if (disk->read_only)
        return disk->shared ? "r!" : "r";
    return disk->shared ? "w!" : "w";
}

char *disk_spec_format(const struct disk_spec *disk)
{
    const char *discard = disk->no_discard ? ",no-discard" : "", *access = access_name(disk);
    const char *type = disk->cdrom ? ",devtype=cdrom" : "";
    char *line;
    int n;

    if (disk->require_block && !strchr(disk->target, ','))
        n = asprintf(&line, "phy:%s,%s,%s%s%s", disk->target, disk->vdev, access, discard, type);
    else
        n = asprintf(&line, "format=%s,vdev=%s,access=%s%s%s,target=%s",
                     disk_format_name(disk->format), disk->vdev, access, discard, type,
                     disk->target);
    return n < 0 ? NULL : line;
}
