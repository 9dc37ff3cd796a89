/* SPDX-License-Identifier: MIT */
/* Lists of CPUs: every form, every mistake, and the way back to text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/cpu_list.h"

static void good(const char *text, unsigned int nr_cpus, const char *expected)
{
    struct cpu_list list;
    char why[100], out[64];

    assert_int_equal(cpu_list_parse(text, &list, why, sizeof(why)), 0);
    cpu_list_format(&list, nr_cpus, out, sizeof(out));
    assert_string_equal(out, expected);
}

static void bad(const char *text, const char *part)
{
    struct cpu_list list;
    char why[100];

    assert_int_equal(cpu_list_parse(text, &list, why, sizeof(why)), -EINVAL);
    if (!strstr(why, part))
        fail_msg("'%s': '%s' is not in '%s'", text, part, why);
}

static void forms(void **state)
{
    (void)state;
    good("all", 4, "all");
    good("0", 4, "0");
    good("0-3", 4, "all");
    good(" 0-2 , 5", 8, "0-2,5");
    good("0-7,^2", 8, "0-1,3-7");
    good("all,^0", 4, "1-3");
    good("1,^1,1", 4, "1");
    good("6", 4, "none");
    good("1023", 1024, "1023");
}

static void mistakes(void **state)
{
    (void)state;
    bad("", "write CPUs");
    bad("x", "write CPUs");
    bad("-1", "write CPUs");
    bad("1-", "either end");
    bad("3-1", "smaller");
    bad("1024", "so high");
    bad("99999999999999999999", "so high");
    bad("0 1", "commas");
    bad("0,", "write CPUs");
    bad("^0", "names no CPU");
    bad("0,^0", "names no CPU");
    bad("node:1", "write CPUs");
}

/* A list that does not fit is cut at a whole number. */
static void short_buffer(void **state)
{
    struct cpu_list list;
    char why[100], out[24];

    (void)state;
    assert_int_equal(cpu_list_parse("1,3,5,7,9,11,13,15,17", &list, why, sizeof(why)), 0);
    cpu_list_format(&list, 64, out, sizeof(out));
    assert_true(strlen(out) < sizeof(out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(short_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
