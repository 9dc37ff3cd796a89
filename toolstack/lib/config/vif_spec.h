/* SPDX-License-Identifier: MIT */
/*
 * One network card of a domain, as written in its file: xl-network-configuration(5). Pure.
 */
#ifndef TOOLSTACK_VIF_SPEC_H
#define TOOLSTACK_VIF_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIF_NAME_MAX      16 /* with the final NUL: Linux's IFNAMSIZ */
#define VIF_IP_MAX        256
#define VIF_DEVID_MAX     255
#define VIF_SCRIPT_MAX    128
#define VIF_VLANS_MAX     16
#define VIF_SCRIPT_FOLDER "/etc/xen/scripts/" /* where a script without a path is looked for */

/* Who brings the card's interface into dom0's network, and how. */
enum vif_mode {
    VIF_BRIDGE, /* into a bridge */
    VIF_ROUTE,  /* routed to its addresses */
    VIF_NAT,    /* the same, and dom0's address for what leaves dom0 */
    VIF_SCRIPT, /* by the user's script */
};

struct vif_vlan {
    uint16_t first, last;
    bool untagged; /* the guest sees no tag, and what it sends belongs here */
};

struct vif_spec {
    uint8_t mac[6];
    bool has_mac;
    bool has_devid;
    uint32_t devid; /* its number, the last part of its store path */
    char bridge[VIF_NAME_MAX];
    char name[VIF_NAME_MAX]; /* the interface in dom0; empty: vif<domid>.<devid> */
    char ip[VIF_IP_MAX];     /* addresses and networks of the card, separated by blanks; or empty */
    enum vif_mode mode;
    char script[VIF_SCRIPT_MAX]; /* VIF_SCRIPT: its path */
    char
        gateway[VIF_NAME_MAX]; /* routed: the interface whose address dom0 answers with; or empty */
    struct vif_vlan vlans[VIF_VLANS_MAX];
    size_t vlan_count;
    bool untrusted_backend; /* the guest is told not to trust its backend */
    unsigned int mtu;       /* 0: the bridge's */
    uint64_t rate_bytes;    /* credit per interval; 0: unlimited */
    uint32_t rate_interval_us;
};

/* Reads xl's `mac=..,bridge=..,ip=..,vifname=..,rate=..,mtu=..`; an empty text is a card on the
 * default bridge with a random address. 0; -EINVAL with a sentence in err (errs bytes). */
int vif_spec_parse(const char *text, struct vif_spec *vif, char *err, size_t errs);

/* Writes a line that vif_spec_parse() reads back to the same card; allocated, NULL if memory is
 * short. */
char *vif_spec_format(const struct vif_spec *vif);

/* xl's name of how it is set up: "vif-bridge", "vif-route", "vif-nat" or the script's path. */
const char *vif_script_name(const struct vif_spec *vif);

/* "10p/20/30-35"; an empty text if there are none. */
void vif_vlans_format(const struct vif_spec *vif, char *text, size_t bytes);

/* "00:16:3e:01:02:03" */
void vif_mac_format(const uint8_t mac[6], char text[18]);

/* A locally chosen address of Xen's range 00:16:3e from three random bytes. */
void vif_mac_choose(uint8_t mac[6], const uint8_t random[3]);

#define VIF_DEFAULT_BRIDGE "xenbr0"

#endif
