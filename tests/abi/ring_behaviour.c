/* SPDX-License-Identifier: MIT */
/*
 * Drives the ring macros through one fixed script and prints every visible result. Built once
 * against our io/ring.h and once against Xen's, the two must print the same.
 * Touches only its own memory; no locks.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

#include <xen/grant_table.h>
#include <xen/io/ring.h>

struct ask { uint64_t id; uint32_t what[3]; };
struct answer { uint64_t id; int16_t status; };

DEFINE_RING_TYPES(toy, struct ask, struct answer);
DEFINE_XEN_FLEX_RING_AND_INTF(bytes);

static union {
    toy_sring_t sring;
    unsigned char page[4096];
} shared;

static void show_shared(const char *when)
{
    printf("%s: req %u/%u rsp %u/%u\n", when, shared.sring.req_prod, shared.sring.req_event,
           shared.sring.rsp_prod, shared.sring.rsp_event);
}

static void sizes(void)
{
    long at;

    for (at = 65; at < 9000; at += 611)
        printf("size %ld: %lu\n", at, (unsigned long)__RING_SIZE(&shared.sring, at));
    printf("const %lu %lu\n", (unsigned long)__CONST_RING_SIZE(toy, 4096),
           (unsigned long)__CONST_RING_SIZE(toy, 65536));
    printf("layout %zu %zu %zu\n", sizeof(toy_sring_t), offsetof(toy_sring_t, ring),
           sizeof(union toy_sring_entry));
}

/* Produces n requests; returns what the notification macro said. */
static int produce(toy_front_ring_t *front, unsigned int n)
{
    int notify = -1;

    for (; n; n--) {
        struct ask *ask = RING_GET_REQUEST(front, front->req_prod_pvt);

        memset(ask, 0, sizeof(*ask));
        ask->id = front->req_prod_pvt;
        front->req_prod_pvt++;
    }
    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(front, notify);
    return !!notify;
}

/* Answers up to n requests; returns what the notification macro said. */
static int serve(toy_back_ring_t *back, unsigned int n)
{
    int notify = -1;

    while (n-- && RING_HAS_UNCONSUMED_REQUESTS(back)) {
        struct ask ask;
        struct answer *answer;

        RING_COPY_REQUEST(back, back->req_cons, &ask);
        back->req_cons++;
        answer = RING_GET_RESPONSE(back, back->rsp_prod_pvt);
        answer->id = ask.id * 3;
        answer->status = (int16_t)-ask.id;
        back->rsp_prod_pvt++;
    }
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(back, notify);
    return !!notify;
}

static unsigned long collect(toy_front_ring_t *front)
{
    unsigned long sum = 0;

    while (RING_HAS_UNCONSUMED_RESPONSES(front)) {
        struct answer answer;

        RING_COPY_RESPONSE(front, front->rsp_cons, &answer);
        front->rsp_cons++;
        sum = sum * 31 + answer.id + (unsigned long)answer.status;
    }
    return sum;
}

static void turns(toy_front_ring_t *front, toy_back_ring_t *back)
{
    static const unsigned int batch[] = { 1, 5, 0, 7, 128, 3, 90, 2, 64, 1 };
    unsigned int i;

    for (i = 0; i < sizeof(batch) / sizeof(batch[0]); i++) {
        unsigned int room = RING_FREE_REQUESTS(front);
        int sent = produce(front, batch[i] < room ? batch[i] : room);
        int full = RING_FULL(front), answered = serve(back, i % 3 ? 1000 : 2), more = -1, late = -1;

        RING_FINAL_CHECK_FOR_REQUESTS(back, more);
        printf("turn %u: room %u full %d sent %d answered %d more %d sum %lx", i, room, full, sent,
               answered, more, collect(front));
        RING_FINAL_CHECK_FOR_RESPONSES(front, late);
        printf(" late %d\n", late);
        show_shared("  shared");
    }
}

/* A peer that lies about its indexes. */
static void hostile(toy_front_ring_t *front, toy_back_ring_t *back)
{
    static const RING_IDX jump[] = { 0, 1, 2, 127, 128, 129, 1000, 0x7fffffff, 0xfffffff0 };
    unsigned int i;

    for (i = 0; i < sizeof(jump) / sizeof(jump[0]); i++) {
        shared.sring.req_prod = back->req_cons + jump[i];
        shared.sring.rsp_prod = front->rsp_cons + jump[i];
        printf("jump %x: %u %u over %d %d %d\n", jump[i],
               (unsigned int)XEN_RING_NR_UNCONSUMED_REQUESTS(back),
               (unsigned int)XEN_RING_NR_UNCONSUMED_RESPONSES(front),
               !!RING_REQUEST_PROD_OVERFLOW(back, shared.sring.req_prod),
               !!RING_REQUEST_CONS_OVERFLOW(back, shared.sring.req_prod),
               !!RING_RESPONSE_PROD_OVERFLOW(front, shared.sring.rsp_prod));
    }
}

static void byte_rings(void)
{
    unsigned char buffer[16], packet[16];
    RING_IDX prod = 0, cons = 0;
    unsigned int i, k;

    printf("flex %lu %lu %zu\n", XEN_FLEX_RING_SIZE(0), XEN_FLEX_RING_SIZE(3),
           sizeof(struct bytes_data_intf));
    for (i = 0; i < 24; i++) {
        unsigned int length = i % 11 + 1, sum = 0;

        for (k = 0; k < length; k++)
            packet[k] = (unsigned char)(i * 16 + k);
        bytes_write_packet(buffer, packet, length, &prod, cons, 16);
        memset(packet, 0, sizeof(packet));
        bytes_read_packet(packet, buffer, length, prod, &cons, 16);
        for (k = 0; k < length; k++)
            sum = sum * 7 + packet[k];
        printf("packet %u: %u %u %u\n", i, prod, cons, sum);
    }
    for (i = 0; i < 40; i += 3)
        printf("queued %u %u ptr %ld\n", bytes_queued(i, i / 2, 16), bytes_queued(i, 0, 32),
               (long)(bytes_get_ring_ptr(buffer, i, 16) - buffer));
}

int main(void)
{
    toy_front_ring_t front;
    toy_back_ring_t back;

    memset(&shared, 0xa5, sizeof(shared));
    sizes();
    XEN_FRONT_RING_INIT(&front, &shared.sring, 4096);
    BACK_RING_INIT(&back, &shared.sring, 4096);
    printf("slots %u %u pad %u %u\n", RING_SIZE(&front), RING_SIZE(&back),
           shared.sring.pvt.pvt_pad[3], shared.sring.__pad[43]);
    show_shared("start");
    turns(&front, &back);
    FRONT_RING_ATTACH(&front, &shared.sring, 0xfffffff8u, 4096);
    BACK_RING_ATTACH(&back, &shared.sring, 0xfffffff8u, 4096);
    shared.sring.req_prod = shared.sring.rsp_prod = 0xfffffff8u;
    turns(&front, &back); /* across the wrap of the indexes */
    hostile(&front, &back);
    byte_rings();
    return 0;
}
