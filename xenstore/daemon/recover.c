/* SPDX-License-Identifier: MIT */
/*
 * Recovery. Owns, while it runs, what the journal says about domains; writes the tree. The journal
 * is our own file in a folder that only root can write, yet nothing in it is used unchecked: a
 * damaged one must not do more harm than an empty one.
 */
#include "recover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn_ring.h"
#include "domain.h"
#include "journal.h"
#include "log.h"
#include "ops.h"
#include "xen.h"

/* A watch, or an event that waits for one. */
struct memo {
    struct list link;
    uint32_t home_len, path_len, token_len, event_len;
    char text[]; /* path, token, event's path, each with a NUL */
};

/* A domain as the journal tells of it. */
struct ghost {
    struct list link;
    uint32_t domid, remote_port, target;
    uint64_t mfn;
    bool shutdown;
    struct list watches, events; /* struct memo */
    uint32_t *transactions;
    uint32_t transaction_count, transaction_capacity;
    struct journal_ring ring;
    bool has_ring;
    char partial[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    char *unsent;
    uint32_t unsent_len;
};

static struct list ghosts = LIST_INIT(ghosts);
static unsigned int skipped; /* records that did not fit what came before */

static struct ghost *find(uint32_t domid)
{
    for (struct list *pos = ghosts.next; pos != &ghosts; pos = pos->next) {
        struct ghost *g = container_of(pos, struct ghost, link);

        if (g->domid == domid)
            return g;
    }
    return NULL;
}

static void drop_memos(struct list *head)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, head) {
        list_del(pos);
        free(container_of(pos, struct memo, link));
    }
}

static void ghost_free(struct ghost *g)
{
    drop_memos(&g->watches);
    drop_memos(&g->events);
    free(g->transactions);
    free(g->unsent);
    list_del(&g->link);
    free(g);
}

static int change_node(const struct journal_record *r)
{
    static struct path p;
    struct subject who = { .domid = r->domid, .target = r->number, .privileged = r->domid == 0 };
    struct edit e = { .root = &ops_root, .who = &who };
    struct node *removed = NULL;
    bool created;
    int rc = path_parse(&p, r->path, r->path_len, 0, PATH_SPECIAL_OK);

    if (rc)
        return rc;
    if (r->type == JOURNAL_WRITE)
        return store_write(&e, &p, r->data, r->data_len, NULL);
    if (r->type == JOURNAL_MKDIR)
        return store_mkdir(&e, &p, &created);
    rc = store_rm(&e, &p, &removed);
    node_put(removed);
    return rc;
}

static int change_perms(const struct journal_record *r)
{
    static struct path p;
    struct subject who = { .domid = r->domid, .target = r->number, .privileged = r->domid == 0 };
    struct edit e = { .root = &ops_root, .who = &who };
    struct perms *perms, *old = NULL;
    uint32_t count = 0;
    int rc = path_parse(&p, r->path, r->path_len, 0, PATH_SPECIAL_OK);

    for (uint32_t i = 0; i < r->data_len; i++)
        count += r->data[i] == '\0';
    if (rc || !count)
        return -EINVAL;
    rc = perms_parse(r->data, r->data_len, count, &perms);
    if (rc)
        return rc;
    rc = store_set_perms(&e, &p, perms, &old);
    if (rc)
        perms_put(perms);
    perms_put(old);
    return rc;
}

static int introduce(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (r->domid > PERM_DOMID_MAX || r->data_len != sizeof(g->mfn))
        return -EINVAL;
    if (g)
        ghost_free(g);
    g = calloc(1, sizeof(*g));
    if (!g)
        return -ENOMEM;
    g->domid = r->domid;
    g->remote_port = r->number;
    g->target = PERM_DOMID_NONE;
    memcpy(&g->mfn, r->data, sizeof(g->mfn));
    list_init(&g->watches);
    list_init(&g->events);
    list_add_tail(&ghosts, &g->link);
    return 0;
}

static int release(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g)
        ghost_free(g);
    return 0;
}

static int set_target(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g)
        g->target = r->number;
    return 0;
}

static int set_shutdown(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g)
        g->shutdown = r->number;
    return 0;
}

