/* SPDX-License-Identifier: MIT */
/*
 * hypercall event_channel_op(cmd, arg) and its older form: decode, check access, apply, copy out.
 * A table gives each command its argument size and function. ABI: public event_channel.h.
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>

/* Each gets its argument in our memory; true in *copy_out when it is to go back. */
typedef long (*event_op_fn)(void *arg, bool *copy_out);

static long op_alloc_unbound(void *arg, bool *copy_out)
{
    struct evtchn_alloc_unbound *a = arg;
    struct domain *d = domain_get_by_any_id(a->dom);
    long rc;

    if (!d)
        return -ESRCH;
    rc = access_event_channel(current->domain, d);
    if (!rc)
        rc = event_channel_alloc_unbound(d, a->remote_dom, &a->port);
    domain_put(d);
    *copy_out = !rc;
    return rc;
}

static long op_bind_interdomain(void *arg, bool *copy_out)
{
    struct evtchn_bind_interdomain *a = arg;
    struct domain *remote = domain_get_by_any_id(a->remote_dom);
    long rc;

    if (!remote)
        return -ESRCH;
    rc = event_channel_bind_interdomain(current->domain, remote, a->remote_port, &a->local_port);
    domain_put(remote);
    *copy_out = !rc;
    return rc;
}

static long op_bind_virq(void *arg, bool *copy_out)
{
    struct evtchn_bind_virq *a = arg;
    long rc = event_channel_bind_virq(current->domain, a->virq, a->vcpu, &a->port);

    *copy_out = !rc;
    return rc;
}

static long op_bind_ipi(void *arg, bool *copy_out)
{
    struct evtchn_bind_ipi *a = arg;
    long rc = event_channel_bind_ipi(current->domain, a->vcpu, &a->port);

    *copy_out = !rc;
    return rc;
}

static long op_bind_pirq(void *arg, bool *copy_out)
{
    struct evtchn_bind_pirq *a = arg;
    long rc = event_channel_bind_pirq(current->domain, a->pirq, a->flags & BIND_PIRQ__WILL_SHARE,
                                      &a->port);

    *copy_out = !rc;
    return rc;
}

static long op_close(void *arg, bool *copy_out)
{
    (void)copy_out;
    return event_channel_close(current->domain, ((struct evtchn_close *)arg)->port);
}

static long op_send(void *arg, bool *copy_out)
{
    (void)copy_out;
    return event_channel_send(current->domain, ((struct evtchn_send *)arg)->port);
}

static long op_status(void *arg, bool *copy_out)
{
    struct evtchn_status *a = arg;
    struct domain *d = domain_get_by_any_id(a->dom);
    long rc;

    if (!d)
        return -ESRCH;
    rc = access_event_channel(current->domain, d);
    if (!rc)
        rc = event_channel_status(d, a);
    domain_put(d);
    *copy_out = !rc;
    return rc;
}

static long op_bind_vcpu(void *arg, bool *copy_out)
{
    const struct evtchn_bind_vcpu *a = arg;

    (void)copy_out;
    return event_channel_bind_vcpu(current->domain, a->port, a->vcpu);
}

static long op_unmask(void *arg, bool *copy_out)
{
    (void)copy_out;
    return event_channel_unmask(current->domain, ((struct evtchn_unmask *)arg)->port);
}

static long op_reset(void *arg, bool *copy_out)
{
    struct domain *d = domain_get_by_any_id(((struct evtchn_reset *)arg)->dom);
    long rc;

    (void)copy_out;
    if (!d)
        return -ESRCH;
    rc = access_event_channel(current->domain, d);
    if (!rc)
        rc = event_channel_reset(d);
    domain_put(d);
    return rc;
}

/*
 * Xen goes on with a reset under a number of its own. Ours starts again from the beginning, so
 * that there is never one to go on with.
 */
static long op_reset_cont(void *arg, bool *copy_out)
{
    struct domain *d = domain_get_by_any_id(((struct evtchn_reset *)arg)->dom);
    long rc;

    (void)copy_out;
    if (!d)
        return -ESRCH;
    rc = access_event_channel(current->domain, d);
    domain_put(d);
    return rc ? rc : -EBUSY;
}

