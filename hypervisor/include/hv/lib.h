/* SPDX-License-Identifier: MIT */
/* Small language helpers, assertions and string functions (lib/). No globals. */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <hv/types.h>
#include <stdarg.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ __volatile__("" ::: "memory")
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define MAX(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define ROUND_UP(x, a) (((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define ROUND_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define DIV_ROUND_UP(x, a) (((x) + (a) - 1) / (a))
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define BIT(n) (1UL << (n))
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define STR_(x) #x
#define STR(x) STR_(x)

#define __init __attribute__((section(".init.text")))
#define __initdata __attribute__((section(".init.data")))
#define __initconst __attribute__((section(".init.rodata")))
#define __ro_after_init __attribute__((section(".data.ro_after_init")))
#define __read_mostly __attribute__((section(".data.read_mostly")))
#define __section(s) __attribute__((section(s)))
#define __aligned(n) __attribute__((aligned(n)))
#define __packed __attribute__((packed))
#define __noreturn __attribute__((noreturn))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define __must_check __attribute__((warn_unused_result))
#define __maybe_unused __attribute__((unused))
#define __used __attribute__((used))
#define __cold __attribute__((cold))

/*
 * BUG: our own defect; prints file, line, registers and a backtrace, then stops the machine.
 * ASSERT: the same in debug builds only (CONFIG_DEBUG), compiled out but type-checked otherwise.
 */
void bug_at(const char *file, int line, const char *what) __noreturn __cold;
#define BUG() bug_at(__FILE__, __LINE__, "BUG")
#define BUG_ON(c) do { if (unlikely(c)) bug_at(__FILE__, __LINE__, #c); } while (0)
#ifdef CONFIG_DEBUG
#define ASSERT(c) do { if (unlikely(!(c))) bug_at(__FILE__, __LINE__, #c); } while (0)
#else
#define ASSERT(c) do { (void)sizeof(c); } while (0)
#endif

/*
 * Index clamped under speculation: the result is idx where idx < size, else 0 even on a
 * mispredicted path (no branch). Use it for every guest-supplied array index.
 */
static inline unsigned long array_index_nospec(unsigned long idx, unsigned long size)
{
    unsigned long mask;

    __asm__ volatile("cmp %1, %2; sbb %0, %0" : "=r"(mask) : "g"(size), "r"(idx) : "cc");
    return idx & mask;
}
/** a * b / c with a 128-bit product; the quotient must fit 64 bits (else #DE). */
static inline u64 mul_div64(u64 a, u64 b, u64 c)
{
    u64 quotient, high;

    __asm__("mulq %3; divq %4" : "=&a"(quotient), "=&d"(high) : "0"(a), "r"(b), "r"(c) : "cc");
    return quotient;
}
static inline void speculation_barrier(void) { __asm__ volatile("lfence" ::: "memory"); }

/* string (lib/string.c) */
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
/** Copy at most size-1 bytes and always terminate. Returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);
/** Parse an unsigned number; base 0 accepts 0x and 0 prefixes. *end: the first char not used. */
u64 strtou64(const char *s, const char **end, unsigned int base);
/** Parse a size with suffix b,k,m,g,t; a bare number is in KiB (Xen's option convention). */
u64 parse_size_and_unit(const char *s, const char **end);

/* format (lib/format.c): %d %u %x %lx %llx %s %c %p %pS(symbol) %zu, width, 0, -, *, precision */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/** Like snprintf but returns the bytes really stored (without the terminator). */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif
