/* SPDX-License-Identifier: MIT */
/*
 * Domains: creation, lookup, pausing, shutdown, teardown. Lifetime: the creator's reference is
 * dropped at the end of domain_kill(); each owned frame's allocation and each foreign use keep
 * others. The last one unlinks the domain, and the memory goes after a quiescent point.
 *
 * Locks: domain_list_lock (list and table), domain->shutdown_lock. Order: docs/LOCKING.md.
 */
#include <asm/frame.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/cpupool.h>
#include <hv/errno.h>
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/rangeset.h>
#include <hv/sched.h>
#include <hv/softirq.h>
#include <hv/watchdog.h>
#include <xen/domctl.h>

#define TABLE_ORDER 6 /* 32768 pointers: every domid */

struct domain *hardware_domain, *dom_xen, *dom_io;
struct domain **domain_table;
LIST_HEAD(domain_list);
rwlock_t domain_list_lock;
static struct domain *idle_domain;

static void crash_now(void);

bool domain_get(struct domain *d)
{
    u32 old = atomic_read(&d->refcount);

    while (old) {
        u32 seen = cmpxchg(&d->refcount, old, old + 1);

        if (seen == old)
            return true;
        old = seen;
    }
    return false;
}

struct domain *domain_get_by_id(domid_t id)
{
    struct domain *d;

    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    d = READ_ONCE(domain_table[array_index_nospec(id, DOMID_FIRST_RESERVED)]);
    return d && domain_get(d) ? d : NULL;
}

struct domain *domain_find(domid_t id)
{
    struct domain *d;

    if (id == DOMID_SELF)
        return current->domain;
    if (id >= DOMID_FIRST_RESERVED)
        return NULL;
    d = READ_ONCE(domain_table[array_index_nospec(id, DOMID_FIRST_RESERVED)]);
    return d && atomic_read(&d->refcount) ? d : NULL;
}

struct domain *domain_get_by_any_id(domid_t id)
{
    if (id == DOMID_SELF || id == current->domain->domid)
        return domain_get(current->domain) ? current->domain : NULL;
    return domain_get_by_id(id);
}

/* All but the record itself. */
static void domain_free_parts(struct domain *d)
{
    domain_watchdog_destroy(d);
    for (u32 i = d->max_vcpus; i-- && d->vcpu;) {
        struct vcpu *v = d->vcpu[i];

        if (!v)
            continue;
        vcpu_timers_destroy(v);
        sched_vcpu_destroy(v);
        arch_vcpu_free(v);
        hv_free(v);
    }
    hv_free(d->vcpu);
    grant_table_domain_free(d);
    event_channel_domain_free(d);
    arch_domain_free(d);
    rangeset_destroy(d->ioports);
    rangeset_destroy(d->iomem);
    rangeset_destroy(d->irqs);
    if (d->target)
        domain_put(d->target);
}

/*
 * The domid stays taken until now: frame records of shared pages name their owner by it. So lookups
 * have found the record up to here, and see its reference count of zero; it goes when they are
 * through.
 */
static void free_after_quiescent(void *data)
{
    struct domain *d = data;

    domain_free_parts(d);
    WRITE_ONCE(domain_table[d->domid], NULL);
    call_when_quiescent(&d->free_call, hv_free, d);
    send_global_virq(VIRQ_DOM_EXC);
}

void domain_put(struct domain *d)
{
    if (!atomic_dec_and_test(&d->refcount))
        return;
    write_lock(&domain_list_lock);
    list_del(&d->list);
    write_unlock(&domain_list_lock);
    cpupool_leave(d);
    call_when_quiescent(&d->free_call, free_after_quiescent, d);
}

static struct domain *domain_alloc(domid_t id)
{
    struct domain *d = zalloc_obj(struct domain);

    if (!d)
        return NULL;
    d->domid = id;
    d->refcount = 1;
    d->shutdown_code = ~0u;
    list_init(&d->list);
    spin_lock_init_at(&d->page_lock, ORDER_PAGES);
    rwlock_init_at(&d->event_lock, ORDER_EVENTS);
    spin_lock_init_at(&d->domctl_lock, ORDER_DOMCTL);
    spin_lock_init_at(&d->shutdown_lock, ORDER_SHUTDOWN);
    spin_lock_init_at(&d->watchdog_lock, ORDER_WATCHDOG);
    domain_watchdog_init(d);
    return d;
}

