/* SPDX-License-Identifier: MIT */
/*
 * JSON over libyajl's generator and tree.
 *
 * Pure but for allocation. Locks: none.
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

struct json_out {
    yajl_gen gen;
    bool failed;
};

struct json_out *json_out_new(bool pretty)
{
    struct json_out *out = calloc(1, sizeof(*out));

    if (!out)
        return NULL;
    out->gen = yajl_gen_alloc(NULL);
    if (!out->gen) {
        free(out);
        return NULL;
    }
    yajl_gen_config(out->gen, yajl_gen_beautify, pretty);
    yajl_gen_config(out->gen, yajl_gen_indent_string, "  ");
    return out;
}

void json_out_free(struct json_out *out)
{
    if (!out)
        return;
    yajl_gen_free(out->gen);
    free(out);
}

static void check(struct json_out *out, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok)
        out->failed = true;
}

static void put_key(struct json_out *out, const char *key)
{
    if (key)
        check(out, yajl_gen_string(out->gen, (const unsigned char *)key, strlen(key)));
}

void json_open_object(struct json_out *out, const char *key)
{
    put_key(out, key);
    check(out, yajl_gen_map_open(out->gen));
}

void json_close_object(struct json_out *out)
{
    check(out, yajl_gen_map_close(out->gen));
}

void json_open_array(struct json_out *out, const char *key)
{
    put_key(out, key);
    check(out, yajl_gen_array_open(out->gen));
}

void json_close_array(struct json_out *out)
{
    check(out, yajl_gen_array_close(out->gen));
}

/* The length of the UTF-8 character at text, 0 if there is none. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    static const struct {
        unsigned char first, last, low, high; /* lead bytes, and what the second byte may be */
        size_t bytes;
    } forms[] = {
        { 0x01, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].bytes > left)
            return 0;
        if (forms[i].bytes > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
            return 0;
        for (size_t k = 2; k < forms[i].bytes; k++)
            if (text[k] < 0x80 || text[k] > 0xbf)
                return 0;
        return forms[i].bytes;
    }
    return 0;
}

void json_string(struct json_out *out, const char *key, const char *text)
{
    if (!text) {
        json_null(out, key);
        return;
    }
    size_t left = strlen(text), used = 0;
    char *clean = malloc(left + 1);

    put_key(out, key);
    if (!clean) {
        out->failed = true;
        return;
    }
    while (left) {
        size_t n = utf8_length((const unsigned char *)text, left);

        if (n)
            memcpy(clean + used, text, n);
        else
            clean[used] = '?';
        used += n ? n : 1;
        text += n ? n : 1;
        left -= n ? n : 1;
    }
    check(out, yajl_gen_string(out->gen, (const unsigned char *)clean, used));
    free(clean);
}

void json_int(struct json_out *out, const char *key, int64_t value)
{
    put_key(out, key);
    check(out, yajl_gen_integer(out->gen, value));
}

void json_bool(struct json_out *out, const char *key, bool value)
{
    put_key(out, key);
    check(out, yajl_gen_bool(out->gen, value));
}

void json_null(struct json_out *out, const char *key)
{
    put_key(out, key);
    check(out, yajl_gen_null(out->gen));
}

static void put_object(struct json_out *out, const char *key, yajl_val value)
{
    json_open_object(out, key);
    for (size_t i = 0; i < YAJL_GET_OBJECT(value)->len; i++)
        json_value(out, YAJL_GET_OBJECT(value)->keys[i], YAJL_GET_OBJECT(value)->values[i]);
    json_close_object(out);
}

static void put_array(struct json_out *out, const char *key, yajl_val value)
{
    json_open_array(out, key);
    for (size_t i = 0; i < YAJL_GET_ARRAY(value)->len; i++)
        json_value(out, NULL, YAJL_GET_ARRAY(value)->values[i]);
    json_close_array(out);
}

void json_value(struct json_out *out, const char *key, yajl_val value)
{
    if (YAJL_IS_OBJECT(value)) {
        put_object(out, key, value);
    } else if (YAJL_IS_ARRAY(value)) {
        put_array(out, key, value);
    } else if (YAJL_IS_STRING(value)) {
        json_string(out, key, YAJL_GET_STRING(value));
    } else if (YAJL_IS_NUMBER(value)) {
        const char *text = YAJL_GET_NUMBER(value);

        put_key(out, key);
        check(out, yajl_gen_number(out->gen, text, strlen(text)));
    } else if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)) {
        json_bool(out, key, YAJL_IS_TRUE(value));
    } else {
        json_null(out, key);
    }
}

char *json_take(struct json_out *out)
{
    const unsigned char *text;
    size_t bytes;
    char *copy = NULL;

    if (!out)
        return NULL;
    if (!out->failed && yajl_gen_get_buf(out->gen, &text, &bytes) == yajl_gen_status_ok)
        copy = strndup((const char *)text, bytes);
    json_out_free(out);
    return copy;
}

/* The deepest nesting of a text, whether or not it is correct JSON. */
static unsigned int depth_of(const char *text)
{
    unsigned int depth = 0, deepest = 0;
    bool quoted = false;

    for (; *text; text++) {
        if (quoted) {
            if (*text == '\\' && text[1])
                text++;
            else if (*text == '"')
                quoted = false;
        } else if (*text == '"') {
            quoted = true;
        } else if (*text == '{' || *text == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        } else if ((*text == '}' || *text == ']') && depth) {
            depth--;
        }
    }
    return deepest;
}

yajl_val json_parse(const char *text, char *err, size_t errs)
{
    if (depth_of(text) > JSON_MAX_DEPTH) {
        snprintf(err, errs, "it is nested more than %d deep", JSON_MAX_DEPTH);
        return NULL;
    }
    err[0] = '\0';
    yajl_val tree = yajl_tree_parse(text, err, errs);
    if (!tree && !err[0])
        snprintf(err, errs, "it is empty");
    return tree;
}

yajl_val json_get(yajl_val object, const char *key)
{
    if (!object || !YAJL_IS_OBJECT(object))
        return NULL;
    for (size_t i = 0; i < YAJL_GET_OBJECT(object)->len; i++)
        if (!strcmp(YAJL_GET_OBJECT(object)->keys[i], key))
            return YAJL_GET_OBJECT(object)->values[i];
    return NULL;
}

const char *json_get_string(yajl_val object, const char *key)
{
    yajl_val value = json_get(object, key);

    return value && YAJL_IS_STRING(value) ? YAJL_GET_STRING(value) : NULL;
}

int64_t json_get_int(yajl_val object, const char *key, int64_t missing)
{
    yajl_val value = json_get(object, key);

    return value && YAJL_IS_INTEGER(value) ? YAJL_GET_INTEGER(value) : missing;
}

bool json_get_bool(yajl_val object, const char *key)
{
    yajl_val value = json_get(object, key);

    return value && YAJL_IS_TRUE(value);
}