static long op_init_control(void *arg, bool *copy_out)
{
    struct domain *d = current->domain;
    long rc;

    write_lock(&d->event_lock);
    rc = event_fifo_init_control(d, arg);
    write_unlock(&d->event_lock);
    *copy_out = !rc;
    return rc;
}

static long op_expand_array(void *arg, bool *copy_out)
{
    struct domain *d = current->domain;
    long rc;

    (void)copy_out;
    write_lock(&d->event_lock);
    rc = event_fifo_expand_array(d, ((struct evtchn_expand_array *)arg)->array_gfn);
    write_unlock(&d->event_lock);
    return rc;
}

static long op_set_priority(void *arg, bool *copy_out)
{
    const struct evtchn_set_priority *a = arg;

    (void)copy_out;
    return event_channel_set_priority(current->domain, a->port, a->priority);
}

#define EVTCHNOP_RESET_CONT 14 /* no guest's business, so it has no name in the ABI */

static const struct event_op {
    event_op_fn fn;
    u8 size;
} ops[] = {
    [EVTCHNOP_bind_interdomain] = {op_bind_interdomain, sizeof(struct evtchn_bind_interdomain)},
    [EVTCHNOP_bind_virq] = {op_bind_virq, sizeof(struct evtchn_bind_virq)},
    [EVTCHNOP_bind_pirq] = {op_bind_pirq, sizeof(struct evtchn_bind_pirq)},
    [EVTCHNOP_close] = {op_close, sizeof(struct evtchn_close)},
    [EVTCHNOP_send] = {op_send, sizeof(struct evtchn_send)},
    [EVTCHNOP_status] = {op_status, sizeof(struct evtchn_status)},
    [EVTCHNOP_alloc_unbound] = {op_alloc_unbound, sizeof(struct evtchn_alloc_unbound)},
    [EVTCHNOP_bind_ipi] = {op_bind_ipi, sizeof(struct evtchn_bind_ipi)},
    [EVTCHNOP_bind_vcpu] = {op_bind_vcpu, sizeof(struct evtchn_bind_vcpu)},
    [EVTCHNOP_unmask] = {op_unmask, sizeof(struct evtchn_unmask)},
    [EVTCHNOP_reset] = {op_reset, sizeof(struct evtchn_reset)},
    [EVTCHNOP_RESET_CONT] = {op_reset_cont, sizeof(struct evtchn_reset)},
    [EVTCHNOP_init_control] = {op_init_control, sizeof(struct evtchn_init_control)},
    [EVTCHNOP_expand_array] = {op_expand_array, sizeof(struct evtchn_expand_array)},
    [EVTCHNOP_set_priority] = {op_set_priority, sizeof(struct evtchn_set_priority)},
};

static const struct event_op *find(unsigned int cmd)
{
    const struct event_op *op;

    if (cmd >= ARRAY_SIZE(ops))
        return NULL;
    op = &ops[array_index_nospec(cmd, ARRAY_SIZE(ops))];
    return op->fn ? op : NULL;
}

HC(event_channel_op)
{
    const struct event_op *op = find((unsigned int)a1);
    union { struct evtchn_status largest; u8 bytes[24]; } arg;
    bool copy_out = false;
    long rc;

    (void)a3; (void)a4; (void)a5;
    if (!op)
        return -ENOSYS;
    if (copy_from_guest_va(&arg, a2, op->size))
        return -EFAULT;
    rc = op->fn(&arg, &copy_out);
    if (copy_out && copy_to_guest_va(a2, &arg, op->size))
        rc = -EFAULT;
    if (rc == -ERESTART)
        return hypercall_continuation(__HYPERVISOR_event_channel_op, 2, a1, a2);
    return rc;
}

/* The form before Xen 3.2: command and argument in one structure. */
HC(event_channel_op_compat)
{
    struct evtchn_op whole;
    const struct event_op *op;
    bool copy_out = false;
    long rc;

    (void)a2; (void)a3; (void)a4; (void)a5;
    if (copy_from_guest_va(&whole, a1, sizeof(whole)))
        return -EFAULT;
    op = find(whole.cmd);
    if (!op || whole.cmd > EVTCHNOP_unmask)
        return -ENOSYS;
    rc = op->fn(&whole.u, &copy_out);
    if (copy_out && copy_to_guest_va(a1, &whole, sizeof(whole)))
        rc = -EFAULT;
    return rc;
}
