/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of the store's paths, children and tree.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/quota.h"
#include "core/tree.h"

static struct path path;

static int parse(const char *s, unsigned int flags)
{
    return path_parse(&path, s, strlen(s), 3, flags);
}

static void paths_are_split(void **state)
{
    (void)state;
    assert_int_equal(parse("/", 0), 0);
    assert_int_equal(path.depth, 0);
    assert_int_equal(parse("/a/bc-_9/D@", 0), 0);
    assert_int_equal(path.depth, 3);
    assert_memory_equal(path.comp[1].name, "bc-_9", 5);
    assert_int_equal(path.comp[1].len, 5);
    assert_int_equal(path.comp[1].hash, path_hash_name("bc-_9", 5));
    assert_string_equal(path.str, "/a/bc-_9/D@");
}

static void relative_paths_start_at_home(void **state)
{
    (void)state;
    assert_int_equal(parse("device/vif", 0), 0);
    assert_string_equal(path.str, "/local/domain/3/device/vif");
    assert_int_equal(path.depth, 5);
    assert_int_equal(path.len, strlen(path.str));
}

static void bad_paths_are_refused(void **state)
{
    static const char *const bad[] = { "", "//", "/a/", "/a//b", "a/", "/a b", "/a\n", "/a.",
                                       "/\xc3", "/a\x01", "@releaseDomain", "/a,b" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(parse(bad[i], 0), -EINVAL);
    assert_int_equal(path_parse(&path, "/a\0b", 4, 0, 0), -EINVAL);
}

static void special_paths_need_leave(void **state)
{
    (void)state;
    assert_int_equal(parse("@releaseDomain", PATH_SPECIAL_OK), 0);
    assert_true(path.special);
    assert_string_equal(path.str, "@releaseDomain");
    assert_int_equal(path.comp[0].name[0], PATH_SPECIAL_MARK);
    assert_int_equal(parse("@other", PATH_SPECIAL_OK), -EINVAL);
    assert_int_equal(parse("@other", PATH_SPECIAL_ANY), 0);
}

static void length_is_limited(void **state)
{
    static char s[XENSTORE_ABS_PATH_MAX + 100];
    size_t home;

    (void)state;
    memset(s, 'x', sizeof(s) - 1);
    s[0] = '/';
    assert_int_equal(path_parse(&path, s, 2048, 3, 0), -EINVAL); /* no NUL there */
    s[2048] = '\0';
    assert_int_equal(parse(s, 0), 0);
    s[2048] = 'x';
    s[2049] = '\0';
    assert_int_equal(parse(s, 0), -EINVAL);
    s[2049] = 'x';
    home = (size_t)sprintf(s, "/local/domain/12/");
    s[home] = 'x';
    s[home + 2048] = '\0';
    assert_int_equal(parse(s, 0), 0);
    s[home + 2048] = 'x';
    s[home + 2049] = '\0';
    assert_int_equal(parse(s, 0), -EINVAL);
    quota_limits.path_max = XENSTORE_ABS_PATH_MAX;
    s[home + 2049] = 'x';
    s[XENSTORE_ABS_PATH_MAX] = '\0';
    assert_int_equal(parse(s, 0), 0);
    for (size_t i = 0; i < XENSTORE_ABS_PATH_MAX; i++)
        s[i] = i % 2 ? 'x' : '/'; /* as many components as fit */
    assert_int_equal(parse(s, 0), 0);
    assert_int_equal(path.depth, XENSTORE_ABS_PATH_MAX / 2);
    quota_limits.path_max = XENSTORE_REL_PATH_MAX;
}

static struct node *new_root(void)
{
    return tree_new(perms_single(0, PERM_NONE));
}

/* Creates a path below a root, as tests need it. */
static struct node *make(struct node **root, const char *s)
{
    unsigned int depth;
    struct node *n;

    assert_int_equal(parse(s, 0), 0);
    tree_lookup_deepest(*root, &path, &depth);
    n = tree_own(root, &path, depth);
    for (; depth < path.depth; depth++)
        n = node_add_child(n, &path.comp[depth], perms_get(n->perms));
    return n;
}

static struct node *get(struct node *root, const char *s)
{
    assert_int_equal(parse(s, 0), 0);
    return tree_lookup(root, &path, path.depth);
}

static void many_children_are_found_in_order(void **state)
{
    struct node *root = new_root(), *d, *child;
    char name[32];
    unsigned int seen = 0;

    (void)state;
    for (unsigned int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "/d/k%u", i);
        make(&root, name);
    }
    for (unsigned int i = 0; i < 1000; i++) {
        if (i % 3 == 0)
            continue;
        snprintf(name, sizeof(name), "/d/k%u", i);
        assert_non_null(get(root, name));
        node_put(node_take_child(get(root, "/d"), &(struct path_component){
            strrchr(name, '/') + 1, (uint32_t)strlen(name) - 3,
            path_hash_name(name + 3, strlen(name) - 3) }));
        assert_null(get(root, name));
    }
    for (unsigned int i = 1000; i < 1300; i++) {
        snprintf(name, sizeof(name), "/d/k%u", i);
        make(&root, name);
    }
    d = get(root, "/d");
    assert_int_equal(d->kids->live, 334 + 300);
    children_for_each(i, child, d->kids) {
        snprintf(name, sizeof(name), "k%u", seen < 334 ? seen * 3 : 1000 + seen - 334);
        assert_string_equal(child->name, name);
        seen++;
    }
    assert_int_equal(seen, 634);
    node_put(root);
}

