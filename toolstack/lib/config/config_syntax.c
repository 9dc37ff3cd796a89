/* SPDX-License-Identifier: MIT */
/*
 * Reads the syntax of a domain file into a list of settings.
 *
 * A recursive descent over the text, one character of look-ahead. Depth, list lengths and the
 * number of settings are bounded, so no input makes it use more than a few times its own size.
 * The grammar is xl.cfg(5)'s: NAME = VALUE or NAME += VALUE, ended by a newline or ';'; VALUE is a
 * string in single or double quotes with backslash escapes, a number (decimal, 0x, leading 0 for
 * octal, optional minus) or a list in brackets that may span lines and end with a comma; '#'
 * starts a comment. Locks: none.
 */
#include "config_syntax.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
    const char *at;
    const char *end;
    unsigned int line;
    struct config_error *err;
};

static int parse_value(struct scanner *s, unsigned int depth, struct config_value *out);

static int fail_at(struct scanner *s, unsigned int line, int code, const char *fmt, ...)
{
    va_list ap;

    s->err->line = line;
    va_start(ap, fmt);
    vsnprintf(s->err->text, sizeof(s->err->text), fmt, ap);
    va_end(ap);
    return code;
}

static int fail_memory(struct scanner *s)
{
    return fail_at(s, s->line, -ENOMEM, "there is not enough memory to read the file");
}

static int peek(const struct scanner *s)
{
    return s->at < s->end ? (unsigned char)*s->at : -1;
}

static void take(struct scanner *s)
{
    if (*s->at++ == '\n')
        s->line++;
}

/* Passes blanks, comments and, if asked, ends of lines. A backslash before the end of a line
 * joins it to the next, as xl's does. */
static void skip_blank(struct scanner *s, bool lines)
{
    for (;;) {
        int c = peek(s);

        if (c == '#') {
            while (peek(s) != -1 && peek(s) != '\n')
                take(s);
        } else if (c == '\\' && s->at + 1 < s->end && s->at[1] == '\n') {
            take(s);
            take(s);
        } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && lines)) {
            take(s);
        } else {
            return;
        }
    }
}

/* How a character is shown in a message. */
static const char *char_name(int c, char buf[16])
{
    if (c == -1)
        return "the end of the file";
    if (c == '\n')
        return "the end of the line";
    snprintf(buf, 16, isprint(c) ? "'%c'" : "byte 0x%02x", c);
    return buf;
}

static void value_free(struct config_value *v)
{
    for (size_t i = 0; i < v->count; i++)
        value_free(&v->items[i]);
    free(v->items);
    free(v->string);
    memset(v, 0, sizeof(*v));
}

void config_syntax_free(struct config_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        free(file->settings[i].key);
        value_free(&file->settings[i].value);
    }
    free(file->settings);
    memset(file, 0, sizeof(*file));
}

