/* SPDX-License-Identifier: MIT */
/*
 * Where the guest kernel wants to be entered: trap table and callbacks. All for current; no locks.
 * ABI: set_trap_table, set_callbacks, callback_op, nmi_op; callback.h, nmi.h, arch-x86/xen.h.
 */
#include <asm/guest_access.h>
#include <asm/page.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <xen/callback.h>
#include <xen/nmi.h>

#include "internal.h"

static void trap_set(struct vcpu *v, const struct trap_info *t)
{
    struct trap_entry *e = &v->arch.pv.traps[t->vector];

    e->address = t->address;
    e->selector = t->cs | (t->cs & ~3 ? 3 : 0);
    e->flags = t->flags & 7;
}

long hc_set_trap_table(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                       unsigned long a5)
{
    struct vcpu *v = current;
    u64 va = a1;

    (void)a2, (void)a3, (void)a4, (void)a5;
    if (!va) {
        memset(v->arch.pv.traps, 0, 256 * sizeof(v->arch.pv.traps[0]));
        return 0;
    }
    for (;;) {
        struct trap_info t;

        if (hypercall_preempt_check())
            return hypercall_continuation(__HYPERVISOR_set_trap_table, 1, va);
        if (copy_from_guest_va(&t, va, sizeof(t)))
            return -EFAULT;
        if (!t.address)
            return 0;
        if (!is_canonical(t.address))
            return -EINVAL;
        trap_set(v, &t);
        va += sizeof(t);
    }
}

/* Where a callback type lives; masks NULL: entered with events masked or not by its nature. */
struct slot { u64 *address; bool *masks; };

static struct slot slot_of(struct pv_vcpu *pv, unsigned int type)
{
    switch (type) {
    case CALLBACKTYPE_event: return (struct slot){&pv->event_callback, NULL};
    case CALLBACKTYPE_failsafe:
        return (struct slot){&pv->failsafe_callback, &pv->failsafe_masks_events};
    case CALLBACKTYPE_syscall:
        return (struct slot){&pv->syscall_callback, &pv->syscall_masks_events};
    case CALLBACKTYPE_syscall32:
        return (struct slot){&pv->syscall32_callback, &pv->syscall32_masks_events};
    case CALLBACKTYPE_sysenter:
        return (struct slot){&pv->sysenter_callback, &pv->sysenter_masks_events};
    default: return (struct slot){NULL, NULL};
    }
}

/* The NMI callback is the trap table's vector 2, with events masked. */
static long nmi_callback_set(struct vcpu *v, u64 address)
{
    struct trap_entry *e = &v->arch.pv.traps[TRAP_NMI];

    if (!is_canonical(address))
        return -EINVAL;
    e->address = address;
    e->selector = FLAT_KERNEL_CS;
    e->flags = address ? 4 : 0;
    return 0;
}

static long callback_register(struct vcpu *v, const struct callback_register *reg)
{
    struct slot s;

    if (!is_canonical(reg->address))
        return -EINVAL;
    if (reg->type == CALLBACKTYPE_nmi)
        return nmi_callback_set(v, reg->address);
    s = slot_of(&v->arch.pv, reg->type);
    if (!s.address)
        return -ENOSYS;
    *s.address = reg->address;
    if (s.masks)
        *s.masks = reg->flags & CALLBACKF_mask_events;
    return 0;
}

long hc_callback_op(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                    unsigned long a5)
{
    struct callback_register reg;
    struct callback_unregister unreg;

    (void)a3, (void)a4, (void)a5;
    switch ((u32)a1) {
    case CALLBACKOP_register:
        if (copy_from_guest_va(&reg, a2, sizeof(reg)))
            return -EFAULT;
        return callback_register(current, &reg);
    case CALLBACKOP_unregister:
        if (copy_from_guest_va(&unreg, a2, sizeof(unreg)))
            return -EFAULT;
        if (unreg.type == CALLBACKTYPE_nmi)
            return nmi_callback_set(current, 0);
        /* A kernel cannot do without the others. */
        return slot_of(&current->arch.pv, unreg.type).address ? -EINVAL : -ENOSYS;
    default:
        return -ENOSYS;
    }
}

/* The older form of three callbacks; an address that will not do leaves its callback as it was. */
long hc_set_callbacks(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                      unsigned long a5)
{
    const unsigned long address[3] = {a1, a2, a3};
    static const u16 type[3] = {CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall};

    (void)a4, (void)a5;
    for (unsigned int i = 0; i < 3; i++)
        callback_register(current, &(struct callback_register){.type = type[i],
                                                               .address = address[i]});
    return 0;
}

long hc_nmi_op(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
               unsigned long a5)
{
    struct xennmi_callback cb;

    (void)a3, (void)a4, (void)a5;
    switch ((u32)a1) {
    case XENNMI_register_callback:
        if (copy_from_guest_va(&cb, a2, sizeof(cb)))
            return -EFAULT;
        return nmi_callback_set(current, cb.handler_address);
    case XENNMI_unregister_callback:
        return nmi_callback_set(current, 0);
    default:
        return -ENOSYS;
    }
}
