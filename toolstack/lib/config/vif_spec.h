/* SPDX-License-Identifier: MIT */
/*
 * One network card of a domain, as written in its file: xl-network-configuration(5). Pure.
 */
#ifndef TOOLSTACK_VIF_SPEC_H
#define TOOLSTACK_VIF_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIF_NAME_MAX 16 /* with the final NUL: Linux's IFNAMSIZ */
#define VIF_IP_MAX   256

struct vif_spec {
    uint8_t mac[6];
    bool has_mac;
    char bridge[VIF_NAME_MAX];
    char name[VIF_NAME_MAX]; /* the interface in dom0; empty: vif<domid>.<devid> */
    char ip[VIF_IP_MAX];     /* addresses the card may use, passed on to the store; or empty */
    bool untrusted_backend;  /* the guest is told not to trust its backend */
    unsigned int mtu;        /* 0: the bridge's */
    uint64_t rate_bytes;     /* credit per interval; 0: unlimited */
    uint32_t rate_interval_us;
};

/* Reads xl's `mac=..,bridge=..,ip=..,vifname=..,rate=..,mtu=..`; an empty text is a card on the
 * default bridge with a random address. 0; -EINVAL with a sentence in err (errs bytes). */
int vif_spec_parse(const char *text, struct vif_spec *vif, char *err, size_t errs);

/* Writes a line that vif_spec_parse() reads back to the same card; allocated, NULL if memory is
 * short. */
char *vif_spec_format(const struct vif_spec *vif);

/* "00:16:3e:01:02:03" */
void vif_mac_format(const uint8_t mac[6], char text[18]);

/* A locally chosen address of Xen's range 00:16:3e from three random bytes. */
void vif_mac_choose(uint8_t mac[6], const uint8_t random[3]);

#define VIF_DEFAULT_BRIDGE "xenbr0"

#endif
