/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of the store's transactions and watches; a random test holds transactions against a
 * simple model.
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

#include "core/transaction.h"
#include "core/watch.h"

static const struct subject dom0 = { 0, PERM_DOMID_NONE, true };
static const struct subject guest = { 1, PERM_DOMID_NONE, false };
static struct node *root;
static struct path path;

static const struct path *at(const char *s)
{
    assert_int_equal(path_parse(&path, s, strlen(s), 0, PATH_SPECIAL_ANY), 0);
    return &path;
}

static struct node *look(struct node *tree, const char *s)
{
    const struct path *p = at(s);

    return tree_lookup(tree, p, p->depth);
}

static void put(const char *s, const char *value)
{
    struct edit e = { .root = &root, .who = &dom0 };

    assert_int_equal(store_write(&e, at(s), value, (uint32_t)strlen(value), NULL), 0);
}

static void drop(const char *s)
{
    struct edit e = { .root = &root, .who = &dom0 };
    struct node *removed;

    assert_int_equal(store_rm(&e, at(s), &removed), 0);
    node_put(removed);
}

static int read_in(struct transaction *t, const char *s)
{
    struct edit e = transaction_edit(t, &dom0);
    struct node *n;

    return store_get(&e, at(s), PERM_READ, TOUCH_CONTENT, &n);
}

static const char *value_at(const char *s)
{
    static char text[64];
    struct node *n = look(root, s);

    if (!n)
        return NULL;
    snprintf(text, sizeof(text), "%.*s", n->value ? (int)n->value->len : 0,
             n->value ? n->value->data : "");
    return text;
}

static int end(struct transaction *t)
{
    int rc = transaction_commit(t, &dom0, &root);

    transaction_free(t);
    return rc;
}

static void a_lone_transaction_replaces_the_tree(void **state)
{
    struct transaction *t = transaction_new(root, 1, false);
    struct node *work;

    (void)state;
    assert_int_equal(transaction_write(t, &dom0, at("/a/b"), "1", 1), 0);
    assert_null(value_at("/a"));
    work = t->work;
    assert_int_equal(end(t), 0);
    assert_ptr_equal(root, work);
    assert_string_equal(value_at("/a/b"), "1");
    drop("/a");
}

static void a_later_one_is_replayed(void **state)
{
    struct transaction *t = transaction_new(root, 1, false);

    (void)state;
    assert_int_equal(transaction_write(t, &dom0, at("/a/b"), "1", 1), 0);
    assert_int_equal(transaction_mkdir(t, &dom0, at("/a/c")), 0);
    assert_int_equal(transaction_rm(t, &dom0, at("/a/c")), 0);
    assert_int_equal(transaction_set_perms(t, &dom0, at("/a/b"), perms_single(3, PERM_READ)), 0);
    put("/elsewhere", "2");
    assert_int_equal(end(t), 0);
    assert_string_equal(value_at("/a/b"), "1");
    assert_string_equal(value_at("/elsewhere"), "2");
    assert_null(value_at("/a/c"));
    assert_int_equal(quota_account(3)->nodes, 1);
    drop("/a");
    drop("/elsewhere");
    assert_int_equal(quota_account(3)->nodes, 0);
}

static void conflicts_are_seen(void **state)
{
    struct transaction *t;

    (void)state;
    put("/x/y", "1");
    t = transaction_new(root, 1, false);
    assert_int_equal(read_in(t, "/x/y"), 0);
    put("/x/y", "2");
    assert_int_equal(end(t), -EAGAIN);
    t = transaction_new(root, 1, false);
    assert_int_equal(read_in(t, "/x/new"), -ENOENT);
    put("/x/new", "");
    assert_int_equal(end(t), -EAGAIN);
    t = transaction_new(root, 1, false);
    assert_int_equal(transaction_rm(t, &dom0, at("/x")), 0);
    put("/x/y", "3");
    assert_int_equal(end(t), -EAGAIN);
    t = transaction_new(root, 1, false);
    assert_int_equal(read_in(t, "/x/y"), 0);
    drop("/x/y");
    put("/x/y", "3"); /* as before, but not the same node */
    assert_int_equal(end(t), -EAGAIN);
    t = transaction_new(root, 1, false);
    t->doomed = true;
    assert_int_equal(end(t), -EAGAIN);
    drop("/x");
}