static int create_parts(struct domain *d, const struct domain_create_params *p)
{
    int rc = -ENOMEM;

    d->ioports = rangeset_create();
    d->iomem = rangeset_create();
    d->irqs = rangeset_create();
    d->vcpu = zalloc_objs(struct vcpu *, p->max_vcpus);
    if (!d->ioports || !d->iomem || !d->irqs || !d->vcpu)
        return rc;
    d->max_vcpus = p->max_vcpus;
    rc = cpupool_join(d, p->cpupool_id);
    if (!rc)
        rc = arch_domain_create(d, p);
    if (!rc && p->is_hardware)
        rc = arch_permit_hardware(d);
    if (!rc)
        rc = event_channel_domain_init(d);
    if (!rc)
        rc = grant_table_domain_init(d, p->max_grant_frames, p->max_maptrack_frames,
                                     XEN_DOMCTL_GRANT_version(p->grant_opts));
    return rc;
}

static int link(struct domain *d)
{
    struct domain *other;
    int rc = -EEXIST;

    write_lock(&domain_list_lock);
    if (!domain_table[d->domid]) {
        list_for_each_entry(other, &domain_list, list)
            if (other->domid > d->domid)
                break;
        list_add_tail(&d->list, &other->list);
        WRITE_ONCE(domain_table[d->domid], d);
        rc = 0;
    }
    write_unlock(&domain_list_lock);
    return rc;
}

int domain_create(domid_t id, const struct domain_create_params *p, struct domain **out)
{
    struct domain *d;
    int rc;

    if (!p->max_vcpus || p->max_vcpus > MAX_VCPUS)
        return -EINVAL;
    d = domain_alloc(id);
    if (!d)
        return -ENOMEM;
    d->is_control = p->is_control;
    d->is_hardware = p->is_hardware;
    d->options = p->flags;
    d->ops = &pv_guest_ops;
    memcpy(d->handle, p->handle, sizeof(d->handle));
    d->max_ports = MIN((u64)p->max_evtchn_port, 0x1ffffUL) + 1;
    d->pause_count = 1;
    d->controller_pause_count = 1;
    rc = create_parts(d, p);
    if (!rc)
        rc = link(d);
    if (rc) {
        cpupool_leave(d);
        domain_free_parts(d);
        hv_free(d);
        return rc;
    }
    *out = d;
    return 0;
}

static struct vcpu_info dummy_info = {.evtchn_upcall_mask = 1};

struct vcpu_info *vcpu_dummy_info(void)
{
    return &dummy_info;
}

struct vcpu *vcpu_create(struct domain *d, unsigned int vcpu_id)
{
    struct vcpu *v;

    if (vcpu_id >= d->max_vcpus || d->vcpu[vcpu_id])
        return NULL;
    v = zalloc_obj(struct vcpu);
    if (!v)
        return NULL;
    v->domain = d;
    v->vcpu_id = vcpu_id;
    v->dirty_cpu = VCPU_CPU_CLEAN;
    v->is_idle = d == idle_domain;
    v->processor = v->is_idle ? vcpu_id : 0;
    spin_lock_init(&v->virq_lock);
    v->vcpu_info = d->shared_info && vcpu_id < XEN_LEGACY_MAX_VCPUS
                       ? &d->shared_info->vcpu_info[vcpu_id]
                       : &dummy_info;
    if (!v->is_idle)
        v->pause_flags = BIT(VPF_DOWN);
    if (arch_vcpu_create(v)) {
        hv_free(v);
        return NULL;
    }
    if (sched_vcpu_init(v)) {
        sched_vcpu_destroy(v);
        arch_vcpu_free(v);
        hv_free(v);
        return NULL;
    }
    vcpu_timers_init(v);
    smp_wmb();
    WRITE_ONCE(d->vcpu[vcpu_id], v);
    cpupool_refit(v); /* who has changed the pool meanwhile may not have seen v */
    return v;
}

/* DOMID_XEN and DOMID_IO own frames; they have no vCPUs and are in no list. */
void domain_init_special(void)
{
    softirq_register(SOFTIRQ_CRASH, crash_now);
    dom_xen = domain_alloc(DOMID_XEN);
    dom_io = domain_alloc(DOMID_IO);
    domain_table = hv_alloc_pages(TABLE_ORDER, MEMF_ZERO);
    if (!dom_xen || !dom_io || !domain_table)
        panic("No memory for the special domains\n");
    dom_xen->ops = dom_io->ops = &idle_guest_ops;
    domain_table[DOMID_XEN] = dom_xen; /* for frame_owner() only: lookups refuse such ids */
    domain_table[DOMID_IO] = dom_io;
}

