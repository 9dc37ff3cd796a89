/* SPDX-License-Identifier: MIT */
/*
 * Interrupt lines as guests see them (arch/x86/platform/irq.c, pirq.c): a PIRQ of a domain stands
 * for a GSI or an MSI vector. Acknowledge rules by source: edge at once, level after the guest's
 * EOI (with a timeout for a silent guest), maskable MSI at once.
 */
#ifndef HV_IRQ_H
#define HV_IRQ_H

#include <hv/domain.h>

/** Bind a PIRQ of d for delivery to its event channel (EVTCHNOP_bind_pirq). will_share as
 * BIND_PIRQ__WILL_SHARE. */
int pirq_guest_bind(struct vcpu *v, u32 pirq, bool will_share);
void pirq_guest_unbind(struct domain *d, u32 pirq);
int pirq_guest_eoi(struct domain *d, u32 pirq);
/** The bound vCPU changed: let affinity follow at the next interrupt. */
void pirq_set_affinity(struct domain *d, u32 pirq, const struct vcpu *v);
int pirq_domain_init(struct domain *d);
/** Unmap everything and give the EOI page back: before d's memory goes. May be repeated. */
void pirq_domain_relinquish(struct domain *d);
void pirq_domain_free(struct domain *d);
/** PIRQ <-> port bookkeeping for event_channel.c; 0: not bound. */
evtchn_port_t pirq_port(const struct domain *d, u32 pirq);
int pirq_set_port(struct domain *d, u32 pirq, evtchn_port_t port);
/** Is there an interrupt behind the number? It may be unmapped at any moment. */
bool pirq_is_mapped(const struct domain *d, u32 pirq);

/** The CPU's interrupt entry point hands every vector >= 0x20 here. */
void do_interrupt(struct cpu_user_regs *regs, u8 vector);

/* Inter-processor interrupts (cpu/smp.c). */
void smp_send_event_check(unsigned int cpu);
void smp_send_event_check_mask(u64 cpus);
/** Run fn(data) on CPUs of the mask (this one included if set) and wait. Interrupts on. */
void smp_call(u64 cpus, void (*fn)(void *), void *data);
void smp_send_nmi_all_but_self(void);
void smp_stop_others(void);        /* panic and reboot */
bool smp_nmi_stop_requested(void); /* this NMI means: halt here */
extern cpumask_t cpu_online_map, cpu_present_map;
extern unsigned int nr_cpus;

#endif