static int add_memo(struct list *head, const struct journal_record *r)
{
    size_t token_len = strnlen(r->data, r->data_len);
    struct memo *m = malloc(sizeof(*m) + r->path_len + r->data_len + 3);

    if (!m)
        return -ENOMEM;
    *m = (struct memo){ .home_len = r->number, .path_len = r->path_len,
                        .token_len = (uint32_t)token_len };
    if (token_len < r->data_len)
        m->event_len = r->data_len - (uint32_t)token_len - 1;
    memcpy(m->text, r->path, r->path_len);
    m->text[r->path_len] = '\0';
    memcpy(m->text + r->path_len + 1, r->data, r->data_len);
    m->text[r->path_len + 1 + r->data_len] = '\0';
    list_add_tail(head, &m->link);
    return 0;
}

static int add_watch(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    return g ? add_memo(&g->watches, r) : 0;
}

static int add_event(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    return g ? add_memo(&g->events, r) : 0;
}

static bool is_memo(const struct memo *m, const char *path, uint32_t path_len, const char *token,
                    uint32_t token_len)
{
    return m->path_len == path_len && m->token_len == token_len &&
           memcmp(m->text, path, path_len) == 0 &&
           memcmp(m->text + path_len + 1, token, token_len) == 0;
}

static void remove_memos(struct list *head, const struct journal_record *r)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, head) {
        struct memo *m = container_of(pos, struct memo, link);

        if (is_memo(m, r->path, r->path_len, r->data, r->data_len)) {
            list_del(pos);
            free(m);
        }
    }
}

static int remove_watch(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g) {
        remove_memos(&g->watches, r);
        remove_memos(&g->events, r);
    }
    return 0;
}

static int drop_watches(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g) {
        drop_memos(&g->watches);
        drop_memos(&g->events);
    }
    return 0;
}

static int drop_transactions(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (g)
        g->transaction_count = 0;
    return 0;
}

static int start_transaction(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    if (!g)
        return 0;
    if (g->transaction_count == g->transaction_capacity) {
        uint32_t capacity = g->transaction_capacity ? g->transaction_capacity * 2 : 4;
        uint32_t *bigger = realloc(g->transactions, capacity * sizeof(*bigger));

        if (!bigger)
            return -ENOMEM;
        g->transactions = bigger;
        g->transaction_capacity = capacity;
    }
    g->transactions[g->transaction_count++] = r->number;
    return 0;
}

static int end_transaction(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);

    for (uint32_t i = 0; g && i < g->transaction_count; i++) {
        if (g->transactions[i] == r->number) {
            g->transactions[i] = g->transactions[--g->transaction_count];
            break;
        }
    }
    return 0;
}

/* Drops from the front and appends at the end of what was not sent. */
static int move_unsent(struct ghost *g, uint32_t drop, const char *append, uint32_t len)
{
    uint32_t kept = g->unsent_len - drop;
    char *fresh = malloc(kept + len + 1);

    if (!fresh)
        return -ENOMEM;
    if (kept)
        memcpy(fresh, g->unsent + drop, kept);
    memcpy(fresh + kept, append, len);
    free(g->unsent);
    g->unsent = fresh;
    g->unsent_len = kept + len;
    return 0;
}

static int set_ring(const struct journal_record *r)
{
    struct ghost *g = find(r->domid);
    struct journal_ring j;

    if (!g)
        return 0;
    if (r->path_len < sizeof(j))
        return -EINVAL;
    memcpy(&j, r->path, sizeof(j));
    if (j.partial != r->path_len - sizeof(j) || j.partial > sizeof(g->partial) ||
        j.append != r->data_len || j.drop > g->unsent_len)
        return -EINVAL;
    g->ring = j;
    g->has_ring = true;
    memcpy(g->partial, r->path + sizeof(j), j.partial);
    for (uint32_t i = 0; i < j.events && !list_empty(&g->events); i++) {
        struct list *first = g->events.next;

        list_del(first);
        free(container_of(first, struct memo, link));
    }
    return j.drop || j.append ? move_unsent(g, j.drop, r->data, r->data_len) : 0;
}

