/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of the store's wire format, permissions, access rules and quotas.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/store.h"
#include "core/wire.h"

static const struct subject dom0 = { 0, PERM_DOMID_NONE, true };
static const struct subject one = { 1, PERM_DOMID_NONE, false };
static const struct subject two = { 2, PERM_DOMID_NONE, false };
static struct node *root;
static struct path path;

static const struct path *at(const char *s)
{
    assert_int_equal(path_parse(&path, s, strlen(s), 0, PATH_SPECIAL_OK), 0);
    return &path;
}

static struct edit as(const struct subject *who)
{
    return (struct edit){ .root = &root, .who = who };
}

static int do_write(const struct subject *who, const char *s, const char *value)
{
    struct edit e = as(who);

    return store_write(&e, at(s), value, (uint32_t)strlen(value), NULL);
}

static int do_get(const struct subject *who, const char *s, unsigned int wanted)
{
    struct edit e = as(who);
    struct node *n;

    return store_get(&e, at(s), wanted, TOUCH_CONTENT, &n);
}

static int do_perms(const struct subject *who, const char *s, const char *text, uint32_t count)
{
    struct edit e = as(who);
    struct perms *perms, *old = NULL;
    size_t len = 0;
    int rc;

    for (uint32_t i = 0; i < count; i++)
        len += strlen(text + len) + 1;
    assert_int_equal(perms_parse(text, len, count, &perms), 0);
    rc = store_set_perms(&e, at(s), perms, &old);
    if (rc)
        perms_put(perms);
    perms_put(old);
    return rc;
}

static int do_rm(const struct subject *who, const char *s)
{
    struct edit e = as(who);
    struct node *removed;
    int rc = store_rm(&e, at(s), &removed);

    node_put(removed);
    return rc;
}

static void requests_are_found(void **state)
{
    struct xsd_sockmsg h = { .type = XS_READ, .len = 5 }, out;
    char buf[sizeof(h) + 5];
    size_t total;

    (void)state;
    memcpy(buf, &h, sizeof(h));
    assert_int_equal(wire_peek(buf, 15, &out, &total), WIRE_MORE);
    assert_int_equal(total, 0);
    assert_int_equal(wire_peek(buf, 16, &out, &total), WIRE_MORE);
    assert_int_equal(total, 21);
    assert_int_equal(wire_peek(buf, 21, &out, &total), WIRE_COMPLETE);
    h.len = XENSTORE_PAYLOAD_MAX + 1;
    memcpy(buf, &h, sizeof(h));
    assert_int_equal(wire_peek(buf, 21, &out, &total), WIRE_BAD);
    h.len = UINT32_MAX;
    memcpy(buf, &h, sizeof(h));
    assert_int_equal(wire_peek(buf, 21, &out, &total), WIRE_BAD);
}

static void strings_are_counted(void **state)
{
    struct request r = { .header.len = 7, .payload = "ab\0c\0de" };
    const char *str[2];

    (void)state;
    assert_int_equal(wire_strings(&r, str, 2), 2);
    assert_string_equal(str[1], "c");
    r.header.len = 8;
    assert_int_equal(wire_strings(&r, str, 2), 3);
    r.header.len = 0;
    assert_int_equal(wire_strings(&r, str, 2), 0);
}

static void numbers_are_checked(void **state)
{
    uint64_t n;

    (void)state;
    assert_int_equal(wire_number("65535", 65535, &n), 0);
    assert_int_equal(n, 65535);
    assert_int_equal(wire_number("65536", 65535, &n), -EINVAL);
    assert_int_equal(wire_number("", 65535, &n), -EINVAL);
    assert_int_equal(wire_number("-1", 65535, &n), -EINVAL);
    assert_int_equal(wire_number("1x", 65535, &n), -EINVAL);
    assert_int_equal(wire_number("18446744073709551616", UINT64_MAX, &n), -EINVAL);
    assert_int_equal(wire_number("18446744073709551615", UINT64_MAX, &n), 0);
    assert_string_equal(wire_error_name(EAGAIN), "EAGAIN");
    assert_string_equal(wire_error_name(ENODEV), "EINVAL");
}

