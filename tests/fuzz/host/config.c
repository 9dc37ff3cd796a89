/* SPDX-License-Identifier: MIT */
/* A domain's file: read; and what was read is written and read back to the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const char *text)
{
    struct domain_config cfg;
    struct config_error err;
    char *second;

    if (config_parse(text, strlen(text), &cfg, &err))
        abort();
    second = config_format(&cfg);
    if (second && strcmp(text, second))
        abort();
    free(second);
    config_free(&cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct domain_config cfg;
    struct config_error err;
    char *text;

    if (config_parse((const char *)data, size, &cfg, &err))
        return 0;
    text = config_format(&cfg);
    config_free(&cfg);
    if (text)
        again(text);
    free(text);
    return 0;
}
