/* SPDX-License-Identifier: MIT */
/* Bytes from a store's client: framing, splitting into strings, numbers, permissions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/perm.h"
#include "core/wire.h"

#define MAX_STRINGS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void payload(const struct xsd_sockmsg *header, const uint8_t *data)
{
    const char *str[MAX_STRINGS];
    char *copy = malloc(header->len + 1);
    struct request r = { *header, copy };
    unsigned int n;
    uint64_t number;

    if (!copy)
        return;
    memcpy(copy, data, header->len);
    copy[header->len] = '\0';
    n = wire_strings(&r, str, MAX_STRINGS);
    for (unsigned int i = 0; i < n && i < MAX_STRINGS; i++) {
        if (str[i] < copy || str[i] + strlen(str[i]) > copy + header->len)
            abort();
        if (!wire_number(str[i], 1000, &number) && number > 1000)
            abort();
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xsd_sockmsg header;
    size_t total = 0;

    if (wire_peek(data, size, &header, &total) != WIRE_COMPLETE)
        return 0;
    if (total > size || total != sizeof(header) + header.len)
        abort();
    payload(&header, data + sizeof(header));
    return 0;
}