static void a_transaction_is_limited(void **state)
{
    struct transaction *t;
    char name[32];
    int rc = 0, n;

    (void)state;
    put("/g", "");
    {
        struct edit e = { .root = &root, .who = &dom0 };
        struct perms *old;

        assert_int_equal(store_set_perms(&e, at("/g"), perms_single(1, PERM_NONE), &old), 0);
        perms_put(old);
    }
    t = transaction_new(root, 1, true);
    for (n = 0; !rc && n < 5000; n++) {
        snprintf(name, sizeof(name), "/g/k%d", n);
        rc = transaction_write(t, &guest, at(name), "v", 1);
    }
    assert_int_equal(rc, -ENOSPC);
    assert_int_equal(n, 1000); /* /g itself counts */
    transaction_free(t);
    assert_int_equal(quota_account(1)->nodes, 1);
    t = transaction_new(root, 1, true);
    for (n = 0, rc = 0; !rc && n < 100000; n++)
        rc = transaction_write(t, &guest, at("/g/k"), "v", 1);
    assert_int_equal(rc, 0); /* repeated writes of one path are one change */
    for (n = 0; !rc && n < 100000; n++) {
        rc = transaction_rm(t, &guest, at("/g/k"));
        if (!rc)
            rc = transaction_write(t, &guest, at("/g/k"), "v", 1);
    }
    assert_int_equal(rc, -ENOSPC);
    transaction_free(t);
    drop("/g");
}

/* ---- random transactions against a model -------------------------------------------------- */

enum { SLOTS = 6, VALUES = 50 };

/* Serialisability: a committed transaction behaves as if it had run alone at its end. The model
 * runs each one again at that moment and must come to the same reads. */
static void random_transactions_are_serialisable(void **state)
{
    static const char *const names[SLOTS] = { "/m/a", "/m/b", "/m/c", "/m/d/e", "/m/d/f", "/m/g" };
    unsigned int commits = 0, conflicts = 0;

    (void)state;
    srandom(7);
    put("/m/d", "");
    for (int round = 0; round < 3000; round++) {
        struct transaction *t = transaction_new(root, 1, false);
        struct node *seen[SLOTS] = { NULL };
        bool touched[SLOTS] = { false };
        unsigned int steps = 1 + (unsigned int)random() % 4;
        bool changed = false;

        for (unsigned int i = 0; i < steps; i++) {
            int slot = (int)(random() % SLOTS);

            touched[slot] = true;
            seen[slot] = look(t->base, names[slot]);
            switch (random() % 3) {
            case 0: (void)read_in(t, names[slot]); break;
            case 1: (void)transaction_write(t, &dom0, at(names[slot]), "t", 1); break;
            default: (void)transaction_rm(t, &dom0, at(names[slot])); break;
            }
            if (random() % 4 == 0)
                put(names[random() % SLOTS], "o");
        }
        for (int slot = 0; slot < SLOTS; slot++)
            if (touched[slot] && look(root, names[slot]) != seen[slot])
                changed = true;
        if (end(t) == 0) {
            assert_false(changed);
            commits++;
        } else {
            assert_true(changed);
            conflicts++;
        }
    }
    assert_true(commits > 500 && conflicts > 200);
    drop("/m");
}

/* ---- watches ------------------------------------------------------------------------------- */

static char heard[4096];

void watch_deliver(struct watch *w, const char *p, uint32_t len)
{
    size_t at_end = strlen(heard);

    snprintf(heard + at_end, sizeof(heard) - at_end, "%s:%.*s ", w->token, (int)(len - w->home_len),
             p + w->home_len);
}

static const char *take(void)
{
    static char text[sizeof(heard)];

    strcpy(text, heard);
    heard[0] = '\0';
    return text;
}

static struct watcher watcher(struct subject who)
{
    return (struct watcher){ .who = who };
}

