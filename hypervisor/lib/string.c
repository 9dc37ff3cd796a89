/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions. Bulk work goes by words of 8 bytes: processors with fast string
 * moves do not care, others and emulators take an eighth of the steps.
 */
#include <hv/lib.h>

#ifndef HV_HOST_TEST
void *memcpy(void *dst, const void *src, size_t n)
{
    void *d = dst;
    size_t words = n / 8, rest = n % 8;

    __asm__ volatile("rep movsq" : "+D"(d), "+S"(src), "+c"(words)::"memory");
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(rest)::"memory");
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    const char *s = src;
    char *d = dst;

    if (d <= s || d >= s + n)
        return memcpy(dst, src, n);
    while (n--)
        d[n] = s[n];
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    void *d = dst;
    size_t words = n / 8, rest = n % 8;
    u64 pattern = (u8)c * 0x0101010101010101UL;

    __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(pattern) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const unsigned char *p = s;

    for (; n; n--, p++)
        if (*p == (unsigned char)c)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *p = s;

    while (*p)
        p++;
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *strstr(const char *haystack, const char *needle)
{
    size_t n = strlen(needle);

    for (; *haystack || !n; haystack++)
        if (!strncmp(haystack, needle, n))
            return (char *)haystack;
    return NULL;
}

#endif /* !HV_HOST_TEST */

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    if (size) {
        size_t k = n < size - 1 ? n : size - 1;

        memcpy(dst, src, k);
        dst[k] = '\0';
    }
    return n;
}
static unsigned int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (unsigned int)((c | 32) - 'a' + 10);
    return 99;
}

u64 strtou64(const char *s, const char **end, unsigned int base)
{
    u64 v = 0;

    if (!base) {
        base = 10;
        if (s[0] == '0') {
            base = 8;
            if ((s[1] | 32) == 'x' && digit_value(s[2]) < 16)
                base = 16, s += 2;
        }
    } else if (base == 16 && s[0] == '0' && (s[1] | 32) == 'x') {
        s += 2;
    }
    for (; digit_value(*s) < base; s++)
        v = v * base + digit_value(*s);
    if (end)
        *end = s;
    return v;
}

u64 parse_size_and_unit(const char *s, const char **end)
{
    const char *p;
    u64 v = strtou64(s, &p, 0);

    switch (*p | 32) {
    case 't': v <<= 40; p++; break;
    case 'g': v <<= 30; p++; break;
    case 'm': v <<= 20; p++; break;
    case 'k': v <<= 10; p++; break;
    case 'b': p++; break;
    default: v <<= 10; break;
    }
    if (end)
        *end = p;
    return v;
}
