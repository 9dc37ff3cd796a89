/* SPDX-License-Identifier: MIT */
/*
 * Domains and vCPUs (common/domain.c, common/vcpu.c). A lookup takes a reference; current's own
 * domain is held by its running vCPU and needs none.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include <asm/arch_domain.h>
#include <asm/current.h>
#include <hv/bitops.h>
#include <hv/list.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/xen.h>

struct event_channel;
struct event_ops;
struct event_fifo_domain;
struct event_fifo_vcpu;
struct grant_table;
struct guest_ops;
struct sched_unit;
struct cpupool;
struct frame;

/* Reasons a vCPU does not run: bits of vcpu->pause_flags, changed atomically. */
enum vcpu_pause_bit {
    VPF_BLOCKED,        /* SCHEDOP_block / poll waiting for an event */
    VPF_DOWN,           /* VCPUOP_down or not yet initialised */
    VPF_DOMAIN_PAUSED,  /* unused as a bit source: domain->pause_count counts */
    VPF_MIGRATING,
    VPF_POLLING,
};

struct vcpu {
    u32 vcpu_id;
    u32 processor;                  /* CPU it runs on or last ran on; sched lock */
    struct domain *domain;
    unsigned long pause_flags;      /* runnable only when 0 and both counts are 0 */
    u32 pause_count;                /* hypervisor-internal, nesting */
    bool is_running;                /* on a CPU right now (context loaded and executing) */
    bool is_initialised;            /* has a context: VCPUOP_initialise or setvcpucontext */
    bool is_idle;
    bool defer_shutdown, paused_for_shutdown;
    bool nmi_pending, mce_pending;
    bool is_pin_overridden;
    bool force_context_switch;

    struct sched_unit *sched;       /* the scheduler's own record */
    cpumask_t hard_affinity, soft_affinity, saved_affinity;
    cpumask_t allowed_cpus;         /* hard affinity within the pool (common/cpupool.c) */
    /* CPU whose registers/TLB hold this vCPU's state; VCPU_CPU_CLEAN */
    u32 dirty_cpu;

    /* Events. vcpu_info points into shared_info or to a registered, mapped frame, never NULL. */
    struct vcpu_info *vcpu_info;
    struct frame *vcpu_info_frame;  /* referenced and typed; NULL: in shared_info */
    u16 poll_nr;
    evtchn_port_t poll_port;        /* 0: several or none */
    struct event_fifo_vcpu *event_fifo;
    spinlock_t virq_lock;
    evtchn_port_t virq_to_port[NR_VIRQS];

    /* Timers and run-time accounting */
    struct timer singleshot_timer, periodic_timer, poll_timer;
    s_time_t periodic_period_ns, periodic_last_ns;
    struct vcpu_runstate_info runstate;
    u64 runstate_guest_va;          /* registered area; 0 none */
    u64 time_info_guest_va;         /* register_vcpu_time_memory_area; 0 none */

    struct arch_vcpu arch;
};
#define VCPU_CPU_CLEAN (~0u)

/** Run fn(data) once every CPU has passed a point where it holds no unreferenced pointer. */
struct quiescent_call {
    struct list_head list;
    void (*fn)(void *);
    void *data;
};
void call_when_quiescent(struct quiescent_call *c, void (*fn)(void *), void *data);
void quiescent_init(void);

#define NR_WATCHDOGS 2

/* Per-domain port buckets are private to event_channel.c. */
struct domain {
    domid_t domid;
    u32 refcount;
    bool is_control;                /* may use domctl, sysctl, map others' memory (dom0) */
    bool is_hardware;               /* owns ports, PIRQs, PCI (dom0) */
    bool is_shut_down, is_shutting_down;
    u8 dying;                       /* enum domain_dying */
    u32 shutdown_code;              /* SHUTDOWN_*, ~0 none */
    /* of d: raised when it has suspended, instead of VIRQ_DOM_EXC; 0 none */
    evtchn_port_t suspend_port;
    char crash_reason[96];          /* kept for the tools: why domain_crash() was called */
    xen_domain_handle_t handle;
    u32 options;                    /* XEN_DOMCTL_CDF_* given at creation */
    const struct guest_ops *ops;    /* what kind of guest: the only such test */

    u32 max_vcpus;
    struct vcpu **vcpu;             /* max_vcpus entries, NULL until created */
    u32 pause_count;                /* all causes */
    u32 controller_pause_count;     /* XEN_DOMCTL_pausedomain */
    bool creation_finished;         /* first unpause has happened */
    s_time_t last_ip_note;

    /* Memory; page_lock protects the list and the counts. */
    spinlock_t page_lock;
    u32 page_list_head, page_list_tail; /* frame numbers, 0 none */
    u64 tot_pages, max_pages, claimed_pages;
    /* names this domain, never another, in freed frames; 0: not yet */
    u32 memory_serial;
    u64 extra_pages;                /* FC_EXTRA frames, not in tot_pages */
    u64 shared_pages, paged_pages;
    struct shared_info *shared_info;
    u64 vm_assist;                  /* bit a VMASST_TYPE_* */

    /* Event channels (event_channel.c) */
    rwlock_t event_lock;
    const struct event_ops *event_ops; /* layout of pending events: two-level or FIFO */
    struct event_fifo_domain *event_fifo;
    struct event_channel **port_bucket;
    u32 nr_ports, max_ports;        /* allocated / limit from createdomain */
    u32 nr_active_ports, lowest_free_port, teardown_port;

