/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes the description of one network card.
 *
 * Facts: xl-network-configuration(5). Pure.
 */
#include "vif_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RATE_INTERVAL_US 50000u

struct reading {
    struct vif_spec *vif;
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

void vif_mac_format(const uint8_t mac[6], char text[18])
{
    snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
}

void vif_mac_choose(uint8_t mac[6], const uint8_t random[3])
{
    static const uint8_t xen[3] = { 0x00, 0x16, 0x3e };

    memcpy(mac, xen, 3);
    memcpy(mac + 3, random, 3);
    mac[3] &= 0x7f; /* the lower half is for addresses that nobody registered */
}

static int set_mac(struct reading *r, const char *value)
{
    unsigned int b[6];
    int used = 0;

    if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
               &used) != 6 ||
        used != 17 || value[used])
        return fail(r, "mac=%.40s is not a hardware address: write 00:16:3e:xx:xx:xx", value);
    if (b[0] & 1)
        return fail(r, "the hardware address %s is for multicast: make its first byte even", value);
    for (int i = 0; i < 6; i++)
        r->vif->mac[i] = (uint8_t)b[i];
    r->vif->has_mac = true;
    return 0;
}

/* What Linux takes as the name of an interface. */
static int set_interface(struct reading *r, const char *value, char out[VIF_NAME_MAX])
{
    size_t len = strlen(value);
    bool ok = len > 0 && len < VIF_NAME_MAX && strcmp(value, ".") && strcmp(value, "..");

    for (size_t i = 0; ok && i < len; i++)
        ok = isgraph((unsigned char)value[i]) && !strchr("/:%", value[i]);
    if (!ok)
        return fail(r, "'%.40s' is not a name of an interface: use at most %d letters and digits",
                    value, VIF_NAME_MAX - 1);
    memcpy(out, value, len + 1);
    return 0;
}

static int set_bridge(struct reading *r, const char *value)
{
    return set_interface(r, value, r->vif->bridge);
}

static int set_name(struct reading *r, const char *value)
{
    return set_interface(r, value, r->vif->name);
}

static int set_ip(struct reading *r, const char *value)
{
    if (strlen(value) >= VIF_IP_MAX || strspn(value, "0123456789abcdefABCDEF.:/ ") != strlen(value))
        return fail(r, "'%.80s' is not a list of IP addresses: separate them by blanks", value);
    strcpy(r->vif->ip, value);
    return 0;
}

static int set_mtu(struct reading *r, const char *value)
{
    char *end;
    unsigned long mtu = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)*value) || *end || mtu < 68 || mtu > 65521)
        return fail(r, "'%.40s' is not an MTU: give a number from 68 to 65521", value);
    r->vif->mtu = (unsigned int)mtu;
    return 0;
}

/* A unit in a short table. */
struct unit {
    const char *name;
    double factor;
};

static double find_unit(const struct unit *units, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(units[i].name, name))
            return units[i].factor;
    return 0;
}

/* 10Mb/s, 250KB/s, 1GB/s@20ms: bits or bytes a second, optionally the interval over which the
 * credit is counted. */
static int set_rate(struct reading *r, const char *value)
{
    static const struct unit speeds[] = {
        { "b/s", 1.0 / 8 }, { "Kb/s", 1e3 / 8 }, { "Mb/s", 1e6 / 8 }, { "Gb/s", 1e9 / 8 },
        { "B/s", 1 },       { "KB/s", 1e3 },     { "MB/s", 1e6 },     { "GB/s", 1e9 },
    };
    static const struct unit times[] = { { "us", 1 }, { "ms", 1e3 }, { "s", 1e6 } };
    char speed[8] = "", span[4] = "ms";
    unsigned long long amount = 0;
    unsigned int interval = DEFAULT_RATE_INTERVAL_US / 1000;
    int used = 0;
    bool ok = isdigit((unsigned char)*value) &&
              sscanf(value, "%12llu%7[A-Za-z/]%n", &amount, speed, &used) == 2;

    if (ok && value[used] == '@')
        ok = sscanf(value + used, "@%9u%3[a-z]%n", &interval, span, &(int){ 0 }) == 2;
    else if (ok)
        ok = !value[used];
    double bytes =
        ok ? (double)amount * find_unit(speeds, sizeof(speeds) / sizeof(speeds[0]), speed) : 0;
    double us = ok ? interval * find_unit(times, sizeof(times) / sizeof(times[0]), span) : 0;
    if (bytes < 1 || us < 1 || us > 1e9)
        return fail(r, "'%.40s' is not a rate: write for example 10Mb/s or 1MB/s@20ms", value);
    r->vif->rate_bytes = (uint64_t)(bytes * us / 1e6);
    r->vif->rate_interval_us = (uint32_t)us;
    if (!r->vif->rate_bytes)
        return fail(r, "the rate '%.40s' lets no byte through in an interval", value);
    return 0;
}

