/* SPDX-License-Identifier: MIT */
/*
 * printf-style formatting without floating point. %pS prints an address with its symbol, through
 * format_symbol(), which common/symbols.c provides.
 */
#include <hv/lib.h>

struct out {
    char *p, *end; /* end: one past the last usable byte, terminator excluded */
    size_t total;
};

struct spec {
    int width, precision; /* precision -1: none */
    bool left, zero, alt, plus, is_signed;
    int length; /* 0 int, 1 long, 2 long long, 3 size_t, -1 short, -2 char */
};

int format_symbol(char *buf, size_t size, u64 addr) __attribute__((weak));

static void put(struct out *o, char c)
{
    if (o->p < o->end)
        *o->p++ = c;
    o->total++;
}

static void pad(struct out *o, int n, char c)
{
    while (n-- > 0)
        put(o, c);
}

static void put_string(struct out *o, const char *s, const struct spec *sp)
{
    size_t n;

    if (!s)
        s = "(null)";
    n = sp->precision >= 0 ? strnlen(s, (size_t)sp->precision) : strlen(s);
    if (!sp->left)
        pad(o, sp->width - (int)n, ' ');
    for (size_t i = 0; i < n; i++)
        put(o, s[i]);
    if (sp->left)
        pad(o, sp->width - (int)n, ' ');
}

static void put_number(struct out *o, u64 v, unsigned int base, bool upper, bool negative,
                       const struct spec *sp)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = negative                    ? "-"
                         : sp->plus && sp->is_signed ? "+"
                         : sp->alt && base == 16     ? "0x"
                                                     : "";
    char tmp[24];
    int n = 0, extra = (int)strlen(prefix), zeros;

    do
        tmp[n++] = digits[v % base];
    while (v /= base);
    zeros = sp->precision > n ? sp->precision - n : 0;
    if (sp->zero && !sp->left && sp->precision < 0 && sp->width > n + extra)
        zeros = sp->width - n - extra;
    if (!sp->left)
        pad(o, sp->width - n - zeros - extra, ' ');
    while (*prefix)
        put(o, *prefix++);
    pad(o, zeros, '0');
    for (int i = n; i--;)
        put(o, tmp[i]);
    if (sp->left)
        pad(o, sp->width - n - zeros - extra, ' ');
}

static void put_pointer(struct out *o, const char **fmt, u64 v, struct spec *sp)
{
    char name[128];

    if ((*fmt)[1] == 'S' || (*fmt)[1] == 's') {
        (*fmt)++;
        if (format_symbol && format_symbol(name, sizeof(name), v) > 0) {
            put_string(o, name, sp);
            return;
        }
    }
    sp->precision = 16;
    put_number(o, v, 16, false, false, sp);
}

static const char *parse_spec(const char *f, struct spec *sp, va_list *ap)
{
    *sp = (struct spec){ .precision = -1 };
    for (;; f++) {
        if (*f == '-')
            sp->left = true;
        else if (*f == '0')
            sp->zero = true;
        else if (*f == '#')
            sp->alt = true;
        else if (*f == '+')
            sp->plus = true;
        else if (*f != ' ')
            break;
    }
    if (*f == '*') {
        sp->width = va_arg(*ap, int);
        if (sp->width < 0)
            sp->left = true, sp->width = -sp->width;
        f++;
    } else {
        for (; *f >= '0' && *f <= '9'; f++)
            sp->width = sp->width * 10 + (*f - '0');
    }
    if (*f == '.') {
        f++;
        sp->precision = 0;
        if (*f == '*')
            sp->precision = va_arg(*ap, int), f++;
        else
            for (; *f >= '0' && *f <= '9'; f++)
                sp->precision = sp->precision * 10 + (*f - '0');
    }
    for (;; f++) {
        if (*f == 'l')
            sp->length++;
        else if (*f == 'h')
            sp->length--;
        else if (*f == 'z')
            sp->length = 3;
        else
            return f;
    }
}

static u64 fetch(va_list *ap, const struct spec *sp)
{
    if (sp->length >= 1)
        return va_arg(*ap, u64);
    if (sp->is_signed)
        return (u64)(s64)va_arg(*ap, int);
    return va_arg(*ap, unsigned int);
}

static u64 narrow(u64 v, const struct spec *sp)
{
    if (sp->length == -1)
        return sp->is_signed ? (u64)(s64)(s16)v : (u16)v;
    if (sp->length <= -2)
        return sp->is_signed ? (u64)(s64)(s8)v : (u8)v;
    return v;
}

static void put_conversion(struct out *o, const char **fmt, struct spec *sp, va_list *ap)
{
    char c = **fmt;
    u64 v;

    switch (c) {
    case 'd':
    case 'i':
        sp->is_signed = true;
        v = narrow(fetch(ap, sp), sp);
        put_number(o, (s64)v < 0 ? -v : v, 10, false, (s64)v < 0, sp);
        break;
    case 'u':
        put_number(o, narrow(fetch(ap, sp), sp), 10, false, false, sp);
        break;
    case 'o':
        put_number(o, narrow(fetch(ap, sp), sp), 8, false, false, sp);
        break;
    case 'x':
    case 'X':
        put_number(o, narrow(fetch(ap, sp), sp), 16, c == 'X', false, sp);
        break;
    case 'p':
        put_pointer(o, fmt, (u64)va_arg(*ap, void *), sp);
        break;
    case 's':
        put_string(o, va_arg(*ap, const char *), sp);
        break;
    case 'c': {
        char one[2] = { (char)va_arg(*ap, int), 0 };

        sp->precision = 1;
        put_string(o, one, sp);
        break;
    }
    case '%':
        put(o, '%');
        break;
    default:
        put(o, '%');
        put(o, c);
    }
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { buf, size ? buf + size - 1 : buf, 0 };
    va_list copy;

    va_copy(copy, ap);
    for (; *fmt; fmt++) {
        struct spec sp;

        if (*fmt != '%') {
            put(&o, *fmt);
            continue;
        }
        fmt = parse_spec(fmt + 1, &sp, &copy);
        if (!*fmt)
            break;
        put_conversion(&o, &fmt, &sp, &copy);
    }
    va_end(copy);
    if (size)
        *o.p = '\0';
    return (int)o.total;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    if (!size)
        return 0;
    return (size_t)n < size ? n : (int)size - 1;
}
