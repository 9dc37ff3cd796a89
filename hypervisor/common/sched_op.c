/* SPDX-License-Identifier: MIT */
/*
 * hypercalls sched_op, its compat form, set_timer_op and vm_assist.
 * ABI: public sched.h, xen.h (VMASST_*).
 */
#include <hv/access.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/watchdog.h>

static long op_yield(u64 arg)
{
    (void)arg;
    vcpu_yield();
    return 0;
}

static long op_block(u64 arg)
{
    (void)arg;
    vcpu_block_enable_events();
    return 0;
}

static long op_shutdown(u64 arg)
{
    struct sched_shutdown s;

    if (copy_from_guest_va(&s, arg, sizeof(s)))
        return -EFAULT;
    return domain_shutdown(current->domain, (u8)s.reason);
}

/* Records why a domain is about to stop, for a later shutdown without a reason of its own. */
static long op_shutdown_code(u64 arg)
{
    struct sched_shutdown s;
    struct domain *d = current->domain;
    unsigned long flags;

    if (copy_from_guest_va(&s, arg, sizeof(s)))
        return -EFAULT;
    flags = spin_lock_save(&d->shutdown_lock);
    if (d->shutdown_code == ~0u)
        d->shutdown_code = (u8)s.reason;
    spin_unlock_restore(&d->shutdown_lock, flags);
    return 0;
}

static long op_poll(u64 arg)
{
    struct sched_poll p;

    if (copy_from_guest_va(&p, arg, sizeof(p)))
        return -EFAULT;
    return do_sched_op_poll(&p);
}

static long op_remote_shutdown(u64 arg)
{
    struct sched_remote_shutdown s;
    struct domain *d;
    long rc;

    if (copy_from_guest_va(&s, arg, sizeof(s)))
        return -EFAULT;
    d = domain_get_by_id(s.domain_id);
    if (!d)
        return -ESRCH;
    rc = access_control_op(current->domain);
    if (!rc)
        domain_shutdown(d, (u8)s.reason);
    domain_put(d);
    return rc;
}

static long op_watchdog(u64 arg)
{
    struct sched_watchdog w;

    if (copy_from_guest_va(&w, arg, sizeof(w)))
        return -EFAULT;
    return domain_watchdog_set(current->domain, w.id, w.timeout);
}

/* Only the hardware domain may pin itself; -1 undoes it. */
static long op_pin_override(u64 arg)
{
    struct sched_pin_override p;
    struct vcpu *v = current;
    cpumask_t one;

    if (!v->domain->is_hardware)
        return -EPERM;
    if (copy_from_guest_va(&p, arg, sizeof(p)))
        return -EFAULT;
    if (p.pcpu < 0) {
        if (!v->is_pin_overridden)
            return -EINVAL;
        v->is_pin_overridden = false;
        return vcpu_set_hard_affinity(v, &v->saved_affinity);
    }
    if (p.pcpu >= MAX_CPUS)
        return -EINVAL;
    if (v->is_pin_overridden)
        return -EBUSY;
    one.bits = BIT(p.pcpu);
    v->saved_affinity = v->hard_affinity;
    if (vcpu_set_hard_affinity(v, &one))
        return -EINVAL;
    v->is_pin_overridden = true;
    return 0;
}

static long (*const ops[])(u64 arg) = {
    [SCHEDOP_yield] = op_yield,
    [SCHEDOP_block] = op_block,
    [SCHEDOP_shutdown] = op_shutdown,
    [SCHEDOP_poll] = op_poll,
    [SCHEDOP_remote_shutdown] = op_remote_shutdown,
    [SCHEDOP_shutdown_code] = op_shutdown_code,
    [SCHEDOP_watchdog] = op_watchdog,
    [SCHEDOP_pin_override] = op_pin_override,
};

HC(sched_op)
{
    unsigned int cmd = (unsigned int)a1;

    (void)a3; (void)a4; (void)a5;
    if (cmd >= ARRAY_SIZE(ops) || !ops[array_index_nospec(cmd, ARRAY_SIZE(ops))])
        return -ENOSYS;
    return ops[array_index_nospec(cmd, ARRAY_SIZE(ops))](a2);
}

/* The form before Xen 3.0.2: shutdown's reason is the argument itself. */
HC(sched_op_compat)
{
    (void)a3; (void)a4; (void)a5;
    switch ((unsigned int)a1) {
    case SCHEDOP_yield: return op_yield(0);
    case SCHEDOP_block: return op_block(0);
    case SCHEDOP_shutdown: return domain_shutdown(current->domain, (u8)a2);
    default: return -ENOSYS;
    }
}

/*
 * 0 stops the timer. A deadline that is absurdly far or negative is what old guests compute when
 * their own clock ran ahead; they get a tick soon instead of never.
 */
HC(set_timer_op)
{
    struct vcpu *v = current;
    s_time_t deadline = (s_time_t)a1, now = now_ns();

    (void)a2; (void)a3; (void)a4; (void)a5;
    if (!deadline) {
        timer_stop(&v->singleshot_timer);
        return 0;
    }
    if (deadline < 0 || (deadline > now && (deadline - now) >> 50))
        deadline = now + MILLISECS(100);
    vcpu_set_singleshot(v, (u64)deadline);
    return 0;
}

#define VM_ASSIST_VALID                                                               \
    (BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |            \
     BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |        \
     BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) |     \
     BIT(VMASST_TYPE_m2p_strict))

HC(vm_assist)
{
    unsigned int cmd = (unsigned int)a1, type = (unsigned int)a2;
    struct domain *d = current->domain;

    (void)a3; (void)a4; (void)a5;
    if (type >= 64 || !(VM_ASSIST_VALID >> type & 1))
        return -EINVAL;
    switch (cmd) {
    case VMASST_CMD_enable: set_bit(type, &d->vm_assist); return 0;
    case VMASST_CMD_disable: clear_bit(type, &d->vm_assist); return 0;
    default: return -ENOSYS;
    }
}