static void permissions_are_read_and_written(void **state)
{
    struct perms *p;
    char buf[32];

    (void)state;
    assert_int_equal(perms_parse("n0\0r17\0b32751", 14, 3, &p), 0);
    assert_int_equal(perms_format(p, buf, sizeof(buf)), 14);
    assert_memory_equal(buf, "n0\0r17\0b32751", 14);
    assert_int_equal(perms_format(p, buf, 3), 14);
    perms_put(p);
    assert_int_equal(perms_parse("n0\0r17", 6, 2, &p), -EINVAL);
    assert_int_equal(perms_parse("n0\0x1\0", 6, 2, &p), -EINVAL);
    assert_int_equal(perms_parse("n\0", 2, 1, &p), -EINVAL);
    assert_int_equal(perms_parse("n32752\0", 7, 1, &p), -EINVAL);
    assert_int_equal(perms_parse("n99999999999\0", 13, 1, &p), -EINVAL);
    assert_int_equal(perms_parse("", 0, 1, &p), -EINVAL);
}

static void who_may_what(void **state)
{
    const struct subject stub = { 5, 1, false };
    struct perms *p;

    (void)state;
    assert_int_equal(perms_parse("r1\0n2\0w3", 9, 3, &p), 0);
    assert_int_equal(perms_for(p, &dom0), PERM_READ | PERM_WRITE | PERM_OWNER);
    assert_int_equal(perms_for(p, &one), PERM_READ | PERM_WRITE | PERM_OWNER);
    assert_int_equal(perms_for(p, &two), PERM_NONE);
    assert_int_equal(perms_for(p, &(struct subject){ 3, PERM_DOMID_NONE, false }), PERM_WRITE);
    assert_int_equal(perms_for(p, &(struct subject){ 4, PERM_DOMID_NONE, false }), PERM_READ);
    assert_int_equal(perms_for(p, &stub), PERM_READ | PERM_WRITE | PERM_OWNER);
    perms_put(p);
}

static void errors_tell_no_more_than_one_may_know(void **state)
{
    (void)state;
    assert_int_equal(do_write(&dom0, "/h/1", ""), 0);
    assert_int_equal(do_perms(&dom0, "/h/1", "n1", 1), 0);
    assert_int_equal(do_get(&one, "/h/1/x", PERM_READ), -ENOENT);
    assert_int_equal(do_get(&two, "/h/1/x", PERM_READ), -EACCES);
    assert_int_equal(do_get(&one, "/h", PERM_READ), -EACCES);
    assert_int_equal(do_get(&dom0, "/no", PERM_READ), -ENOENT);
    assert_int_equal(do_write(&two, "/h/1/x", "1"), -EACCES);
    assert_int_equal(do_write(&one, "/other", "1"), -EACCES);
    assert_int_equal(do_rm(&one, "/h/1/x/y"), -ENOENT);
    assert_int_equal(do_rm(&one, "/h/1/x"), 0);
    assert_int_equal(do_rm(&dom0, "/"), -EINVAL);
    assert_int_equal(do_rm(&one, "/"), -EACCES);
    assert_int_equal(do_rm(&dom0, "/h"), 0);
}

static void what_one_makes_one_owns(void **state)
{
    (void)state;
    assert_int_equal(do_write(&dom0, "/pub", ""), 0);
    assert_int_equal(do_perms(&dom0, "/pub", "b0", 1), 0);
    assert_int_equal(do_write(&one, "/pub/a/b", "1"), 0);
    assert_int_equal(quota_account(1)->nodes, 2);
    assert_int_equal(do_get(&one, "/pub/a/b", PERM_OWNER), 0);
    assert_int_equal(do_get(&two, "/pub/a/b", PERM_OWNER), -EACCES);
    assert_int_equal(do_perms(&one, "/pub/a/b", "n2", 1), -EPERM);
    assert_int_equal(do_perms(&two, "/pub/a/b", "n2", 1), -EACCES);
    assert_int_equal(do_perms(&dom0, "/pub/a/b", "n2", 1), 0);
    assert_int_equal(quota_account(1)->nodes, 1);
    assert_int_equal(quota_account(2)->nodes, 1);
    assert_int_equal(do_rm(&dom0, "/pub"), 0);
    assert_int_equal(quota_account(1)->nodes + quota_account(2)->nodes, 0);
    assert_int_equal(quota_account(1)->memory + quota_account(2)->memory, 0);
}