static void a_snapshot_keeps_what_it_saw(void **state)
{
    struct node *root = new_root(), *old;

    (void)state;
    node_set_value(make(&root, "/a/b"), "1", 1);
    make(&root, "/a/c");
    make(&root, "/x/y");
    old = node_get(root);
    node_set_value(make(&root, "/a/b"), "two", 3);
    assert_ptr_not_equal(root, old);
    assert_ptr_equal(get(root, "/x"), get(old, "/x"));
    assert_ptr_equal(get(root, "/a/c"), get(old, "/a/c"));
    assert_int_equal(get(old, "/a/b")->value->len, 1);
    assert_int_equal(get(root, "/a/b")->value->len, 3);
    make(&root, "/a/new");
    assert_null(get(old, "/a/new"));
    assert_true(tree_equal(get(root, "/x"), get(old, "/x")));
    assert_false(tree_equal(get(root, "/a"), get(old, "/a")));
    node_put(root);
    assert_int_equal(get(old, "/a/b")->value->data[0], '1');
    node_put(old);
}

static void without_a_snapshot_nothing_is_copied(void **state)
{
    struct node *root = new_root(), *b = make(&root, "/a/b"), *before = root;

    (void)state;
    assert_ptr_equal(make(&root, "/a/b"), b);
    assert_ptr_equal(root, before);
    node_put(root);
}

static void values_of_all_sizes(void **state)
{
    struct node *root = new_root(), *n = make(&root, "/v");
    char data[300];

    (void)state;
    memset(data, 'q', sizeof(data));
    for (unsigned int i = 0; i < 2000; i++) {
        uint32_t len = (i * 37) % sizeof(data);
        uint64_t generation = n->generation;

        assert_int_equal(node_set_value(n, data, len), 0);
        assert_true(n->generation > generation);
        assert_int_equal(n->value ? n->value->len : 0, len);
    }
    node_put(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_split),
        cmocka_unit_test(relative_paths_start_at_home),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(special_paths_need_leave),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(many_children_are_found_in_order),
        cmocka_unit_test(a_snapshot_keeps_what_it_saw),
        cmocka_unit_test(without_a_snapshot_nothing_is_copied),
        cmocka_unit_test(values_of_all_sizes),
    };

    path_seed(12345);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