static int set_devid(struct reading *r, const char *value)
{
    char *end;
    unsigned long devid = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)*value) || *end || devid > VIF_DEVID_MAX)
        return fail(r, "'%.40s' is not the number of a card: give one from 0 to %d", value,
                    VIF_DEVID_MAX);
    r->vif->devid = (uint32_t)devid;
    r->vif->has_devid = true;
    return 0;
}

static int set_type(struct reading *r, const char *value)
{
    if (!strcmp(value, "vif") || !strcmp(value, "netfront"))
        return 0;
    return fail(r, "the card type '%.40s' is not supported: a PV domain's cards are 'vif'", value);
}

static const char *const builtin_scripts[] = {
    [VIF_BRIDGE] = "vif-bridge",
    [VIF_ROUTE] = "vif-route",
    [VIF_NAT] = "vif-nat",
};

const char *vif_script_name(const struct vif_spec *vif)
{
    return vif->mode == VIF_SCRIPT ? vif->script : builtin_scripts[vif->mode];
}

static int set_script(struct reading *r, const char *value)
{
    const char *name = value;
    bool here = !strncmp(value, VIF_SCRIPT_FOLDER, strlen(VIF_SCRIPT_FOLDER));

    if (here)
        name += strlen(VIF_SCRIPT_FOLDER);
    for (int mode = VIF_BRIDGE; mode < VIF_SCRIPT; mode++)
        if (!strcmp(name, builtin_scripts[mode])) {
            r->vif->mode = (enum vif_mode)mode; /* what domusd does by itself */
            return 0;
        }
    r->vif->mode = VIF_SCRIPT;
    if (!*value ||
        (size_t)snprintf(r->vif->script, sizeof(r->vif->script), "%s%s",
                         *value == '/' ? "" : VIF_SCRIPT_FOLDER, value) >= sizeof(r->vif->script))
        return fail(r, "'%.60s' is not the path of a script of at most %d letters", value,
                    VIF_SCRIPT_MAX - 1);
    return 0;
}

static int set_gateway(struct reading *r, const char *value)
{
    return set_interface(r, value, r->vif->gateway);
}

/* One of "10", "10p", "20-29". */
static bool read_vlan(const char *text, size_t len, struct vif_vlan *vlan)
{
    unsigned int first, last;
    int used = 0;
    char copy[16];

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!isdigit((unsigned char)copy[0]) || sscanf(copy, "%4u%n", &first, &used) != 1)
        return false;
    last = first;
    if (copy[used] == '-' && isdigit((unsigned char)copy[used + 1])) {
        int more = 0;

        sscanf(copy + used + 1, "%4u%n", &last, &more);
        used += 1 + more;
    }
    vlan->untagged = copy[used] == 'p' && first == last;
    vlan->first = (uint16_t)first;
    vlan->last = (uint16_t)last;
    return !copy[used + vlan->untagged] && first >= 1 && first <= last && last <= 4094;
}

static int set_vlan(struct reading *r, const char *value)
{
    unsigned int untagged = 0;

    r->vif->vlan_count = 0;
    for (const char *at = value;; at++) {
        size_t len = strcspn(at, "/");
        struct vif_vlan *vlan = &r->vif->vlans[r->vif->vlan_count];

        if (r->vif->vlan_count == VIF_VLANS_MAX || !read_vlan(at, len, vlan))
            return fail(r,
                        "'%.40s' are not VLANs: write 10, or for example 10p/20/30-35 with at most "
                        "%d parts and numbers from 1 to 4094",
                        value, VIF_VLANS_MAX);
        untagged += vlan->untagged;
        r->vif->vlan_count++;
        at += len;
        if (!*at)
            break;
    }
    if (r->vif->vlan_count == 1 && r->vif->vlans[0].first == r->vif->vlans[0].last)
        r->vif->vlans[0].untagged = true; /* the only one needs no tag */
    return untagged > 1 ? fail(r,
                               "in '%.40s' more than one VLAN is marked p: the guest sees one of "
                               "them without a tag",
                               value)
                        : 0;
}

void vif_vlans_format(const struct vif_spec *vif, char *text, size_t bytes)
{
    size_t used = 0;

    *text = '\0';
    for (size_t i = 0; i < vif->vlan_count && used < bytes; i++) {
        const struct vif_vlan *v = &vif->vlans[i];
        const char *slash = i ? "/" : "";

        used += (size_t)(v->first == v->last ? snprintf(text + used, bytes - used, "%s%u%s", slash,
                                                        v->first, v->untagged ? "p" : "")
                                             : snprintf(text + used, bytes - used, "%s%u-%u", slash,
                                                        v->first, v->last));
    }
}

/* What does not go together. */
static int check_whole(struct reading *r)
{
    const struct vif_spec *vif = r->vif;

    if ((vif->mode == VIF_ROUTE || vif->mode == VIF_NAT) && !vif->ip[0])
        return fail(r, "script=%s needs the addresses of the card: add ip=", vif_script_name(vif));
    if (vif->vlan_count && vif->mode != VIF_BRIDGE)
        return fail(r, "VLANs are a bridge's: remove vlan= or script=%.60s", vif_script_name(vif));
    return 0;
}

