/* SPDX-License-Identifier: MIT */
/* Basic types. Frame numbers are distinct structs so that they cannot be mixed up. */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 paddr_t;   /* machine address, bytes */
typedef s64 s_time_t;  /* system time, ns since boot */
#ifdef HV_HOST_TEST
#include <sys/types.h>
#else
typedef long ssize_t;
#endif

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

typedef struct { u64 m; } mfn_t;  /* machine frame number */
typedef struct { u64 g; } gfn_t;  /* guest frame: for PV equal to an mfn, for others a pfn */
typedef struct { u64 p; } pfn_t;  /* pseudo-physical frame: what M2P holds */

static inline mfn_t mfn_from(u64 m) { return (mfn_t){m}; }
static inline u64 mfn_raw(mfn_t m) { return m.m; }
static inline gfn_t gfn_from(u64 g) { return (gfn_t){g}; }
static inline u64 gfn_raw(gfn_t g) { return g.g; }
static inline pfn_t pfn_from(u64 p) { return (pfn_t){p}; }
static inline u64 pfn_raw(pfn_t p) { return p.p; }
static inline bool mfn_equal(mfn_t a, mfn_t b) { return a.m == b.m; }
static inline mfn_t mfn_add(mfn_t m, u64 n) { return (mfn_t){m.m + n}; }
static inline paddr_t mfn_to_paddr(mfn_t m) { return m.m << PAGE_SHIFT; }
static inline mfn_t paddr_to_mfn(paddr_t pa) { return (mfn_t){pa >> PAGE_SHIFT}; }

#define INVALID_MFN ((mfn_t){~0UL})
#define INVALID_PADDR (~0UL)

#endif
