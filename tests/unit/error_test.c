/* SPDX-License-Identifier: MIT */
/*
 * Error sentences: the first cause wins, prefixes, clean cuts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"

static void test_first_cause_counts(void **state)
{
    struct error e = { 0 };

    (void)state;
    assert_string_equal(error_text(&e), "no error");
    assert_int_equal(error_set(&e, -ENOENT, "disk %s is missing", "a"), -ENOENT);
    assert_int_equal(error_set(&e, -EIO, "later"), -EIO);
    assert_int_equal(e.code, -ENOENT);
    assert_int_equal(error_prefix(&e, "domain %d", 3), -ENOENT);
    assert_string_equal(error_text(&e), "domain 3: disk a is missing");
    error_clear(&e);
    assert_string_equal(error_text(&e), "no error");
    assert_int_equal(error_set(NULL, -EIO, "nobody listens"), -EIO);
}

static void test_long_sentences_are_cut(void **state)
{
    char text[2 * ERROR_TEXT_BYTES];
    struct error e = { 0 };

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&e, -EIO, "%s", text);
    assert_int_equal(strlen(e.text), ERROR_TEXT_BYTES - 1);
    error_prefix(&e, "%s", text);
    assert_int_equal(strlen(e.text), ERROR_TEXT_BYTES - 1);
    error_clear(&e);
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 2] = '\0';
    error_set(&e, -EIO, "%s", text);
    assert_int_equal(strlen(e.text), ERROR_TEXT_BYTES - 2);
    assert_int_equal((unsigned char)e.text[ERROR_TEXT_BYTES - 3], 0xa9);
}

static void test_clauses(void **state)
{
    (void)state;
    assert_string_equal(error_clause(-ESRCH), "there is no such domain");
    assert_string_equal(error_clause(-ENOTTY), strerror(ENOTTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_cause_counts),
        cmocka_unit_test(test_long_sentences_are_cut),
        cmocka_unit_test(test_clauses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
