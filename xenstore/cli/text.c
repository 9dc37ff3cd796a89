/* SPDX-License-Identifier: MIT */
/*
 * Values as text and paths as strings. Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static size_t escape(unsigned char c, char *to)
{
    static const char special[] = "\t\n\r\\";
    const char *at = c ? strchr(special, c) : NULL;

    if (at) {
        to[0] = '\\';
        to[1] = "tnr\\"[at - special];
        return 2;
    }
    if (c >= ' ' && c < 0x7f) {
        to[0] = (char)c;
        return 1;
    }
    return (size_t)sprintf(to, c < 010 ? "\\%03o" : "\\x%02x", c);
}

char *value_to_text(const char *value, unsigned int len)
{
    char *text = malloc((size_t)len * 4 + 1);
    size_t at = 0;

    if (!text)
        return NULL;
    for (unsigned int i = 0; i < len; i++)
        at += escape((unsigned char)value[i], text + at);
    text[at] = '\0';
    return text;
}

static bool is_digit(char c, int base)
{
    return base == 8 ? c >= '0' && c <= '7'
                     : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Reads up to `max` digits. */
static char number(const char **text, int base, int max)
{
    char digits[4] = "";
    int n = 0;

    while (n < max && is_digit(**text, base))
        digits[n++] = *(*text)++;
    return (char)strtoul(digits, NULL, base);
}

void text_to_value(char *text, unsigned int *len)
{
    const char *from = text;
    char *to = text;

    while (*from) {
        char c = *from++;

        if (c == '\\' && *from) {
            if (is_digit(*from, 8)) {
                c = number(&from, 8, 3);
            } else {
                c = *from++;
                if (c == 'x' && is_digit(*from, 16))
                    c = number(&from, 16, 2);
                else if (c == 't' || c == 'n' || c == 'r')
                    c = c == 't' ? '\t' : c == 'n' ? '\n' : '\r';
            }
        }
        *to++ = c;
    }
    *to = '\0';
    *len = (unsigned int)(to - text);
}

char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return NULL;
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

char *path_below(const char *dir, const char *name)
{
    char *path;

    if (asprintf(&path, "%s%s%s", dir, strcmp(dir, "/") == 0 ? "" : "/", name) < 0)
        return NULL;
    return path;
}
