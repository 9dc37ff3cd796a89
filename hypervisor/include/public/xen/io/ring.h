/* SPDX-License-Identifier: MIT */
/*
 * Shared rings of split drivers: requests one way, responses back in the same slots.
 * Leaf; no locks: each side has one producer and one consumer, and the user serializes its
 * own side. Facts (layout, names, notification rule): Xen 4.17 public ABI; the code is ours.
 *
 * The user defines xen_mb(), xen_rmb() and xen_wmb(): full, read and write barriers.
 *
 * All indexes run freely and are masked at use. The other side may write anything into the
 * shared page at any time: what is read from it is checked, and a request is copied out
 * (RING_COPY_REQUEST) before it is looked at.
 */
#ifndef XEN_PUBLIC_IO_RING_H
#define XEN_PUBLIC_IO_RING_H

#include <stdint.h>
#include "../xen-compat.h"

typedef unsigned int RING_IDX;

/* Highest power of two in x, a constant expression for constant x; 0 gives 0. */
#define __RD2(_x)  (((_x) >> 1) & 1 ? 0x2 : (_x) & 1)
#define __RD4(_x)  (((_x) >> 2) & 0x3 ? __RD2((_x) >> 2) << 2 : __RD2(_x))
#define __RD8(_x)  (((_x) >> 4) & 0xf ? __RD4((_x) >> 4) << 4 : __RD4(_x))
#define __RD16(_x) (((_x) >> 8) & 0xff ? __RD8((_x) >> 8) << 8 : __RD8(_x))
#define __RD32(_x) (((_x) >> 16) & 0xffff ? __RD16((_x) >> 16) << 16 : __RD16(_x))

/* Slots of a ring of type _s in _sz bytes: by type, as a constant; and by a pointer to it. */
#define __CONST_RING_SIZE(_s, _sz)                                      \
    (__RD32(((_sz) - __builtin_offsetof(struct _s##_sring, ring)) /     \
            sizeof(union _s##_sring_entry)))
#define __RING_SIZE(_s, _sz)                                            \
    (__RD32(((_sz) - __builtin_offsetof(__typeof__(*(_s)), ring)) / sizeof((_s)->ring[0])))

/*
 * Types of one kind of ring. <name>_sring is the shared page; the front and back rings are
 * each side's private view, with the index up to which it has produced (_pvt) or consumed.
 */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t)                     \
    union __name##_sring_entry {                                        \
        __req_t req;                                                    \
        __rsp_t rsp;                                                    \
    };                                                                  \
    struct __name##_sring {                                             \
        RING_IDX req_prod, req_event;                                   \
        RING_IDX rsp_prod, rsp_event;                                   \
        union {                                                         \
            struct { uint8_t smartpoll_active; } netif;                 \
            struct { uint8_t msg; } tapif_user;                         \
            uint8_t pvt_pad[4];                                         \
        } pvt;                                                          \
        uint8_t __pad[44];                                              \
        union __name##_sring_entry ring[1]; /* as many as fit */        \
    };                                                                  \
    struct __name##_front_ring {                                        \
        RING_IDX req_prod_pvt;                                          \
        RING_IDX rsp_cons;                                              \
        unsigned int nr_ents;                                           \
        struct __name##_sring *sring;                                   \
    };                                                                  \
    struct __name##_back_ring {                                         \
        RING_IDX rsp_prod_pvt;                                          \
        RING_IDX req_cons;                                              \
        unsigned int nr_ents;                                           \
        struct __name##_sring *sring;                                   \
    };                                                                  \
    typedef struct __name##_sring __name##_sring_t;                     \
    typedef struct __name##_front_ring __name##_front_ring_t;           \
    typedef struct __name##_back_ring __name##_back_ring_t

/* The frontend starts the page: nothing produced, and a wish to hear of the first of each. */
#define SHARED_RING_INIT(_s)                                            \
    do {                                                                \
        (_s)->req_prod = 0;                                             \
        (_s)->rsp_prod = 0;                                             \
        (_s)->req_event = 1;                                            \
        (_s)->rsp_event = 1;                                            \
        __builtin_memset((_s)->pvt.pvt_pad, 0, sizeof((_s)->pvt.pvt_pad)); \
        __builtin_memset((_s)->__pad, 0, sizeof((_s)->__pad));          \
    } while (0)

/* Both private views have the same shape: what I produced, what I consumed. */
#define RING_ATTACH_(_r, _s, _i, __size, _produced, _consumed)          \
    do {                                                                \
        (_r)->_produced = (_i);                                         \
        (_r)->_consumed = (_i);                                         \
        (_r)->nr_ents = (unsigned int)__RING_SIZE(_s, __size);          \
        (_r)->sring = (_s);                                             \
    } while (0)

