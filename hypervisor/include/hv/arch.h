/* SPDX-License-Identifier: MIT */
/*
 * The contract between common/ and the architecture: every arch_*() function, and the operations
 * of a kind of guest. common/ may use nothing else of arch/ but <asm/current.h>, <asm/page.h>,
 * <asm/frame.h>, <asm/guest_access.h> and <asm/arch_domain.h>.
 */
#ifndef HV_ARCH_H
#define HV_ARCH_H

#include <hv/domain.h>

struct vcpu_guest_context;
struct xen_domctl;
struct xen_sysctl;
struct xen_memory_reservation;
struct xen_domctl_getdomaininfo;

/* A kind of guest (pv/guest.c; later svm/). */
struct guest_ops {
    const char *name;
    int (*domain_create)(struct domain *d);
    void (*domain_free)(struct domain *d);
    /** Drop page-table roots, GDT, LDT...; preemptible, -ERESTART. Called with d dying and all
     * vCPUs stopped. */
    int (*domain_relinquish)(struct domain *d);
    int (*vcpu_create)(struct vcpu *v);
    void (*vcpu_free)(struct vcpu *v);
    /** Install a context (VCPUOP_initialise, setvcpucontext): checks everything; preemptible. */
    int (*vcpu_set_context)(struct vcpu *v, const struct vcpu_guest_context *c);
    /** v is paused. Fills everything as the ABI says (domctl getvcpucontext). */
    void (*vcpu_get_context)(struct vcpu *v, struct vcpu_guest_context *c);
    /** Forget the context: VCPUOP_down + reset, domctl setvcpucontext(NULL). */
    int (*vcpu_reset)(struct vcpu *v);
    void (*context_switch_from)(struct vcpu *prev);
    void (*context_switch_to)(struct vcpu *next);
};
extern const struct guest_ops pv_guest_ops, idle_guest_ops;

/* Creation and destruction of the parts every guest has. */
int arch_domain_create(struct domain *d, const struct domain_create_params *p);
void arch_domain_free(struct domain *d);
/** Preemptible release of everything d maps or pins; after it, only page_list frames with foreign
 * references remain. */
int arch_domain_relinquish(struct domain *d);
int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_free(struct vcpu *v);
/** Fill the hardware domain's ports, device memory and interrupts: what the hypervisor does not
 * drive. */
int arch_permit_hardware(struct domain *d);
/** Shutdown of the hardware domain or "reboot"/"poweroff" options. */
void __noreturn machine_restart(unsigned int delay_ms);
void __noreturn machine_halt(void);

/* Pieces of multi-arch hypercalls; they answer for a command that nobody knows. */
long arch_domctl(struct xen_domctl *op, struct domain *d, bool *copyback);
long arch_sysctl(struct xen_sysctl *op, bool *copyback);
long arch_memory_op(unsigned int cmd, unsigned long arg);
long arch_vcpu_op(unsigned int cmd, struct vcpu *v, unsigned long arg);
/** Xen features of submap idx (XENVER_get_features) for d. */
u32 arch_xen_features(const struct domain *d, unsigned int idx);
/** The architecture's fields of getdomaininfo: width of addresses, emulated devices. */
void arch_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info);
unsigned int arch_phys_bits(void); /* width of machine addresses */
/** Clock, feature words and threads of sysctl physinfo. */
struct xen_sysctl_physinfo;
void arch_physinfo(struct xen_sysctl_physinfo *info);
void arch_cpu_topology(unsigned int cpu, u32 *core, u32 *socket);
void arch_capabilities_string(char *buf, size_t size); /* "xen-3.0-x86_64 " */

/* Time areas of the running vCPU: pvclock (vcpu_info.time) and wall clock. */
void arch_vcpu_time_update(struct vcpu *v); /* on its CPU; after a switch or recalibration */
void arch_domain_wallclock_update(struct domain *d);
/** Write current's runstate to its registered guest area. */
void arch_runstate_update(struct vcpu *v);

/** This CPU's timer interrupt at a system time, or earlier when that is far; 0: none. */
void arch_timer_program(s_time_t deadline_ns);
u64 arch_cycles(void); /* time stamp for traces */

/* Interrupt flag and CPU idling. */
static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}
static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}
static inline unsigned long irq_save(void)
{
    unsigned long f;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(f)::"memory");
    return f;
}
static inline void irq_restore(unsigned long f)
{
    if (f & 0x200)
        irq_enable();
}
static inline bool irq_is_enabled(void)
{
    unsigned long f;

    __asm__ volatile("pushfq; popq %0" : "=r"(f)::"memory");
    return f & 0x200;
}
void arch_cpu_idle(void); /* sti;hlt with the usual window closed */

#endif
