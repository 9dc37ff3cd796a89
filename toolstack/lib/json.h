/* SPDX-License-Identifier: MIT */
/*
 * JSON, as little of it as the socket protocol needs, on libyajl.
 *
 * Writing: a growing text. An object's members carry a key, an array's items have key NULL.
 * A failed allocation is remembered and shows when the text is taken.
 */
#ifndef DOMUS_JSON_H
#define DOMUS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yajl/yajl_tree.h>

struct json_out;

/* NULL if memory is short. pretty: with line breaks, for people. */
struct json_out *json_out_new(bool pretty);
void json_out_free(struct json_out *out);

void json_open_object(struct json_out *out, const char *key);
void json_close_object(struct json_out *out);
void json_open_array(struct json_out *out, const char *key);
void json_close_array(struct json_out *out);
/* Text that is not UTF-8 has its bad bytes replaced. A NULL text is null. */
void json_string(struct json_out *out, const char *key, const char *text);
void json_int(struct json_out *out, const char *key, int64_t value);
void json_bool(struct json_out *out, const char *key, bool value);
void json_null(struct json_out *out, const char *key);
/* A value read by yajl_tree_parse(). */
void json_value(struct json_out *out, const char *key, yajl_val value);

/* Ends the writing, frees `out` and returns the allocated text, NULL if memory was short. */
char *json_take(struct json_out *out);

/* Reads a text whose objects and arrays stand at most JSON_MAX_DEPTH deep (yajl frees a tree by
 * recursion). NULL with a clause in err (errs bytes); otherwise free with yajl_tree_free(). */
yajl_val json_parse(const char *text, char *err, size_t errs);

#define JSON_MAX_DEPTH 32

/* Reading a tree. Each tolerates a NULL value and a value of another type, answering as if the key
 * were missing. */
yajl_val json_get(yajl_val object, const char *key);
const char *json_get_string(yajl_val object, const char *key); /* NULL if missing */
int64_t json_get_int(yajl_val object, const char *key, int64_t missing);
bool json_get_bool(yajl_val object, const char *key);

#endif
