/* SPDX-License-Identifier: MIT */
/*
 * The page that a guest shares with the store: whatever it holds, and whatever it holds when the
 * store looks again. The input is pages, the last one cut short.
 */
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/conn_ring.h"
#include "xenstore/daemon/domain.h"
#include "store_world.h"

#define PAGE 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_begin(data, size);
    for (size_t at = 0; at < size; at += PAGE) {
        size_t n = size - at < PAGE ? size - at : PAGE;
        struct domain *d = domain_find(1);

        if (!d && domain_introduce(1, 7, 3))
            abort();
        else if (d && world_ring()) {
            memcpy(world_ring(), data + at, n);
            conn_ring_receive(d->conn);
        }
        for (unsigned int rounds = 0; rounds < 8 && conn_round_end(); rounds++)
            ;
    }
    world_end();
    return 0;
}