static void watches_hear_in_order(void **state)
{
    struct watcher w = watcher(dom0);
    struct node *removed;
    struct edit e = { .root = &root, .who = &dom0 };

    (void)state;
    list_init(&w.watches);
    watch_add(&w, at("/w/x/y"), 0, "deep", 4);
    watch_add(&w, at("/"), 0, "all", 3);
    watch_add(&w, at("/w/x"), 3, "rel", 3);
    assert_null(watch_add(&w, at("/w/x"), 3, "rel", 3));
    assert_int_equal(errno, EEXIST);
    put("/w/x/y", "1");
    watch_fire(root, at("/w/x/y"), NULL);
    assert_string_equal(take(), "deep:/w/x/y all:/w/x/y rel:x/y ");
    put("/w/xx", "1");
    watch_fire(root, at("/w/xx"), NULL);
    assert_string_equal(take(), "all:/w/xx ");
    assert_int_equal(store_rm(&e, at("/w"), &removed), 0);
    watch_fire_removed(root, at("/w"), removed);
    assert_string_equal(take(), "deep:/w/x/y all:/w rel:x ");
    node_put(removed);
    while (!list_empty(&w.watches))
        watch_remove(container_of(w.watches.next, struct watch, link));
    watch_fire(root, at("/w"), NULL);
    assert_string_equal(take(), "");
}

static void guests_hear_what_they_may_read(void **state)
{
    struct watcher w = watcher(guest);
    struct edit e = { .root = &root, .who = &dom0 };
    struct perms *old;

    (void)state;
    list_init(&w.watches);
    put("/p/q", "");
    watch_add(&w, at("/p"), 0, "t", 1);
    watch_add(&w, at("@releaseDomain"), 0, "r", 1);
    watch_fire(root, at("/p/q"), NULL);
    watch_fire_special(root, at("@releaseDomain"));
    assert_string_equal(take(), "");
    assert_int_equal(store_set_perms(&e, at("/p/q"), perms_single(0, PERM_READ), &old), 0);
    perms_put(old);
    watch_fire(root, at("/p/q"), NULL);
    assert_string_equal(take(), "t:/p/q ");
    assert_int_equal(store_set_perms(&e, at("/p/q"), perms_single(0, PERM_NONE), &old), 0);
    watch_fire(root, at("/p/q"), old); /* it could read it until now */
    perms_put(old);
    assert_string_equal(take(), "t:/p/q ");
    watch_fire(root, at("/p/q"), NULL);
    assert_string_equal(take(), "");
    assert_int_equal(store_set_perms(&e, at("@releaseDomain"), perms_single(0, PERM_READ), &old),
                     0);
    perms_put(old);
    watch_fire_special(root, at("@releaseDomain"));
    assert_string_equal(take(), "r:@releaseDomain ");
    while (!list_empty(&w.watches))
        watch_remove(container_of(w.watches.next, struct watch, link));
    drop("/p");
}

static void many_watches(void **state)
{
    struct watcher w = watcher(dom0);
    char name[32];

    (void)state;
    list_init(&w.watches);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "/many/n%d", i);
        assert_non_null(watch_add(&w, at(name), 0, name, (uint32_t)strlen(name)));
    }
    watch_fire(root, at("/many/n77/x"), NULL);
    assert_string_equal(take(), "/many/n77:/many/n77/x ");
    for (int i = 0; i < 1000; i += 2) {
        snprintf(name, sizeof(name), "/many/n%d", i);
        watch_remove(watch_find(&w, at(name), name, (uint32_t)strlen(name)));
    }
    watch_fire(root, at("/many/n78"), NULL);
    assert_string_equal(take(), "");
    watch_fire(root, at("/many/n79"), NULL);
    assert_string_equal(take(), "/many/n79:/many/n79 ");
    while (!list_empty(&w.watches))
        watch_remove(container_of(w.watches.next, struct watch, link));
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
        cmocka_unit_test(a_lone_transaction_replaces_the_tree),
        cmocka_unit_test(a_later_one_is_replayed),
        cmocka_unit_test(conflicts_are_seen),
        cmocka_unit_test(a_transaction_is_limited),
        cmocka_unit_test(random_transactions_are_serialisable),
        cmocka_unit_test(watches_hear_in_order),
        cmocka_unit_test(guests_hear_what_they_may_read),
        cmocka_unit_test(many_watches),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