static void limits_hold(void **state)
{
    struct limits saved = quota_limits;

    (void)state;
    assert_int_equal(do_write(&dom0, "/q", ""), 0);
    assert_int_equal(do_perms(&dom0, "/q", "b0", 1), 0);
    quota_limits.nodes = 3;
    assert_int_equal(do_write(&one, "/q/a/b/c/d", ""), -ENOSPC);
    assert_int_equal(quota_account(1)->nodes, 0);
    assert_int_equal(do_write(&one, "/q/a/b/c", ""), 0);
    assert_int_equal(do_write(&one, "/q/e", ""), -ENOSPC);
    assert_int_equal(do_write(&dom0, "/q/e", ""), 0);
    quota_limits.node_bytes = 3;
    assert_int_equal(do_write(&one, "/q/a", "1234"), -ENOSPC);
    assert_int_equal(do_write(&one, "/q/a", "123"), 0);
    quota_limits.node_perms = 2;
    assert_int_equal(do_perms(&one, "/q/a", "n1\0r2\0r3", 3), -ENOSPC);
    assert_int_equal(do_perms(&one, "/q/a", "n1\0r2", 2), 0);
    quota_limits.memory = (unsigned int)quota_account(1)->memory + 1;
    assert_int_equal(do_write(&one, "/q/a/b", "12"), -ENOSPC);
    assert_int_equal(do_write(&one, "/q/a/b", "1"), 0);
    quota_limits = saved;
    assert_int_equal(do_rm(&dom0, "/q"), 0);
    assert_int_equal(quota_account(1)->nodes, 0);
}

static void traces_of_the_dead(void **state)
{
    struct traces t;

    (void)state;
    assert_int_equal(do_write(&dom0, "/t/a/b", ""), 0);
    assert_int_equal(do_write(&dom0, "/t/c", ""), 0);
    assert_int_equal(do_perms(&dom0, "/t/a", "n1", 1), 0);
    assert_int_equal(do_perms(&dom0, "/t/a/b", "n1", 1), 0);
    assert_int_equal(do_perms(&dom0, "/t/c", "n0\0r1", 2), 0);
    assert_int_equal(do_perms(&dom0, "@releaseDomain", "n0\0r1", 2), 0);
    assert_int_equal(store_traces(root, 1, &t), 0);
    assert_int_equal(t.len, 16 + 6 + 6);
    assert_memory_equal(t.text, "p@releaseDomain\0o/t/a\0p/t/c", t.len);
    free(t.text);
    assert_int_equal(do_rm(&dom0, "/t"), 0);
}

static void batches_are_applied_whole(void **state)
{
    struct quota_batch b = { 0 };

    (void)state;
    for (uint32_t i = 10; i < 40; i++) {
        assert_int_equal(quota_reserve(&b, 1), 0);
        quota_change(&b, i, 2, 100);
        quota_change(&b, i, -1, 1);
    }
    assert_int_equal(quota_usage(&b, 20).nodes, 1);
    assert_int_equal(quota_account(20)->nodes, 0);
    quota_apply(&b);
    assert_int_equal(quota_account(20)->nodes, 1);
    assert_int_equal(quota_account(20)->memory, 101);
    quota_batch_free(&b);
    for (uint32_t i = 10; i < 40; i++)
        quota_change(NULL, i, -1, -101);
}

static int set_up(void **state)
{
    (void)state;
    root = store_new();
    return root ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    node_put(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_found),
        cmocka_unit_test(strings_are_counted),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(permissions_are_read_and_written),
        cmocka_unit_test(who_may_what),
        cmocka_unit_test(errors_tell_no_more_than_one_may_know),
        cmocka_unit_test(what_one_makes_one_owns),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(traces_of_the_dead),
        cmocka_unit_test(batches_are_applied_whole),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
