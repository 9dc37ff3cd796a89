/* SPDX-License-Identifier: MIT */
/* The store without a hypervisor: domains 1 and up exist, their rings are pages of the fuzzer's. */
#ifndef FUZZ_STORE_WORLD_H
#define FUZZ_STORE_WORLD_H

#include <stddef.h>
#include <stdint.h>

/* Call once an input. What the next rings that are mapped hold: at most a page of bytes. */
void world_begin(const uint8_t *page, size_t bytes);

/* Takes all domains and nodes away again. */
void world_end(void);

/* The ring of a domain that was introduced last; NULL when that was refused. */
void *world_ring(void);

#endif