/* ATTACH takes up a ring in use at index _i; INIT one that was just started. */
#define FRONT_RING_ATTACH(_r, _s, _i, __size) \
    RING_ATTACH_(_r, _s, _i, __size, req_prod_pvt, rsp_cons)
#define BACK_RING_ATTACH(_r, _s, _i, __size) \
    RING_ATTACH_(_r, _s, _i, __size, rsp_prod_pvt, req_cons)
#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define BACK_RING_INIT(_r, _s, __size)  BACK_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size)                                 \
    do {                                                                \
        SHARED_RING_INIT(s);                                            \
        FRONT_RING_INIT(r, s, size);                                    \
    } while (0)

#define RING_SIZE(_r) ((_r)->nr_ents)

/* Slots that the frontend may still fill. */
#define RING_FREE_REQUESTS(_r) (RING_SIZE(_r) - ((_r)->req_prod_pvt - (_r)->rsp_cons))
#define RING_FULL(_r)          (RING_FREE_REQUESTS(_r) == 0)

/* One read of a word that the other side writes. */
#define RING_READ_ONCE_(_word) (*(volatile RING_IDX *)&(_word))

#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r) \
    (RING_READ_ONCE_((_r)->sring->rsp_prod) - (_r)->rsp_cons)

/*
 * Requests to serve, but never more than there are slots without a response: a frontend that
 * runs its producer ahead gains nothing by it.
 */
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r)                                         \
    __extension__({                                                                 \
        RING_IDX ring_there_ = RING_READ_ONCE_((_r)->sring->req_prod) - (_r)->req_cons; \
        RING_IDX ring_room_ = RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt); \
        ring_there_ < ring_room_ ? ring_there_ : ring_room_;                        \
    })

#ifdef XEN_RING_HAS_UNCONSUMED_IS_BOOL
#define RING_HAS_UNCONSUMED_RESPONSES(_r) (XEN_RING_NR_UNCONSUMED_RESPONSES(_r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(_r)  (XEN_RING_NR_UNCONSUMED_REQUESTS(_r) != 0)
#else
#define RING_HAS_UNCONSUMED_RESPONSES(_r) XEN_RING_NR_UNCONSUMED_RESPONSES(_r)
#define RING_HAS_UNCONSUMED_REQUESTS(_r)  XEN_RING_NR_UNCONSUMED_REQUESTS(_r)
#endif

/* Pointers into the shared page. */
#define RING_SLOT_(_r, _idx)          ((_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)])
#define RING_GET_REQUEST(_r, _idx)    (&RING_SLOT_(_r, _idx).req)
#define RING_GET_RESPONSE(_r, _idx)   (&RING_SLOT_(_r, _idx).rsp)

/* Copies a slot out for good: volatile keeps the compiler from reading it again later. */
#define RING_COPY_(type, r, idx, dest) \
    do { *(dest) = *(volatile __typeof__(dest))RING_GET_##type(r, idx); } while (0)
#define RING_COPY_REQUEST(r, idx, req)  RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* Would this index, wherever it came from, take more slots than the ring has? */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons)  ((_cons) - (_r)->rsp_prod_pvt >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod)  ((_prod) - (_r)->rsp_prod_pvt > RING_SIZE(_r))
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod) ((_prod) - (_r)->rsp_cons > RING_SIZE(_r))

/* Publish: the slots must be visible before the index that covers them. */
#define RING_PUSH_(_r, _shared, _pvt)                                   \
    do {                                                                \
        xen_wmb();                                                      \
        RING_READ_ONCE_((_r)->sring->_shared) = (_r)->_pvt;             \
    } while (0)
#define RING_PUSH_REQUESTS(_r)  RING_PUSH_(_r, req_prod, req_prod_pvt)
#define RING_PUSH_RESPONSES(_r) RING_PUSH_(_r, rsp_prod, rsp_prod_pvt)

/*
 * The same, and _notify tells whether an event is due: the receiver left in the event index
 * the producer value at which it wants one, so it is due if the push went past that value.
 * The full barrier orders our index before the read of theirs; FINAL_CHECK has its mirror.
 */
#define RING_PUSH_AND_CHECK_(_r, _notify, _shared, _pvt, _event)                \
    do {                                                                        \
        RING_IDX ring_before_ = (_r)->sring->_shared;                           \
        RING_IDX ring_after_ = (_r)->_pvt;                                      \
        RING_PUSH_(_r, _shared, _pvt);                                          \
        xen_mb();                                                               \
        (_notify) = (RING_IDX)(ring_after_ - RING_READ_ONCE_((_r)->sring->_event)) < \
                    (RING_IDX)(ring_after_ - ring_before_);                     \
    } while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify) \
    RING_PUSH_AND_CHECK_(_r, _notify, req_prod, req_prod_pvt, req_event)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify) \
    RING_PUSH_AND_CHECK_(_r, _notify, rsp_prod, rsp_prod_pvt, rsp_event)