    struct grant_table *grant_table;

    /* Device access given by domctl (sorted ranges, common/rangeset.c) */
    struct rangeset *ioports, *iomem, *irqs;
    struct domain *target;          /* stub domain's client */

    spinlock_t domctl_lock;         /* one control operation at a time on this domain */
    spinlock_t shutdown_lock;
    struct quiescent_call free_call;
    struct list_head list;          /* all domains, by domid; domain_list_lock */
    unsigned long poll_mask[BITS_TO_LONGS(MAX_VCPUS)]; /* vCPUs in SCHEDOP_poll */
    struct cpupool *pool;           /* cpupool.c; NULL: idle and special domains */
    u16 sched_weight, sched_cap;    /* scheduler parameters; 0 weight: default */
    u8 teardown_stage;              /* preemptible teardown progress */
    s64 time_offset_seconds;        /* wall clock offset (settimeoffset) */
    spinlock_t watchdog_lock;
    u32 watchdog_inuse;
    struct timer watchdog[NR_WATCHDOGS];

    struct arch_domain arch;
};
enum domain_dying { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

/* Iterate existing vCPUs / all domains (holds no lock: see domain_list_lock). */
#define for_each_vcpu(d, v)                                                                   \
    for (u32 _i = 0; _i < (d)->max_vcpus; _i++)                                               \
        if (((v) = (d)->vcpu[_i]) != NULL)

extern struct domain *hardware_domain; /* dom0 */
extern struct domain *dom_xen, *dom_io; /* owners DOMID_XEN and DOMID_IO */
extern struct list_head domain_list;
extern rwlock_t domain_list_lock;
/** Indexed by domid; entries appear under domain_list_lock and vanish a quiescent point before the
 *  structure is freed, so a reader in hypercall context may follow them without a lock. */
extern struct domain **domain_table;

/** Find a live or dying domain and take a reference; NULL if there is none. */
struct domain *domain_get_by_id(domid_t id);
/** DOMID_SELF or an id. Whether others may be looked up is for the caller to check (access.h). */
struct domain *domain_get_by_any_id(domid_t id);
/**
 * Find a live or dying domain without taking a reference: good until this CPU passes a quiescent
 * point, so within one run of a hypercall. DOMID_SELF or an id; NULL if there is none.
 */
struct domain *domain_find(domid_t id);
bool domain_get(struct domain *d); /* false: already on its way out */
void domain_put(struct domain *d);

struct domain_create_params {
    u32 flags;              /* XEN_DOMCTL_CDF_* */
    u32 max_vcpus, max_evtchn_port, max_grant_frames, max_maptrack_frames, grant_opts, cpupool_id;
    xen_domain_handle_t handle;
    bool is_control, is_hardware;
};
/** Create with no memory and no vCPUs, paused once by the controller. -EEXIST, -ENOMEM, -EINVAL. */
int domain_create(domid_t id, const struct domain_create_params *p, struct domain **out);
struct vcpu *vcpu_create(struct domain *d, unsigned int vcpu_id); /* NULL: out of memory */
/** Start or continue destruction; preemptible (-ERESTART). 0 when everything d held is released
 *  or only waits for foreign references. */
int domain_kill(struct domain *d);

/** Nesting pauses. The non-sync form does not wait for running vCPUs to stop. */
void domain_pause(struct domain *d);
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
int domain_pause_by_controller(struct domain *d);
int domain_unpause_by_controller(struct domain *d); /* -EINVAL when not paused so */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/** The guest asked (or the crash handler decided) to stop; reason SHUTDOWN_*. */
int domain_shutdown(struct domain *d, u8 reason);
void domain_resume(struct domain *d); /* after a cancelled suspend */
/** Guest beyond repair: keeps the reason, prints it with registers, stops d (any domain). */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);
/** The same for current's domain where locks are held: before a vCPU runs on this CPU again. */
void domain_crash_soon(const char *fmt, ...) __printf(1, 2);

/** VCPUOP_register_vcpu_info: 0, -EINVAL, -ENOMEM, ... as the ABI. */
int vcpu_register_info(struct vcpu *v, mfn_t mfn, unsigned int offset);
void vcpu_unregister_info(struct vcpu *v);
/** Where vcpu_info points while the guest has given no place: upcalls masked. */
struct vcpu_info *vcpu_dummy_info(void);

/* vcpu_timer.c: VIRQ_TIMER sources. The timers follow the vCPU from CPU to CPU. */
void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_destroy(struct vcpu *v);
/** A vCPU starts running on this CPU / stops: periodic ticks only come while it runs. */
void vcpu_timers_resume(struct vcpu *v);
void vcpu_timers_pause(struct vcpu *v);
/** current only. A deadline in the past fires at once (VCPU_SSHOTTMR_future changes nothing). */
void vcpu_set_singleshot(struct vcpu *v, u64 deadline_ns);
int vcpu_set_periodic(struct vcpu *v, u64 period_ns);                       /* 0: stop */

#define shared_info_of(d) ((d)->shared_info)
#define is_control_domain(d) ((d)->is_control)
#define is_hardware_domain(d) ((d)->is_hardware)

#endif
