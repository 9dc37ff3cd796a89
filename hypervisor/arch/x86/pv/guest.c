/* SPDX-License-Identifier: MIT */
/*
 * PV as a kind of guest: creation and destruction of the x86 parts of domains and vCPUs, and the
 * operations table. Memory of a domain goes in pv_relinquish_memory(), preemptibly; what is freed
 * here is our own. Locks: the callers'.
 */
#include <asm/cpu_policy.h>
#include <asm/frame.h>
#include <asm/pv_mm.h>
#include <asm/smap.h>
#include <asm/speculation.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/sched.h>
#include <xen/features.h>

#include "internal.h"

/* --- domains --- */

static int pv_domain_create(struct domain *d)
{
    d->arch.policy = cpu_policy_create(d);
    d->arch.l1tf_guard = pv_l1tf_guards(d);
    return d->arch.policy ? 0 : -ENOMEM;
}

static void pv_domain_free(struct domain *d)
{
    hv_free(d->arch.policy);
    d->arch.policy = NULL;
}

static int pv_domain_relinquish(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
    {
        vcpu_sync_state(v);
        pv_ldt_release(v);
        pv_gdt_drop(v);
    }
    return pv_relinquish_memory(d);
}

int arch_domain_create(struct domain *d, const struct domain_create_params *p)
{
    int rc;

    (void)p;
    spin_lock_init(&d->arch.pit_lock);
    d->arch.tsc_khz = tsc_khz();
    d->shared_info = hv_alloc_page();
    if (!d->shared_info)
        return -ENOMEM;
    frame_share_with_guest(d->shared_info, d, SHARE_RW);
    rc = pirq_domain_init(d);
    if (!rc)
        rc = d->ops->domain_create(d);
    if (!rc)
        arch_domain_wallclock_update(d);
    return rc;
}

void arch_domain_free(struct domain *d)
{
    d->ops->domain_free(d);
    pirq_domain_free(d);
    hv_free(d->arch.e820);
    if (d->shared_info && frame_unshare(d->shared_info))
        hv_free_page(d->shared_info);
    d->shared_info = NULL;
}

int arch_domain_relinquish(struct domain *d)
{
    pirq_domain_relinquish(d);
    return d->ops->domain_relinquish(d);
}

/* --- vCPUs --- */

static int pv_vcpu_create(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;

    pv->traps = zalloc_objs(struct trap_entry, 256);
    if (!pv->traps || pv_fpu_create(v)) {
        hv_free(pv->traps);
        pv->traps = NULL;
        return -ENOMEM;
    }
    spin_lock_init(&pv->ldt_lock);
    v->arch.flags = TF_KERNEL_MODE;
    pv->dr[7] = 0x400;
    pv->cpuid_faulting = false;
    return 0;
}

static void pv_vcpu_free(struct vcpu *v)
{
    vcpu_sync_state(v);
    hv_free(v->arch.pv.traps);
    v->arch.pv.traps = NULL;
    pv_fpu_free(v);
}

int arch_vcpu_create(struct vcpu *v)
{
    return v->domain->ops->vcpu_create(v);
}

void arch_vcpu_free(struct vcpu *v)
{
    v->domain->ops->vcpu_free(v);
}

int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);
int pv_vcpu_reset(struct vcpu *v);

const struct guest_ops pv_guest_ops = {
    .name = "PV",
    .domain_create = pv_domain_create,
    .domain_free = pv_domain_free,
    .domain_relinquish = pv_domain_relinquish,
    .vcpu_create = pv_vcpu_create,
    .vcpu_free = pv_vcpu_free,
    .vcpu_set_context = pv_vcpu_set_context,
    .vcpu_get_context = pv_vcpu_get_context,
    .vcpu_reset = pv_vcpu_reset,
};

/* --- the idle domain: vCPUs without a guest --- */

static int idle_create(struct domain *d)
{
    (void)d;
    return 0;
}
static void idle_free(struct domain *d)
{
    (void)d;
}
static int idle_vcpu_create_op(struct vcpu *v)
{
    (void)v;
    return 0;
}
static void idle_vcpu_free(struct vcpu *v)
{
    (void)v;
}

const struct guest_ops idle_guest_ops = {
    .name = "idle",
    .domain_create = idle_create,
    .domain_free = idle_free,
    .domain_relinquish = idle_create,
    .vcpu_create = idle_vcpu_create_op,
    .vcpu_free = idle_vcpu_free,
};

/* --- what XENVER says of this architecture --- */

u32 arch_xen_features(const struct domain *d, unsigned int idx)
{
    if (idx)
        return 0;
    return BIT(XENFEAT_pae_pgdir_above_4gb) | BIT(XENFEAT_mmu_pt_update_preserve_ad) |
           BIT(XENFEAT_highmem_assist) | BIT(XENFEAT_gnttab_map_avail_bits) |
           BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_direct_mapped) |
           (is_hardware_domain(d) ? BIT(XENFEAT_dom0) : 0);
}

void arch_capabilities_string(char *buf, size_t size)
{
    strlcpy(buf, "xen-3.0-x86_64 ", size);
}

/* Boot CPU, before others run. */
void __init pv_init(void)
{
    smap_patch_sites(cpu_features.smap);
    speculation_patch_thunks();
    pv_mm_init();
    pv_mxcsr_mask(); /* while no guest has set TS */
}