/*
 * Before going to sleep: ask for an event at the next one produced, then look once more, so
 * that one produced in between is not lost. _work_to_do non-zero: do not sleep.
 */
#define RING_FINAL_CHECK_(_r, _work_to_do, _has, _event, _cons)         \
    do {                                                                \
        (_work_to_do) = _has(_r);                                       \
        if (!(_work_to_do)) {                                           \
            RING_READ_ONCE_((_r)->sring->_event) = (_r)->_cons + 1;     \
            xen_mb();                                                   \
            (_work_to_do) = _has(_r);                                   \
        }                                                               \
    } while (0)
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do) \
    RING_FINAL_CHECK_(_r, _work_to_do, RING_HAS_UNCONSUMED_REQUESTS, req_event, req_cons)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do) \
    RING_FINAL_CHECK_(_r, _work_to_do, RING_HAS_UNCONSUMED_RESPONSES, rsp_event, rsp_cons)

/*
 * Rings of bytes, of 2^order pages, one half for each direction. Indexes here are masked, and
 * the caller has checked that the packet fits.
 */
#ifndef XEN_PAGE_SHIFT
#define XEN_PAGE_SHIFT 12
#endif
#define XEN_FLEX_RING_SIZE(order) (1UL << ((order) + XEN_PAGE_SHIFT - 1))

#define DEFINE_XEN_FLEX_RING(name)                                                          \
    static inline RING_IDX name##_mask(RING_IDX idx, RING_IDX ring_size)                    \
    {                                                                                       \
        return idx & (ring_size - 1);                                                       \
    }                                                                                       \
    static inline unsigned char *name##_get_ring_ptr(unsigned char *buf, RING_IDX idx,      \
                                                     RING_IDX ring_size)                    \
    {                                                                                       \
        return &buf[name##_mask(idx, ring_size)];                                           \
    }                                                                                       \
    static inline void name##_read_packet(void *opaque, const unsigned char *buf,           \
                                          __SIZE_TYPE__ size, RING_IDX masked_prod,         \
                                          RING_IDX *masked_cons, RING_IDX ring_size)        \
    {                                                                                       \
        __SIZE_TYPE__ first = ring_size - *masked_cons;                                     \
        if (first > size || masked_prod > *masked_cons)                                     \
            first = size;                                                                   \
        __builtin_memcpy(opaque, buf + *masked_cons, first);                                \
        __builtin_memcpy((unsigned char *)opaque + first, buf, size - first);               \
        *masked_cons = name##_mask(*masked_cons + (RING_IDX)size, ring_size);               \
    }                                                                                       \
    static inline void name##_write_packet(unsigned char *buf, const void *opaque,          \
                                           __SIZE_TYPE__ size, RING_IDX *masked_prod,       \
                                           RING_IDX masked_cons, RING_IDX ring_size)        \
    {                                                                                       \
        __SIZE_TYPE__ first = ring_size - *masked_prod;                                     \
        if (first > size || masked_cons > *masked_prod)                                     \
            first = size;                                                                   \
        __builtin_memcpy(buf + *masked_prod, opaque, first);                                \
        __builtin_memcpy(buf, (const unsigned char *)opaque + first, size - first);         \
        *masked_prod = name##_mask(*masked_prod + (RING_IDX)size, ring_size);               \
    }                                                                                       \
    /* Bytes between two free-running indexes, a full ring included. */                     \
    static inline RING_IDX name##_queued(RING_IDX prod, RING_IDX cons, RING_IDX ring_size)  \
    {                                                                                       \
        RING_IDX gap = name##_mask(prod - cons, ring_size);                                 \
        return gap || prod == cons ? gap : ring_size;                                       \
    }                                                                                       \
    struct name##_data {                                                                    \
        unsigned char *in;                                                                  \
        unsigned char *out;                                                                 \
    }

/* The same with its control page; the user includes grant_table.h. */
#define DEFINE_XEN_FLEX_RING_AND_INTF(name)                             \
    struct name##_data_intf {                                           \
        RING_IDX in_cons, in_prod;                                      \
        uint8_t pad1[56];                                               \
        RING_IDX out_cons, out_prod;                                    \
        uint8_t pad2[56];                                               \
        RING_IDX ring_order;                                            \
        grant_ref_t ref[];                                              \
    };                                                                  \
    DEFINE_XEN_FLEX_RING(name)

#endif
