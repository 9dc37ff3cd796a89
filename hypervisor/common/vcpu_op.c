/* SPDX-License-Identifier: MIT */
/*
 * hypercall vcpu_op(cmd, vcpu, arg) and registration of vcpu_info. ABI: public vcpu.h.
 */
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/atomic.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>
#include <hv/time.h>

static long op_initialise(struct vcpu *v, u64 arg)
{
    struct vcpu_guest_context *c;
    long rc;

    if (v->vcpu_info == vcpu_dummy_info())
        return -EINVAL;
    c = zalloc_obj(struct vcpu_guest_context);
    if (!c)
        return -ENOMEM;
    if (copy_from_guest_va(c, arg, sizeof(*c))) {
        hv_free(c);
        return -EFAULT;
    }
    if (!spin_trylock(&v->domain->domctl_lock)) { /* its holder may wait for us to stop */
        hv_free(c);
        return -ERESTART;
    }
    rc = v->is_initialised ? -EEXIST : v->domain->ops->vcpu_set_context(v, c);
    spin_unlock(&v->domain->domctl_lock);
    if (!rc)
        vcpu_wake(v); /* VGCF_online makes it run at once */
    hv_free(c);
    return rc;
}

static long op_up(struct vcpu *v, u64 arg)
{
    (void)arg;
    if (!v->is_initialised)
        return -EINVAL;
    if (test_and_clear_bit(VPF_DOWN, &v->pause_flags))
        vcpu_wake(v);
    return 0;
}

/* The last vCPU that goes down takes the domain with it, as a power-off. */
static long op_down(struct vcpu *v, u64 arg)
{
    struct vcpu *other;

    (void)arg;
    for_each_vcpu(v->domain, other) {
        if (other == v || test_bit(VPF_DOWN, &other->pause_flags))
            continue;
        if (!test_and_set_bit(VPF_DOWN, &v->pause_flags))
            vcpu_sleep_nosync(v);
        return 0;
    }
    return domain_shutdown(v->domain, SHUTDOWN_poweroff);
}

static long op_is_up(struct vcpu *v, u64 arg)
{
    (void)arg;
    return !test_bit(VPF_DOWN, &v->pause_flags);
}

