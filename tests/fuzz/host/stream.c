/* SPDX-License-Identifier: MIT */
/* A saved domain of a stranger's. */
#include <stdint.h>
#include <stdlib.h>

#include "stream/stream_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int record(void *arg, enum libxc_record type, const void *body, uint32_t bytes,
                  struct error *e)
{
    const volatile uint8_t *last = (const uint8_t *)body + bytes;

    (void)arg, (void)type, (void)e;
    return bytes && last[-1] == 0xa5 ? -1 : 0;
}

static int pages(void *arg, const struct stream_page *page, uint32_t count, bool verify,
                 struct error *e)
{
    (void)arg, (void)verify, (void)e;
    for (uint32_t i = 0; i < count; i++) {
        const volatile uint8_t *contents = page[i].contents;

        if (contents && contents[4095] == 0xa5)
            return -1;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct stream_handler handler = { NULL, record, pages };
    struct error e = { 0 };
    struct stream_in in;

    stream_in_memory(&in, data, size, "input");
    (void)stream_read(&in, &handler, &e);
    stream_in_close(&in);
    return 0;
}
