/* SPDX-License-Identifier: MIT */
/* Owns the mapping of the shared page and the table of event handlers. */
#include <stddef.h>

#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/start.h>
#include <sdk/traps.h>

#define WORD_BITS 64

static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
shared_info_t *shared_info = (shared_info_t *)shared_page;
volatile unsigned long upcall_count;

static struct {
    event_handler_fn fn;
    void *arg;
} handlers[EVTCHN_2L_NR_CHANNELS];

static void handle_port(evtchn_port_t port)
{
    event_clear(port);
    if (handlers[port].fn)
        handlers[port].fn(port, handlers[port].arg);
}

static void handle_word(unsigned int word)
{
    unsigned long ready;

    while ((ready = shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word]))
        handle_port(word * WORD_BITS + __builtin_ctzl(ready));
}

static bool upcall(struct trap_frame *frame)
{
    vcpu_info_t *info = vcpu_info(this_cpu()->id);

    (void)frame;
    upcall_count++;
    while (info->evtchn_upcall_pending) {
        unsigned long words;

        info->evtchn_upcall_pending = 0;
        words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; words; words &= words - 1)
            handle_word(__builtin_ctzl(words));
    }
    return true;
}

void events_init(void)
{
    hc_update_va_mapping((unsigned long)shared_page, start_info->shared_info | PTE_RW_PAGE,
                         UVMF_INVLPG);
    for (unsigned int i = 0; i < WORD_BITS; i++)
        shared_info->evtchn_mask[i] = ~0UL;
    trap_set_handler(TRAP_EVENT, upcall);
}

void event_set_handler(evtchn_port_t port, event_handler_fn fn, void *arg)
{
    handlers[port].fn = fn;
    handlers[port].arg = arg;
    if (fn)
        event_unmask(port);
    else
        event_mask(port);
}

void event_mask(evtchn_port_t port)
{
    __atomic_fetch_or(&shared_info->evtchn_mask[port / WORD_BITS], 1UL << port % WORD_BITS,
                      __ATOMIC_SEQ_CST);
}

void event_unmask(evtchn_port_t port)
{
    struct evtchn_unmask unmask = { .port = port };

    hc_event_channel_op(EVTCHNOP_unmask, &unmask);
}

bool event_is_pending(evtchn_port_t port)
{
    volatile unsigned long *words = shared_info->evtchn_pending;

    return words[port / WORD_BITS] >> port % WORD_BITS & 1;
}

bool event_clear(evtchn_port_t port)
{
    unsigned long bit = 1UL << port % WORD_BITS;

    return __atomic_fetch_and(&shared_info->evtchn_pending[port / WORD_BITS], ~bit,
                              __ATOMIC_SEQ_CST) & bit;
}

void upcalls_disable(void)
{
    vcpu_info(this_cpu()->id)->evtchn_upcall_mask = 1;
    barrier();
}

/* An event that came in while masked is delivered by the next hypercall's exit. */
void upcalls_enable(void)
{
    vcpu_info_t *info = vcpu_info(this_cpu()->id);

    barrier();
    info->evtchn_upcall_mask = 0;
    barrier();
    if (*(volatile uint8_t *)&info->evtchn_upcall_pending)
        hc_xen_version(0, NULL);
}

long event_bind_virq(unsigned int virq, unsigned int vcpu)
{
    struct evtchn_bind_virq bind = { .virq = virq, .vcpu = vcpu };
    long rc = hc_event_channel_op(EVTCHNOP_bind_virq, &bind);

    return rc ? rc : (long)bind.port;
}

long event_bind_ipi(unsigned int vcpu)
{
    struct evtchn_bind_ipi bind = { .vcpu = vcpu };
    long rc = hc_event_channel_op(EVTCHNOP_bind_ipi, &bind);

    return rc ? rc : (long)bind.port;
}

long event_alloc_unbound(unsigned int dom, unsigned int remote)
{
    struct evtchn_alloc_unbound alloc = { .dom = dom, .remote_dom = remote };
    long rc = hc_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

    return rc ? rc : (long)alloc.port;
}

long event_bind_interdomain(unsigned int remote, evtchn_port_t remote_port)
{
    struct evtchn_bind_interdomain bind = { .remote_dom = remote, .remote_port = remote_port };
    long rc = hc_event_channel_op(EVTCHNOP_bind_interdomain, &bind);

    return rc ? rc : (long)bind.local_port;
}

long event_close(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    return hc_event_channel_op(EVTCHNOP_close, &op);
}

long event_send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    return hc_event_channel_op(EVTCHNOP_send, &op);
}