const char *config_type_name(enum config_type type)
{
    static const char *const names[] = {
        [CONFIG_STRING] = "a string",
        [CONFIG_NUMBER] = "a number",
        [CONFIG_LIST] = "a list",
    };

    return names[type];
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After a backslash: the byte that the escape stands for, or -EINVAL. */
static int parse_escape(struct scanner *s)
{
    static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
    int c = peek(s);
    const char *known = c > 0 ? strchr(from, c) : NULL;
    int value = 0;

    if (c == -1)
        return fail_at(s, s->line, -EINVAL, "the file ends inside a string");
    take(s);
    if (known)
        return to[known - from];
    if (c == 'x') {
        for (int i = 0; i < 2; i++) {
            int digit = hex_digit(peek(s));

            if (digit < 0)
                return fail_at(s, s->line, -EINVAL, "'\\x' in a string needs two hex digits");
            value = value * 16 + digit;
            take(s);
        }
    } else if (c >= '0' && c <= '7') {
        value = c - '0';
        for (int i = 0; i < 2 && peek(s) >= '0' && peek(s) <= '7'; i++) {
            value = value * 8 + (peek(s) - '0');
            take(s);
        }
    } else if (c == '\\' || c == '\'' || c == '"') {
        return c;
    } else {
        char buf[16];

        return fail_at(s, s->line, -EINVAL, "a backslash before %s in a string means nothing",
                       char_name(c, buf));
    }
    if (value == 0 || value > 0xff)
        return fail_at(s, s->line, -EINVAL, "a string cannot hold the byte %d", value);
    return value;
}

static int parse_string(struct scanner *s, struct config_value *out)
{
    unsigned int first = s->line;
    int quote = peek(s);
    size_t used = 0;

    /* An escape is never shorter than what it stands for: what is left bounds the string. */
    out->string = malloc((size_t)(s->end - s->at) + 1);
    if (!out->string)
        return fail_memory(s);
    take(s);
    for (;;) {
        int c = peek(s);

        if (c == -1 || c == '\n')
            return fail_at(s, first, -EINVAL, "a string has no closing %c", quote);
        if (c == 0)
            return fail_at(s, s->line, -EINVAL, "a string cannot hold the byte 0");
        take(s);
        if (c == quote)
            break;
        if (c == '\\') {
            c = parse_escape(s);
            if (c < 0)
                return c;
        }
        out->string[used++] = (char)c;
    }
    out->string[used++] = '\0';
    char *shrunk = realloc(out->string, used);
    if (shrunk)
        out->string = shrunk;
    out->type = CONFIG_STRING;
    return 0;
}

static int parse_number(struct scanner *s, struct config_value *out)
{
    char digits[32], *stop;
    size_t n = 0;

    while (peek(s) != -1 && (isalnum(peek(s)) || peek(s) == '-' || peek(s) == '.')) {
        if (n + 1 < sizeof(digits))
            digits[n++] = (char)peek(s);
        take(s);
    }
    digits[n] = '\0';
    errno = 0;
    long long value = strtoll(digits, &stop, 0);
    if (*stop || stop == digits || n + 1 == sizeof(digits))
        return fail_at(s, s->line, -EINVAL, "'%s' is not a number; write strings in quotes",
                       digits);
    if (errno == ERANGE)
        return fail_at(s, s->line, -EINVAL, "the number %s is too large", digits);
    out->type = CONFIG_NUMBER;
    out->number = value;
    return 0;
}

/* Makes room for one more item behind `count`; doubles, so that growth stays linear. */
static void *grow(void *array, size_t count, size_t item_bytes)
{
    if (count & (count - 1))
        return array;
    return realloc(array, (count ? count * 2 : 1) * item_bytes);
}

static int append_item(struct scanner *s, struct config_value *list, struct config_value *item)
{
    if (list->count == CONFIG_MAX_ITEMS) {
        value_free(item);
        return fail_at(s, s->line, -EINVAL, "a list has more than %u items", CONFIG_MAX_ITEMS);
    }
    struct config_value *more = grow(list->items, list->count, sizeof(*item));
    if (!more) {
        value_free(item);
        return fail_memory(s);
    }
    list->items = more;
    list->items[list->count++] = *item;
    return 0;
}

static int parse_list(struct scanner *s, unsigned int depth, struct config_value *out)
{
    unsigned int first = s->line;
    char buf[16];

    if (depth >= CONFIG_MAX_DEPTH)
        return fail_at(s, s->line, -EINVAL, "lists stand in lists more than %u deep",
                       CONFIG_MAX_DEPTH);
    out->type = CONFIG_LIST;
    take(s);
    for (;;) {
        struct config_value item = { 0 };

        skip_blank(s, true);
        if (peek(s) == ']')
            break;
        if (peek(s) == -1)
            return fail_at(s, first, -EINVAL, "a list has no closing ]");
        int rc = parse_value(s, depth + 1, &item);
        if (rc) {
            value_free(&item);
            return rc;
        }
        rc = append_item(s, out, &item);
        if (rc)
            return rc;
        skip_blank(s, true);
        if (peek(s) == ',')
            take(s);
        else if (peek(s) != ']' && peek(s) != -1)
            return fail_at(s, s->line, -EINVAL, "a list needs ',' or ']' here, not %s",
                           char_name(peek(s), buf));
    }
    take(s);
    return 0;
}

static int parse_value(struct scanner *s, unsigned int depth, struct config_value *out)
{
    int c = peek(s);
    char buf[16];

    out->line = s->line;
    if (c == '"' || c == '\'')
        return parse_string(s, out);
    if (c == '[')
        return parse_list(s, depth, out);
    if (c != -1 && (isalnum(c) || c == '-'))
        return parse_number(s, out);
    return fail_at(s, s->line, -EINVAL, "a value is missing: found %s", char_name(c, buf));
}

static struct config_setting *find_setting(struct config_file *file, const char *key)
{
    for (size_t i = 0; i < file->count; i++)
        if (!strcmp(file->settings[i].key, key))
            return &file->settings[i];
    return NULL;
}

/* Moves the items or the characters of `more` behind those of `old`. */
static int append_value(struct scanner *s, const char *key, struct config_value *old,
                        struct config_value *more)
{
    if (old->type != more->type || old->type == CONFIG_NUMBER)
        return fail_at(s, more->line, -EINVAL, "'%.64s' is %s: += cannot append %s to it", key,
                       config_type_name(old->type), config_type_name(more->type));
    if (old->type == CONFIG_STRING) {
        size_t have = strlen(old->string), add = strlen(more->string);
        char *joined = realloc(old->string, have + add + 1);

        if (!joined)
            return fail_memory(s);
        memcpy(joined + have, more->string, add + 1);
        old->string = joined;
        return 0;
    }
    for (size_t i = 0; i < more->count; i++) {
        struct config_value item = more->items[i];

        memset(&more->items[i], 0, sizeof(item));
        int rc = append_item(s, old, &item);
        if (rc)
            return rc;
    }
    return 0;
}

/* Takes over `setting`, which is empty afterwards, unless the call fails. */
static int store_setting(struct scanner *s, struct config_file *file,
                         struct config_setting *setting, bool append)
{
    struct config_setting *old = find_setting(file, setting->key);

    if (old && append)
        return append_value(s, setting->key, &old->value, &setting->value);
    if (old) {
        value_free(&old->value);
        free(old->key);
        *old = *setting;
        memset(setting, 0, sizeof(*setting));
        return 0;
    }
    if (file->count == CONFIG_MAX_SETTINGS)
        return fail_at(s, setting->line, -EINVAL, "there are more than %u settings",
                       CONFIG_MAX_SETTINGS);
    struct config_setting *more = grow(file->settings, file->count, sizeof(*setting));
    if (!more)
        return fail_memory(s);
    file->settings = more;
    file->settings[file->count++] = *setting;
    memset(setting, 0, sizeof(*setting));
    return 0;
}

static int parse_key(struct scanner *s, struct config_setting *setting)
{
    const char *first = s->at;
    char buf[16];

    while (peek(s) != -1 && (isalnum(peek(s)) || peek(s) == '_' || peek(s) == '-'))
        take(s);
    if (s->at == first)
        return fail_at(s, s->line, -EINVAL, "a key is missing: found %s", char_name(peek(s), buf));
    setting->line = s->line;
    setting->key = strndup(first, (size_t)(s->at - first));
    return setting->key ? 0 : fail_memory(s);
}

static int parse_setting(struct scanner *s, struct config_setting *setting, bool *append)
{
    char buf[16];
    int rc = parse_key(s, setting);

    if (rc)
        return rc;
    skip_blank(s, false);
    *append = peek(s) == '+';
    if (*append)
        take(s);
    if (peek(s) != '=')
        return fail_at(s, s->line, -EINVAL, "'=' is missing behind '%.64s': found %s", setting->key,
                       char_name(peek(s), buf));
    take(s);
    skip_blank(s, false);
    rc = parse_value(s, 0, &setting->value);
    if (rc)
        return rc;
    skip_blank(s, false);
    if (peek(s) != -1 && peek(s) != '\n' && peek(s) != ';')
        return fail_at(s, s->line, -EINVAL, "the line goes on behind the value of '%.64s' with %s",
                       setting->key, char_name(peek(s), buf));
    return 0;
}

int config_syntax_parse(const char *text, size_t bytes, struct config_file *file,
                        struct config_error *err)
{
    struct scanner s = { .at = text, .end = text + bytes, .line = 1, .err = err };
    int rc = 0;

    memset(file, 0, sizeof(*file));
    memset(err, 0, sizeof(*err));
    if (bytes > CONFIG_MAX_BYTES)
        return fail_at(&s, 1, -EINVAL, "the file is larger than %u bytes", CONFIG_MAX_BYTES);
    while (!rc) {
        struct config_setting setting = { 0 };
        bool append = false;

        skip_blank(&s, true);
        if (peek(&s) == ';') {
            take(&s);
            continue;
        }
        if (peek(&s) == -1)
            return 0;
        rc = parse_setting(&s, &setting, &append);
        if (!rc)
            rc = store_setting(&s, file, &setting, append);
        free(setting.key);
        value_free(&setting.value);
    }
    config_syntax_free(file);
    return rc;
}
