/* SPDX-License-Identifier: MIT */
/*
 * The FIFO layout of events: one word a port in frames that the guest gives, and a queue for each
 * priority of each vCPU, linked through the words. We append at tails that we remember; the guest
 * takes from heads. The guest may write any word at any time, so no link is ever followed, every
 * retry is bounded, and who keeps a word changing gets his queue begun anew: a sender, who holds
 * locks and may be an interrupt, cannot end a domain.
 *
 * Facts: "FIFO-based event channel ABI" (design document of the Xen project), public
 * event_channel.h. Locks: channel->lock, then queue->lock (irq off, leaf but for the run queue).
 */
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define MAX_PAGES      (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define LINK_TRIES     4

struct fifo_queue {
    spinlock_t lock;
    u32 tail; /* port last appended, 0 none */
};

struct event_fifo_vcpu {
    struct frame *frame;
    struct evtchn_fifo_control_block *control;
    struct fifo_queue queue[EVTCHN_FIFO_MAX_QUEUES];
};

struct event_fifo_domain {
    u32 nr_pages;
    event_word_t *array[MAX_PAGES];
};

static event_word_t *word_of(const struct domain *d, evtchn_port_t port)
{
    struct event_fifo_domain *e = d->event_fifo;
    u32 page = port / WORDS_PER_PAGE;

    if (!e || page >= READ_ONCE(e->nr_pages))
        return NULL;
    return e->array[array_index_nospec(page, MAX_PAGES)] + port % WORDS_PER_PAGE;
}

/* 32-bit words, 4-byte aligned: the 64-bit bit operations could reach over a page's end. */
static bool word_test_and_set(event_word_t *w, unsigned int bit)
{
    return __atomic_fetch_or(w, 1u << bit, __ATOMIC_SEQ_CST) >> bit & 1;
}

static bool word_test_and_clear(event_word_t *w, unsigned int bit)
{
    return __atomic_fetch_and(w, ~(1u << bit), __ATOMIC_SEQ_CST) >> bit & 1;
}

static bool word_test(const event_word_t *w, unsigned int bit)
{
    return READ_ONCE(*w) >> bit & 1;
}

static void init_port(struct domain *d, struct event_channel *c)
{
    event_word_t *w = word_of(d, c->port);

    c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    c->pending_early = false;
    /* A fresh binding starts masked-or-not as the guest left it, but not pending. */
    if (w)
        (void)word_test_and_clear(w, EVTCHN_FIFO_PENDING);
}

/* Point the tail's link at port. 1 done, 0 the guest has consumed the tail, -1 it does not hold
 * still. */
static int set_link(event_word_t *tail, u32 port)
{
    event_word_t old = READ_ONCE(*tail);

    for (int tries = 0; tries < LINK_TRIES * 2; tries++) {
        event_word_t seen, want;

        if (!(old >> EVTCHN_FIFO_LINKED & 1))
            return 0;
        if (tries == LINK_TRIES) /* BUSY asks the guest to leave the word alone for a moment */
            old = __atomic_or_fetch(tail, 1u << EVTCHN_FIFO_BUSY, __ATOMIC_SEQ_CST);
        want = (old & ~((1u << EVTCHN_FIFO_BUSY) | EVTCHN_FIFO_LINK_MASK)) | port;
        seen = cmpxchg(tail, old, want);
        if (seen == old)
            return 1;
        old = seen;
    }
    (void)word_test_and_clear(tail, EVTCHN_FIFO_BUSY);
    return -1;
}

static void leave_old_queue(struct domain *d, struct event_channel *c)
{
    struct vcpu *v = c->last_vcpu < d->max_vcpus ? d->vcpu[c->last_vcpu] : NULL;
    struct fifo_queue *old;

    if (!v || !v->event_fifo)
        return;
    old = &v->event_fifo->queue[c->last_priority];
    spin_lock(&old->lock);
    if (old->tail == c->port)
        old->tail = 0;
    spin_unlock(&old->lock);
}

/* The word is LINKED by us just now: append it. Returns the vCPU to notify, or NULL. */
static struct vcpu *append(struct domain *d, struct event_channel *c, event_word_t *word)
{
    struct vcpu *v = d->vcpu[c->notify_vcpu];
    struct fifo_queue *q;
    event_word_t *tail;
    int linked = 0;

    if (!v->event_fifo) {
        (void)word_test_and_clear(word, EVTCHN_FIFO_LINKED);
        c->pending_early = true; /* its vCPU has no queues yet: init_control raises it again */
        return NULL;
    }
    if (c->last_vcpu != c->notify_vcpu || c->last_priority != c->priority) {
        leave_old_queue(d, c);
        c->last_vcpu = c->notify_vcpu;
        c->last_priority = c->priority;
    }
    q = &v->event_fifo->queue[c->priority];
    spin_lock(&q->lock);
    tail = q->tail && q->tail != c->port ? word_of(d, q->tail) : NULL;
    if (tail)
        linked = set_link(tail, c->port);
    if (linked <= 0)
        WRITE_ONCE(v->event_fifo->control->head[c->priority], c->port);
    q->tail = c->port;
    spin_unlock(&q->lock);
    if (linked < 0)
        printk(LOG_GUEST_WARN "Domain %u: the event word before port %u does not hold still\n",
               d->domid, c->port);
    if (linked > 0)
        return NULL;
    return __atomic_fetch_or(&v->event_fifo->control->ready, 1u << c->priority, __ATOMIC_SEQ_CST) >>
                       c->priority &
                   1
               ? NULL
               : v;
}

static void link_if_due(struct domain *d, struct event_channel *c, event_word_t *word)
{
    struct vcpu *v;

    if (word_test(word, EVTCHN_FIFO_MASKED) || word_test_and_set(word, EVTCHN_FIFO_LINKED))
        return;
    /* An empty link, so that this event ends its queue. */
    __atomic_fetch_and(word, ~(u32)EVTCHN_FIFO_LINK_MASK, __ATOMIC_SEQ_CST);
    v = append(d, c, word);
    if (v)
        vcpu_mark_events_pending(v);
}

static void set_pending(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    if (!word) {
        c->pending_early = true;
        return;
    }
    if (!word_test_and_set(word, EVTCHN_FIFO_PENDING))
        link_if_due(d, c, word);
}

static void clear_pending(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    c->pending_early = false;
    if (word)
        (void)word_test_and_clear(word, EVTCHN_FIFO_PENDING);
}

static void unmask(struct domain *d, struct event_channel *c)
{
    event_word_t *word = word_of(d, c->port);

    if (!word)
        return;
    (void)word_test_and_clear(word, EVTCHN_FIFO_MASKED);
    if (word_test(word, EVTCHN_FIFO_PENDING))
        link_if_due(d, c, word);
}

static int set_priority(struct domain *d, struct event_channel *c, u32 priority)
{
    (void)d;
    if (priority > EVTCHN_FIFO_PRIORITY_MIN)
        return -EINVAL;
    c->priority = (u8)priority;
    return 0;
}

static bool is_pending(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = word_of(d, port);

    return word && word_test(word, EVTCHN_FIFO_PENDING);
}

static bool is_masked(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = word_of(d, port);

    return !word || word_test(word, EVTCHN_FIFO_MASKED);
}

static bool is_busy(const struct domain *d, evtchn_port_t port)
{
    const event_word_t *word = word_of(d, port);

    return word && word_test(word, EVTCHN_FIFO_LINKED);
}

const struct event_ops event_fifo_ops = {
    .max_ports = EVTCHN_FIFO_NR_CHANNELS,
    .init_port = init_port,
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .set_priority = set_priority,
    .is_pending = is_pending,
    .is_masked = is_masked,
    .is_busy = is_busy,
};

/* ---- set-up ---- */

static struct frame *take_frame(struct domain *d, u64 gfn)
{
    struct frame *f;

    if (!mfn_valid(mfn_from(gfn)))
        return NULL;
    f = mfn_to_frame(mfn_from(gfn));
    return frame_get_and_type(f, d, FT_WRITABLE) ? f : NULL;
}

/*
 * The other end of an interdomain channel sends under its own port's lock: with both locks held no
 * send is under way that has not seen what we have just changed. event_lock held: the ends stay.
 */
static struct event_channel *lock_both_ends(struct event_channel *c, unsigned long *flags)
{
    struct event_channel *other = c;

    if (c->state == ECS_INTERDOMAIN)
        other = event_channel_of(c->u.interdomain.domain, c->u.interdomain.port);
    *flags = irq_save();
    spin_lock_both(&c->lock, &other->lock);
    return other;
}

static void unlock_both_ends(struct event_channel *c, struct event_channel *other,
                             unsigned long flags)
{
    spin_unlock_both(&c->lock, &other->lock);
    irq_restore(flags);
}

/* Events that were pending in the old layout, or raised before there was a place for them. */
static void raise_early(struct domain *d, evtchn_port_t first, evtchn_port_t last)
{
    for (evtchn_port_t port = MAX(first, 1u); port < MIN(last, d->nr_ports); port++) {
        struct event_channel *c = event_channel_of(d, port);
        unsigned long flags;
        struct event_channel *other = lock_both_ends(c, &flags);

        if (c->pending_early && word_of(d, port) && d->vcpu[c->notify_vcpu]->event_fifo) {
            event_word_t *word = word_of(d, port);

            c->pending_early = false;
            (void)word_test_and_set(word, EVTCHN_FIFO_PENDING);
            link_if_due(d, c, word);
        }
        unlock_both_ends(c, other, flags);
    }
}

static int switch_layout(struct domain *d)
{
    struct event_fifo_domain *e = zalloc_obj(struct event_fifo_domain);

    if (!e)
        return -ENOMEM;
    d->event_fifo = e;
    smp_wmb();
    WRITE_ONCE(d->event_ops, &event_fifo_ops);
    /* From here on events are noted as early; who still wrote to the bitmap is done when locked. */
    for (evtchn_port_t port = 1; port < d->nr_ports; port++) {
        struct event_channel *c = event_channel_of(d, port);
        unsigned long flags;
        struct event_channel *other = lock_both_ends(c, &flags);

        if (c->state != ECS_FREE && event_2l_ops.is_pending(d, port))
            c->pending_early = true;
        unlock_both_ends(c, other, flags);
    }
    return 0;
}

int event_fifo_init_control(struct domain *d, struct evtchn_init_control *a)
{
    struct event_fifo_vcpu *e;
    struct vcpu *v;
    int rc = 0;

    if (a->vcpu >= d->max_vcpus || !d->vcpu[array_index_nospec(a->vcpu, d->max_vcpus)])
        return -ENOENT;
    v = d->vcpu[array_index_nospec(a->vcpu, d->max_vcpus)];
    if (a->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || a->offset & 7)
        return -EINVAL;
    if (v->event_fifo)
        return -EINVAL;
    a->link_bits = EVTCHN_FIFO_LINK_BITS;
    e = zalloc_obj(struct event_fifo_vcpu);
    if (!e)
        return -ENOMEM;
    e->frame = take_frame(d, a->control_gfn);
    if (!e->frame) {
        hv_free(e);
        return -EINVAL;
    }
    e->control = (void *)((char *)frame_to_virt(e->frame) + a->offset);
    if (!d->event_fifo)
        rc = switch_layout(d);
    if (rc) {
        frame_put_and_type(e->frame);
        hv_free(e);
        return rc;
    }
    smp_wmb();
    WRITE_ONCE(v->event_fifo, e);
    raise_early(d, 1, d->nr_ports);
    return 0;
}

int event_fifo_expand_array(struct domain *d, u64 array_gfn)
{
    struct event_fifo_domain *e = d->event_fifo;
    struct frame *f;
    u32 page;

    if (!e)
        return -EOPNOTSUPP;
    page = e->nr_pages;
    if (page >= MAX_PAGES)
        return -ENOSPC;
    f = take_frame(d, array_gfn);
    if (!f)
        return -EINVAL;
    e->array[page] = frame_to_virt(f);
    smp_wmb();
    WRITE_ONCE(e->nr_pages, page + 1);
    raise_early(d, page * (u32)WORDS_PER_PAGE, (page + 1) * (u32)WORDS_PER_PAGE);
    return 0;
}

void event_fifo_destroy(struct domain *d)
{
    struct event_fifo_domain *e = d->event_fifo;
    struct vcpu *v;

    if (!e)
        return;
    d->event_ops = &event_2l_ops;
    for_each_vcpu(d, v)
    {
        struct event_fifo_vcpu *ev = v->event_fifo;

        if (!ev)
            continue;
        v->event_fifo = NULL;
        frame_put_and_type(ev->frame);
        hv_free(ev);
    }
    d->event_fifo = NULL;
    for (u32 i = 0; i < e->nr_pages; i++)
        frame_put_and_type(mfn_to_frame(virt_to_mfn(e->array[i])));
    hv_free(e);
}

void event_fifo_each_frame(struct domain *d, void (*fn)(struct frame *f, void *data), void *data)
{
    struct event_fifo_domain *e = d->event_fifo;
    struct vcpu *v;

    for (u32 i = 0; e && i < e->nr_pages; i++)
        fn(mfn_to_frame(virt_to_mfn(e->array[i])), data);
    for_each_vcpu(d, v)
        if (v->event_fifo)
            fn(v->event_fifo->frame, data);
}