struct vcpu *idle_vcpu_create(unsigned int cpu)
{
    return vcpu_create(idle_domain, cpu);
}

void domain_init_idle(void)
{
    idle_domain = domain_alloc(DOMID_IDLE);
    if (!idle_domain)
        panic("No memory for the idle domain\n");
    domain_table[DOMID_XEN] = dom_xen; /* for frame_owner(); no lookup by id finds them */
    domain_table[DOMID_IO] = dom_io;
    idle_domain->ops = &idle_guest_ops;
    idle_domain->max_vcpus = MAX_CPUS;
    idle_domain->vcpu = zalloc_objs(struct vcpu *, MAX_CPUS);
    if (!idle_domain->vcpu || !idle_vcpu_create(0))
        panic("No memory for the idle vCPU\n");
    get_cpu_info()->curr = idle_vcpu[0];
    quiescent_init();
}

/* ---- pausing ---- */

void vcpu_pause_nosync(struct vcpu *v)
{
    atomic_inc(&v->pause_count);
    vcpu_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
    ASSERT(v != current);
    atomic_inc(&v->pause_count);
    vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (atomic_dec_and_test(&v->pause_count))
        vcpu_wake(v);
}

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;

    atomic_inc(&d->pause_count);
    for_each_vcpu(d, v)
        vcpu_sleep_nosync(v);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    ASSERT(d != current->domain);
    domain_pause_nosync(d);
    for_each_vcpu(d, v)
        vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    if (!atomic_dec_and_test(&d->pause_count))
        return;
    for_each_vcpu(d, v)
        vcpu_wake(v);
}

int domain_pause_by_controller(struct domain *d)
{
    u32 old = atomic_read(&d->controller_pause_count);

    for (;;) {
        u32 seen;

        if (old >= 255) /* the ABI's limit; nesting beyond is an error of the tools */
            return -EOVERFLOW;
        seen = cmpxchg(&d->controller_pause_count, old, old + 1);
        if (seen == old)
            break;
        old = seen;
    }
    domain_pause(d);
    return 0;
}

int domain_unpause_by_controller(struct domain *d)
{
    u32 old = atomic_read(&d->controller_pause_count);

    for (;;) {
        u32 seen;

        if (!old)
            return -EINVAL;
        seen = cmpxchg(&d->controller_pause_count, old, old - 1);
        if (seen == old)
            break;
        old = seen;
    }
    d->creation_finished = true;
    domain_unpause(d);
    return 0;
}

/* ---- shutdown ---- */

static void __noreturn shutdown_machine(u8 reason)
{
    extern bool opt_noreboot;

    switch (reason) {
    case SHUTDOWN_poweroff:
        printk(LOG_ERR "dom0 has powered off: halting the machine\n");
        smp_stop_others();
        machine_halt();
    case SHUTDOWN_reboot:
        printk(LOG_ERR "dom0 asks for a reboot\n");
        machine_restart(0);
    default:
        printk(LOG_ERR "dom0 has stopped with reason %u\n", reason);
        if (opt_noreboot) {
            printk(LOG_ERR "The machine stays as it is (\"noreboot\")\n");
            smp_stop_others();
            machine_halt();
        }
        machine_restart(5000);
    }
}

/* shutdown_lock not held: sending may find a reason to crash d, which takes it. */
static void tell_shutdown(struct domain *d)
{
    if (d->shutdown_code == SHUTDOWN_suspend && d->suspend_port)
        (void)event_channel_send(d, d->suspend_port); /* a bad port is its subscriber's loss */
    else
        send_global_virq(VIRQ_DOM_EXC);
}

static const char *shutdown_name(u8 reason)
{
    static const char *const name[] = {"power-off", "reboot", "suspend", "crash", "watchdog",
                                       "soft reset"};

    return reason < ARRAY_SIZE(name) ? name[reason] : "unknown reason";
}

/* What a guest asks for itself needs no line in the log. */
static bool is_orderly(u8 reason)
{
    return reason == SHUTDOWN_poweroff || reason == SHUTDOWN_reboot || reason == SHUTDOWN_suspend;
}