static int set_backend(struct reading *r, const char *value)
{
    if (!strcmp(value, "0") || !strcmp(value, "Domain-0"))
        return 0;
    return fail(r, "the backend domain '%.40s' is not supported: cards are served by Domain-0",
                value);
}

static int set_trusted(struct reading *r, const char *value)
{
    r->vif->untrusted_backend = !strcmp(value, "0");
    if (r->vif->untrusted_backend || !strcmp(value, "1"))
        return 0;
    return fail(r, "trusted=%.20s is neither 0 nor 1", value);
}

static int set_ignored(struct reading *r, const char *value)
{
    (void)r;
    (void)value;
    return 0; /* says something about emulated cards only, which a PV domain has not */
}

static const struct {
    const char *key;
    int (*set)(struct reading *r, const char *value);
} vif_keys[] = {
    { "mac", set_mac },
    { "bridge", set_bridge },
    { "vifname", set_name },
    { "ip", set_ip },
    { "mtu", set_mtu },
    { "rate", set_rate },
    { "type", set_type },
    { "script", set_script },
    { "backend", set_backend },
    { "trusted", set_trusted },
    { "model", set_ignored },
    { "devid", set_devid },
    { "gatewaydev", set_gateway },
    { "netdev", set_gateway },
    { "vlan", set_vlan },
};

static int set_key(struct reading *r, char *word)
{
    char *equals = strchr(word, '=');

    if (!equals)
        return fail(r, "'%.40s' in a network card has no '=': write for example bridge=xenbr0",
                    word);
    *equals = '\0';
    for (size_t i = 0; i < sizeof(vif_keys) / sizeof(vif_keys[0]); i++)
        if (!strcmp(word, vif_keys[i].key))
            return vif_keys[i].set(r, equals + 1);
    return fail(r,
                "'%.40s' is not a key of a network card: the keys are mac, bridge, ip, vifname,"
                " rate, mtu, vlan, script, gatewaydev and devid",
                word);
}

static char *trim(char *word)
{
    while (*word == ' ' || *word == '\t')
        word++;
    size_t len = strlen(word);
    while (len && (word[len - 1] == ' ' || word[len - 1] == '\t'))
        word[--len] = '\0';
    return word;
}

int vif_spec_parse(const char *text, struct vif_spec *vif, char *err, size_t errs)
{
    struct reading r = { .vif = vif, .err = err, .errs = errs };
    char *copy = strdup(text), *rest = copy;
    int rc = 0;

    memset(vif, 0, sizeof(*vif));
    strcpy(vif->bridge, VIF_DEFAULT_BRIDGE);
    if (!copy) {
        fail(&r, "there is not enough memory to read the network card");
        return -ENOMEM;
    }
    while (!rc && rest) {
        char *comma = strchr(rest, ','), *word;

        if (comma)
            *comma = '\0';
        word = trim(rest);
        rest = comma ? comma + 1 : NULL;
        if (*word)
            rc = set_key(&r, word);
    }
    free(copy);
    return rc ? rc : check_whole(&r);
}

/* What most cards have not. */
static void put_more(const struct vif_spec *vif, char *text, size_t bytes)
{
    char vlans[VIF_VLANS_MAX * 10];

    vif_vlans_format(vif, vlans, sizeof(vlans));
    snprintf(text, bytes, "%s%s%s%s%s%s", vif->mode == VIF_BRIDGE ? "" : ",script=",
             vif->mode == VIF_BRIDGE ? "" : vif_script_name(vif),
             vif->gateway[0] ? ",gatewaydev=" : "", vif->gateway, vlans[0] ? ",vlan=" : "", vlans);
}

char *vif_spec_format(const struct vif_spec *vif)
{
    char mac[24] = "", rate[64] = "", mtu[24] = "", devid[24] = "",
         more[VIF_SCRIPT_MAX + VIF_VLANS_MAX * 10 + 64] = "", *line;

    if (vif->has_mac) {
        memcpy(mac, "mac=", 4);
        vif_mac_format(vif->mac, mac + 4);
        strcat(mac, ",");
    }
    if (vif->mtu)
        snprintf(mtu, sizeof(mtu), ",mtu=%u", vif->mtu);
    if (vif->has_devid)
        snprintf(devid, sizeof(devid), "devid=%u,", vif->devid);
    if (vif->rate_bytes) /* as bytes a second over the same interval */
        snprintf(rate, sizeof(rate), ",rate=%lluB/s@%uus",
                 (unsigned long long)((vif->rate_bytes * 1000000 + vif->rate_interval_us - 1) /
                                      vif->rate_interval_us),
                 vif->rate_interval_us);
    put_more(vif, more, sizeof(more));
    if (asprintf(&line, "%s%sbridge=%s%s%s%s%s%s%s%s%s", devid, mac, vif->bridge,
                 vif->name[0] ? ",vifname=" : "", vif->name, vif->ip[0] ? ",ip=" : "", vif->ip, mtu,
                 rate, vif->untrusted_backend ? ",trusted=0" : "", more) < 0)
        return NULL;
    return line;
}
