/* SPDX-License-Identifier: MIT */
/*
 * Boot options: the command line as a whole, and each option's own parser on the same text, in
 * memory that ends where the text ends.
 */
#include "hv/hv_host.h"

#include <hv/params.h>

extern const struct boot_param _sparams[], _eparams[];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *end;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!setjmp(hv_panic)) {
        boot_params_parse(text);
        if (strnlen(saved_cmdline, sizeof(saved_cmdline)) == sizeof(saved_cmdline))
            abort();
        for (const struct boot_param *p = _sparams; p < _eparams; p++)
            (void)p->parse(text);
        (void)parse_size_and_unit(text, &end);
        if (end < text || end > text + size)
            abort();
    }
    free(text);
    return 0;
}
