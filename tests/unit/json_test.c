/* SPDX-License-Identifier: MIT */
/* The toolstack's JSON: writing, reading back, and texts that mean harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static void write_and_read(void **state)
{
    struct json_out *out = json_out_new(false);
    char err[100], *text;

    (void)state;
    json_open_object(out, NULL);
    json_string(out, "text", "a\"b\\c\n\x01");
    json_int(out, "big", INT64_MAX);
    json_bool(out, "yes", true);
    json_null(out, "nothing");
    json_open_array(out, "list");
    json_int(out, NULL, 1);
    json_string(out, NULL, NULL);
    json_close_array(out);
    json_close_object(out);
    text = json_take(out);
    assert_non_null(text);
    assert_null(strchr(text, '\n')); /* one line: the protocol's frame */
    yajl_val v = json_parse(text, err, sizeof(err));
    assert_non_null(v);
    assert_string_equal(json_get_string(v, "text"), "a\"b\\c\n\x01");
    assert_true(json_get_int(v, "big", 0) == INT64_MAX);
    assert_true(json_get_bool(v, "yes"));
    assert_false(json_get_bool(v, "text"));
    assert_null(json_get_string(v, "big"));
    assert_null(json_get_string(v, "none"));
    assert_int_equal(json_get_int(v, "text", 7), 7);
    assert_int_equal(YAJL_GET_ARRAY(json_get(v, "list"))->len, 2);
    out = json_out_new(false);
    json_value(out, NULL, v);
    char *again = json_take(out);
    assert_string_equal(text, again);
    yajl_tree_free(v);
    free(text);
    free(again);
}

static void bad_utf8_is_replaced(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "\xff", "\"?\"" },
        { "a\xc3", "\"a?\"" },
        { "\xc0\x80", "\"??\"" },
        { "\xed\xa0\x80", "\"???\"" },
        { "\xf4\x90\x80\x80", "\"????\"" },
        { "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
        { "\xf0\x9f\x98\x80!", "\"\xf0\x9f\x98\x80!\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_out *out = json_out_new(false);

        json_string(out, NULL, cases[i].in);
        char *text = json_take(out);
        assert_string_equal(text, cases[i].out);
        free(text);
    }
}

static void hostile_texts(void **state)
{
    static const char *const bad[] = { "", "{", "nul", "[1,]", "{\"a\"}", "\"\xff\"", "{}{}" };
    char err[100], *deep = malloc(100001);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(json_parse(bad[i], err, sizeof(err)));
        assert_true(err[0]);
    }
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    assert_null(json_parse(deep, err, sizeof(err)));
    assert_non_null(strstr(err, "nested"));
    free(deep);
    yajl_val v =
        json_parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"", err, sizeof(err));
    assert_non_null(v); /* brackets in a string are no depth */
    yajl_tree_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_and_read),
        cmocka_unit_test(bad_utf8_is_replaced),
        cmocka_unit_test(hostile_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
