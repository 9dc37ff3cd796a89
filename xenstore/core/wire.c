/* SPDX-License-Identifier: MIT */
/*
 * Parsing of requests. Owns nothing. Facts: xen/io/xs_wire.h, Xen's docs/misc/xenstore.txt.
 */
#include <errno.h>
#include <string.h>

#include "wire.h"

enum wire_state wire_peek(const void *buf, size_t len, struct xsd_sockmsg *header, size_t *total)
{
    *total = 0;
    if (len < sizeof(*header))
        return WIRE_MORE;
    memcpy(header, buf, sizeof(*header));
    if (header->len > XENSTORE_PAYLOAD_MAX)
        return WIRE_BAD;
    *total = sizeof(*header) + header->len;
    return len < *total ? WIRE_MORE : WIRE_COMPLETE;
}

unsigned int wire_strings(const struct request *r, const char **str, unsigned int max)
{
    const char *s = r->payload;
    const char *end = s + r->header.len;
    unsigned int n = 0;

    while (s < end) {
        const char *nul = memchr(s, 0, (size_t)(end - s));

        if (!nul)
            break;
        if (n < max)
            str[n] = s;
        n++;
        s = nul + 1;
    }
    return n;
}

int wire_number(const char *s, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (!*s)
        return -EINVAL;
    for (; *s; s++) {
        unsigned int digit = (unsigned int)(*s - '0');

        if (digit > 9 || n > (max - digit) / 10)
            return -EINVAL;
        n = n * 10 + digit;
    }
    *out = n;
    return 0;
}

const char *wire_error_name(int errnum)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
        if (xsd_errors[i].errnum == errnum)
            return xsd_errors[i].errstring;
    return "EINVAL";
}