static long op_get_runstate(struct vcpu *v, u64 arg)
{
    struct vcpu_runstate_info info;

    vcpu_runstate_get(v, &info);
    return copy_to_guest_va(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long op_register_runstate(struct vcpu *v, u64 arg)
{
    struct vcpu_register_runstate_memory_area area;
    struct vcpu_runstate_info info;

    if (copy_from_guest_va(&area, arg, sizeof(area)) ||
        !guest_range_ok((u64)area.addr.h.p, 0)) /* only where it begins */
        return -EFAULT;
    v->runstate_guest_va = (u64)area.addr.h.p;
    vcpu_runstate_get(v, &info);
    (void)copy_to_guest_va(v->runstate_guest_va, &info, sizeof(info));
    return 0;
}

static long op_set_periodic(struct vcpu *v, u64 arg)
{
    struct vcpu_set_periodic_timer set;

    if (copy_from_guest_va(&set, arg, sizeof(set)))
        return -EFAULT;
    if (!set.period_ns)
        return -EINVAL;
    return vcpu_set_periodic(v, set.period_ns);
}

static long op_stop_periodic(struct vcpu *v, u64 arg)
{
    (void)arg;
    return vcpu_set_periodic(v, 0);
}

static long op_set_singleshot(struct vcpu *v, u64 arg)
{
    struct vcpu_set_singleshot_timer set;

    if (v != current)
        return -EINVAL;
    if (copy_from_guest_va(&set, arg, sizeof(set)))
        return -EFAULT;
    vcpu_set_singleshot(v, set.timeout_abs_ns);
    return 0;
}

static long op_stop_singleshot(struct vcpu *v, u64 arg)
{
    (void)arg;
    if (v != current)
        return -EINVAL;
    timer_stop(&v->singleshot_timer);
    return 0;
}

static long op_register_info(struct vcpu *v, u64 arg)
{
    struct vcpu_register_vcpu_info info;

    if (copy_from_guest_va(&info, arg, sizeof(info)))
        return -EFAULT;
    return vcpu_register_info(v, mfn_from(info.mfn), info.offset);
}

static long op_send_nmi(struct vcpu *v, u64 arg)
{
    if (arg)
        return -EINVAL;
    if (!xchg(&v->nmi_pending, true))
        vcpu_kick(v);
    return 0;
}

static long (*const ops[])(struct vcpu *v, u64 arg) = {
    [VCPUOP_initialise] = op_initialise,
    [VCPUOP_up] = op_up,
    [VCPUOP_down] = op_down,
    [VCPUOP_is_up] = op_is_up,
    [VCPUOP_get_runstate_info] = op_get_runstate,
    [VCPUOP_register_runstate_memory_area] = op_register_runstate,
    [VCPUOP_set_periodic_timer] = op_set_periodic,
    [VCPUOP_stop_periodic_timer] = op_stop_periodic,
    [VCPUOP_set_singleshot_timer] = op_set_singleshot,
    [VCPUOP_stop_singleshot_timer] = op_stop_singleshot,
    [VCPUOP_register_vcpu_info] = op_register_info,
    [VCPUOP_send_nmi] = op_send_nmi,
};

HC(vcpu_op)
{
    unsigned int cmd = (unsigned int)a1, id = (unsigned int)a2;
    struct domain *d = current->domain;
    struct vcpu *v;
    long rc;

    (void)a4; (void)a5;
    if (id >= d->max_vcpus)
        return -ENOENT;
    v = d->vcpu[array_index_nospec(id, d->max_vcpus)];
    if (!v)
        return -ENOENT;
    if (cmd < ARRAY_SIZE(ops) && ops[array_index_nospec(cmd, ARRAY_SIZE(ops))])
        rc = ops[array_index_nospec(cmd, ARRAY_SIZE(ops))](v, a3);
    else
        rc = arch_vcpu_op(cmd, v, a3);
    if (rc == -ERESTART)
        return hypercall_continuation(__HYPERVISOR_vcpu_op, 3, a1, a2, a3);
    return rc;
}

int vcpu_register_info(struct vcpu *v, mfn_t mfn, unsigned int offset)
{
    struct vcpu_info *info;
    struct frame *f;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info))
        return -ENXIO;
    if (v->vcpu_info_frame)
        return -EINVAL;
    /* Only one's own or that of a vCPU that does not run. */
    if (v != current && !test_bit(VPF_DOWN, &v->pause_flags))
        return -EINVAL;
    if (!mfn_valid(mfn))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get_and_type(f, v->domain, FT_WRITABLE))
        return -EINVAL;
    /* Several vCPUs may register one that is down: the first has it. */
    if (cmpxchg(&v->vcpu_info_frame, NULL, f)) {
        frame_put_and_type(f);
        return -EINVAL;
    }
    info = (struct vcpu_info *)((char *)frame_to_virt(f) + offset);
    if (v->vcpu_info == vcpu_dummy_info()) {
        memset(info, 0, sizeof(*info));
        info->evtchn_upcall_mask = 1;
    } else {
        memcpy(info, v->vcpu_info, sizeof(*info));
    }
    smp_wmb();
    WRITE_ONCE(v->vcpu_info, info);
    smp_mb();
    /* An event may have gone to the old place meanwhile: let the guest look at every word. */
    WRITE_ONCE(info->evtchn_upcall_pending, 1);
    WRITE_ONCE(info->evtchn_pending_sel, ~0UL);
    if (v == current)
        arch_vcpu_time_update(v);
    return 0;
}

void vcpu_unregister_info(struct vcpu *v)
{
    struct frame *f = v->vcpu_info_frame;

    if (!f)
        return;
    WRITE_ONCE(v->vcpu_info, vcpu_dummy_info());
    v->vcpu_info_frame = NULL;
    frame_put_and_type(f);
}
