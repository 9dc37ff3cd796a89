/* SPDX-License-Identifier: MIT */
/* Formatted text; no state but the caller's buffer. */
#include <stdbool.h>
#include <stdint.h>

#include <sdk/console.h>
#include <sdk/string.h>

struct sink {
    char *buffer;
    size_t size, length;
};

struct spec {
    bool zero, left;
    int width, precision, longs;
};

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->buffer[sink->length] = c;
    sink->length++;
}

static void put_padded(struct sink *sink, const struct spec *spec, const char *text, int length)
{
    int pad = spec->width - length;

    for (; !spec->left && pad > 0; pad--)
        put(sink, ' ');
    for (int i = 0; i < length; i++)
        put(sink, text[i]);
    for (; spec->left && pad > 0; pad--)
        put(sink, ' ');
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value,
                       unsigned int base, bool negative)
{
    char digits[72];
    int at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (spec->zero && !spec->left)
        while ((int)sizeof(digits) - at < spec->width - negative && at > 1)
            digits[--at] = '0';
    if (negative)
        digits[--at] = '-';
    put_padded(sink, spec, digits + at, sizeof(digits) - at);
}

static void put_string(struct sink *sink, const struct spec *spec, const char *text)
{
    size_t length = 0;

    if (!text)
        text = "(null)";
    while ((spec->precision < 0 || length < (size_t)spec->precision) && text[length])
        length++;
    put_padded(sink, spec, text, length);
}

static int parse_number(const char **format)
{
    int value = 0;

    while (**format >= '0' && **format <= '9')
        value = value * 10 + *(*format)++ - '0';
    return value;
}

static const char *parse_spec(const char *format, struct spec *spec)
{
    *spec = (struct spec){ .precision = -1 };
    for (;; format++) {
        if (*format == '0')
            spec->zero = true;
        else if (*format == '-')
            spec->left = true;
        else
            break;
    }
    spec->width = parse_number(&format);
    if (*format == '.') {
        format++;
        spec->precision = parse_number(&format);
    }
    for (; *format == 'l' || *format == 'z'; format++)
        spec->longs++;
    return format;
}

static void put_integer(struct sink *sink, const struct spec *spec, char kind, uint64_t value)
{
    if (kind == 'd' || kind == 'i') {
        int64_t number = spec->longs ? (int64_t)value : (int)value;

        put_number(sink, spec, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, number < 0);
        return;
    }
    put_number(sink, spec, spec->longs ? value : (unsigned int)value, kind == 'u' ? 10 : 16, false);
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
    struct sink sink = { buffer, size, 0 };
    struct spec spec;

    for (; *format; format++) {
        if (*format != '%') {
            put(&sink, *format);
            continue;
        }
        format = parse_spec(format + 1, &spec);
        switch (*format) {
        case 'c': put(&sink, va_arg(args, int)); break;
        case 's': put_string(&sink, &spec, va_arg(args, const char *)); break;
        case 'p': put_number(&sink, &spec, va_arg(args, uint64_t), 16, false); break;
        case '%': put(&sink, '%'); break;
        default:
            put_integer(&sink, &spec, *format,
                        spec.longs ? va_arg(args, uint64_t) : va_arg(args, unsigned int));
        }
    }
    if (size)
        buffer[sink.length < size ? sink.length : size - 1] = '\0';
    return sink.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(buffer, size, format, args);
    va_end(args);
    return length;
}
