/* SPDX-License-Identifier: MIT */
/* The hypervisor's address map, but machine addresses are addresses of the fuzzer's own process. */
#ifndef FUZZ_ASM_ADDRESS_MAP_H
#define FUZZ_ASM_ADDRESS_MAP_H

#include_next <asm/address_map.h>

#undef DIRECTMAP_START
#define DIRECTMAP_START 0UL

#endif
