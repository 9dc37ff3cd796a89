/* SPDX-License-Identifier: MIT */
/* Paths in the store, as any client may write them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct path path;
    char *text;
    size_t n;

    if (size < 2)
        return 0;
    n = size - 2;
    text = malloc(n + 1);
    if (!text)
        return 0;
    memcpy(text, data + 2, n);
    text[n] = '\0';
    n = strlen(text); /* as the daemon splits what it gets */
    if (!path_parse(&path, text, n, data[0], data[1] & 3u)) {
        if (path.depth > PATH_COMPONENTS_MAX || path.len != strlen(path.str))
            abort();
        for (uint32_t i = 0; i < path.depth; i++)
            if (!path.comp[i].len ||
                (!path.special && memchr(path.comp[i].name, '/', path.comp[i].len)))
                abort();
        (void)path_hash(&path, path.depth);
    }
    free(text);
    return 0;
}