int domain_shutdown(struct domain *d, u8 reason)
{
    unsigned long flags;
    struct vcpu *v;

    if (d->is_hardware)
        shutdown_machine(reason);
    flags = spin_lock_save(&d->shutdown_lock);
    if (d->is_shutting_down) {
        spin_unlock_restore(&d->shutdown_lock, flags);
        return 0;
    }
    if (d->shutdown_code == ~0u)
        d->shutdown_code = reason;
    d->is_shutting_down = true;
    if (!is_orderly((u8)d->shutdown_code))
        printk(LOG_INFO "Domain %u stops: %s\n", d->domid, shutdown_name((u8)d->shutdown_code));
    smp_mb();
    for_each_vcpu(d, v) {
        if (v->paused_for_shutdown)
            continue;
        vcpu_pause_nosync(v);
        v->paused_for_shutdown = true;
    }
    d->is_shut_down = true;
    spin_unlock_restore(&d->shutdown_lock, flags);
    tell_shutdown(d);
    return 0;
}

void domain_resume(struct domain *d)
{
    unsigned long flags;
    struct vcpu *v;

    /* Its vCPUs must be off their CPUs before they may go on. */
    domain_pause(d);
    flags = spin_lock_save(&d->shutdown_lock);
    d->is_shutting_down = d->is_shut_down = false;
    d->shutdown_code = ~0u;
    for_each_vcpu(d, v) {
        if (v->paused_for_shutdown)
            vcpu_unpause(v);
        v->paused_for_shutdown = false;
    }
    spin_unlock_restore(&d->shutdown_lock, flags);
    domain_unpause(d);
}

/* The first reason is the one that is kept. */
static void __printf(2, 0) note_crash_reason(struct domain *d, const char *fmt, va_list ap)
{
    if (!d->crash_reason[0])
        vsnprintf(d->crash_reason, sizeof(d->crash_reason), fmt, ap);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note_crash_reason(d, fmt, ap);
    va_end(ap);
    if (d->is_shutting_down && d->shutdown_code == SHUTDOWN_crash)
        return;
    printk(LOG_ERR "Domain %u crashed: %s\n", d->domid, d->crash_reason);
    if (d == current->domain && !current->is_idle) {
        printk(LOG_ERR "vCPU %u of domain %u on CPU %u:\n", current->vcpu_id, d->domid,
               smp_processor_id());
        show_registers(guest_regs());
    }
    domain_shutdown(d, SHUTDOWN_crash);
}

static DEFINE_PER_CPU(domid_t, crashing);

void domain_crash_soon(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    note_crash_reason(current->domain, fmt, ap);
    va_end(ap);
    this_cpu(crashing) = current->domain->domid;
    softirq_raise(SOFTIRQ_CRASH);
}

static void crash_now(void)
{
    struct domain *d = domain_get_by_id(this_cpu(crashing));

    if (!d)
        return;
    domain_crash(d, "%s", d->crash_reason);
    domain_put(d);
}

/* ---- teardown ---- */

enum { STAGE_START, STAGE_EVENTS, STAGE_GRANTS, STAGE_ARCH, STAGE_DONE };

/* The caller holds domctl_lock of d and a reference. */
int domain_kill(struct domain *d)
{
    struct vcpu *v;
    int rc = 0;

    if (d == current->domain || d->is_hardware)
        return -EINVAL;
    switch (d->teardown_stage) {
    case STAGE_START:
        domain_pause(d); /* never given back */
        spin_lock(&d->page_lock);
        d->dying = DOMAIN_DYING;
        spin_unlock(&d->page_lock);
        (void)domain_set_claim(d, 0);
        d->teardown_stage = STAGE_EVENTS;
        /* fallthrough */
    case STAGE_EVENTS:
        rc = event_channel_domain_teardown(d);
        if (rc)
            return rc;
        d->teardown_stage = STAGE_GRANTS;
        /* fallthrough */
    case STAGE_GRANTS:
        rc = grant_table_release_mappings(d);
        if (rc)
            return rc;
        d->teardown_stage = STAGE_ARCH;
        /* fallthrough */
    case STAGE_ARCH:
        for_each_vcpu(d, v)
            vcpu_unregister_info(v);
        rc = arch_domain_relinquish(d);
        if (rc)
            return rc;
        d->teardown_stage = STAGE_DONE;
        d->dying = DOMAIN_DEAD;
        send_global_virq(VIRQ_DOM_EXC);
        domain_put(d);
        /* fallthrough */
    default:
        return 0;
    }
}