static int (*const replays[])(const struct journal_record *r) = {
    [JOURNAL_WRITE] = change_node,
    [JOURNAL_MKDIR] = change_node,
    [JOURNAL_RM] = change_node,
    [JOURNAL_PERMS] = change_perms,
    [JOURNAL_INTRODUCE] = introduce,
    [JOURNAL_RELEASE] = release,
    [JOURNAL_TARGET] = set_target,
    [JOURNAL_SHUTDOWN] = set_shutdown,
    [JOURNAL_WATCH] = add_watch,
    [JOURNAL_UNWATCH] = remove_watch,
    [JOURNAL_DROP_WATCHES] = drop_watches,
    [JOURNAL_DROP_TRANSACTIONS] = drop_transactions,
    [JOURNAL_START] = start_transaction,
    [JOURNAL_END] = end_transaction,
    [JOURNAL_RING] = set_ring,
    [JOURNAL_EVENT] = add_event,
};

static void replay(const struct journal_record *r)
{
    int rc = -EINVAL;

    if (r->type >= JOURNAL_WRITE && r->type < sizeof(replays) / sizeof(replays[0]) &&
        r->domid <= PERM_DOMID_MAX)
        rc = replays[r->type](r);
    if (rc)
        skipped++;
}

/* What was allowed when it happened is not held against today's limits. */
void recover_tree(void)
{
    struct limits limits = quota_limits;

    quota_limits = (struct limits){ UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                    UINT32_MAX, UINT32_MAX, UINT32_MAX, XENSTORE_ABS_PATH_MAX };
    journal_replay(replay);
    quota_limits = limits;
    if (skipped)
        log_error("%u records of the journal made no sense and were left out", skipped);
}

static bool restore_watches(struct conn *c, const struct ghost *g)
{
    static struct path p;

    for (const struct list *pos = g->watches.next; pos != &g->watches; pos = pos->next) {
        const struct memo *m = container_of(pos, const struct memo, link);

        if (path_parse(&p, m->text, m->path_len, g->domid, PATH_SPECIAL_ANY) != 0 ||
            m->home_len > m->path_len)
            return false;
        if (!conn_watch(c, &p, m->home_len, m->text + m->path_len + 1, m->token_len) &&
            errno != EEXIST)
            return false;
    }
    return true;
}

static bool restore_events(struct conn *c, const struct ghost *g)
{
    static struct path p;

    for (const struct list *pos = g->events.next; pos != &g->events; pos = pos->next) {
        const struct memo *m = container_of(pos, const struct memo, link);
        const char *token = m->text + m->path_len + 1;
        struct watch *w;

        if (path_parse(&p, m->text, m->path_len, g->domid, PATH_SPECIAL_ANY) != 0)
            return false;
        w = watch_find(&c->watcher, &p, token, m->token_len);
        if (w && m->event_len >= w->home_len &&
            !conn_restore_event(c, w, token + m->token_len + 1, m->event_len))
            return false;
    }
    return true;
}

/* Each watch fires, since its owner may have missed something. */
static void fire_watches(struct conn *c)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, &c->watcher.watches) {
        struct watch *w = container_of(pos, struct watch, link);

        watch_deliver(w, w->path, w->path_len);
    }
}

static bool restore(struct domain *d, const struct ghost *g)
{
    struct conn *c = d->conn;
    bool ok = true;

    d->shutdown = g->shutdown;
    if (g->target != PERM_DOMID_NONE)
        domain_set_target(d, g->target);
    if (g->has_ring)
        ok = conn_ring_restore(c, &g->ring, g->partial, g->unsent, g->unsent_len);
    for (uint32_t i = 0; ok && i < g->transaction_count; i++)
        ok = conn_restore_transaction(c, ops_root, g->transactions[i]);
    ok = ok && restore_watches(c, g) && restore_events(c, g);
    fire_watches(c);
    return ok;
}

void recover_domains(void)
{
    struct list *pos, *tmp;

    list_for_each_safe(pos, tmp, &ghosts) {
        struct ghost *g = container_of(pos, struct ghost, link);
        struct domain *d = domain_restore(g->domid, g->mfn, g->remote_port);

        if (!d)
            domain_gone(g->domid);
        else if (!restore(d, g))
            log_error("domain %u does not get everything back: out of memory", g->domid);
        ghost_free(g);
    }
    domain_check_deaths();
}
