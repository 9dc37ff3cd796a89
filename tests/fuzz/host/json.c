/* SPDX-License-Identifier: MIT */
/* A message on domusd's socket: read, looked at, and written again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), err[100];
    yajl_val v;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    v = json_parse(text, err, sizeof(err));
    if (v) {
        struct json_out *out = json_out_new(false);

        (void)json_get_string(v, "method");
        (void)json_get_int(json_get(v, "params"), "id", 0);
        if (out) {
            json_value(out, NULL, v);
            free(json_take(out));
        }
        yajl_tree_free(v);
    }
    free(text);
    return 0;
}
