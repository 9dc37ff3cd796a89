/* SPDX-License-Identifier: MIT */
/*
 * CPU pools: who is in which, and v->allowed_cpus, the CPUs that v's affinity and its pool leave
 * it; the scheduler reads that without a lock. Changes of a pool's CPUs go through its domains
 * afterwards, one reference at a time: whoever joins meanwhile sees the new CPUs.
 *
 * Locks: cpupool_lock, a leaf, guards the list, members, and all writes of hard affinities.
 * domain->pool changes only under it, and on a live domain with domctl_lock.
 * ABI facts: public sysctl.h; errors as Xen 4.17's.
 */
#include <hv/cpupool.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/irq.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/sched.h>

struct cpupool {
    struct list_head list; /* by id */
    u32 id;
    u32 nr_domains;
    cpumask_t cpus; /* those that are not online count for nothing */
};

static struct cpupool pool0;
static struct list_head pools = { &pool0.list, &pool0.list };
static struct cpupool pool0 = { .list = { &pools, &pools }, .cpus.bits = ~0UL };
static spinlock_t cpupool_lock;

/* ---- with the lock held ---- */

static struct cpupool *find(u32 id)
{
    struct cpupool *p;

    list_for_each_entry(p, &pools, list)
        if (p->id == id)
            return p;
    return NULL;
}

static u64 online_of(const struct cpupool *p)
{
    return p->cpus.bits & cpu_online_map.bits;
}

static u64 free_cpus(void)
{
    u64 taken = 0;
    const struct cpupool *p;

    list_for_each_entry(p, &pools, list)
        taken |= p->cpus.bits;
    return cpu_online_map.bits & ~taken;
}

/* Idle vCPUs are in no pool: theirs is their own CPU. */
static u64 pool_cpus(const struct vcpu *v)
{
    return v->domain->pool ? v->domain->pool->cpus.bits : ~0UL;
}

static void enter(struct domain *d, struct cpupool *p)
{
    if (d->pool)
        d->pool->nr_domains--;
    d->pool = p;
    if (p)
        p->nr_domains++;
}

/* ---- domains ---- */

int cpupool_join(struct domain *d, u32 id)
{
    struct cpupool *p;
    int rc = -ESRCH;

    spin_lock(&cpupool_lock);
    p = find(id == CPUPOOL_NONE ? 0 : id);
    if (p)
        rc = online_of(p) ? 0 : -ENODEV;
    if (!rc)
        enter(d, p);
    spin_unlock(&cpupool_lock);
    return rc;
}

void cpupool_leave(struct domain *d)
{
    spin_lock(&cpupool_lock);
    enter(d, NULL);
    spin_unlock(&cpupool_lock);
}

u32 cpupool_of(const struct domain *d)
{
    u32 id;

    spin_lock(&cpupool_lock);
    id = d->pool ? d->pool->id : CPUPOOL_NONE;
    spin_unlock(&cpupool_lock);
    return id;
}

int cpupool_restrict(struct vcpu *v, const cpumask_t *hard)
{
    int rc = -EINVAL;

    spin_lock(&cpupool_lock);
    if (hard->bits & pool_cpus(v) & cpu_online_map.bits) {
        v->hard_affinity = *hard;
        v->allowed_cpus.bits = hard->bits & pool_cpus(v);
        rc = 0;
    }
    spin_unlock(&cpupool_lock);
    return rc;
}

bool cpupool_meets(const struct vcpu *v, const cpumask_t *mask)
{
    bool meets;

    spin_lock(&cpupool_lock);
    meets = mask->bits & pool_cpus(v) & cpu_online_map.bits;
    spin_unlock(&cpupool_lock);
    return meets;
}

void cpupool_refit(struct vcpu *v)
{
    spin_lock(&cpupool_lock);
    if (!(v->hard_affinity.bits & pool_cpus(v) & cpu_online_map.bits))
        v->hard_affinity.bits = ~0UL;
    v->allowed_cpus.bits = v->hard_affinity.bits & pool_cpus(v);
    spin_unlock(&cpupool_lock);
}

/* ---- pools ---- */

/* New ids follow the highest, so that one that went is not soon there again. */
static struct cpupool *place_for(u32 *id)
{
    struct cpupool *p, *after = &pool0;

    list_for_each_entry(p, &pools, list) {
        if (*id != CPUPOOL_NONE && p->id > *id)
            break;
        after = p;
    }
    if (*id == CPUPOOL_NONE)
        *id = after->id + 1;
    return after->id == *id || *id == CPUPOOL_NONE ? NULL : after;
}

long cpupool_create(u32 *id)
{
    struct cpupool *p = zalloc_obj(struct cpupool), *after;

    if (!p)
        return -ENOMEM;
    spin_lock(&cpupool_lock);
    after = place_for(id);
    if (after) {
        p->id = *id;
        list_add(&p->list, &after->list);
    }
    spin_unlock(&cpupool_lock);
    if (!after)
        hv_free(p);
    return after ? 0 : -EEXIST;
}

long cpupool_destroy(u32 id)
{
    struct cpupool *p;
    long rc = -ENOENT;

    spin_lock(&cpupool_lock);
    p = find(id);
    if (p)
        rc = p->nr_domains || online_of(p) || p == &pool0 ? -EBUSY : 0;
    if (!rc)
        list_del(&p->list);
    spin_unlock(&cpupool_lock);
    if (!rc)
        hv_free(p);
    return rc;
}

long cpupool_next(u32 *id, u64 *cpus, u32 *nr_domains)
{
    struct cpupool *p;
    long rc = -ENOENT;

    spin_lock(&cpupool_lock);
    list_for_each_entry(p, &pools, list) {
        if (p->id < *id)
            continue;
        *id = p->id;
        *cpus = online_of(p);
        *nr_domains = p->nr_domains;
        rc = 0;
        break;
    }
    spin_unlock(&cpupool_lock);
    return rc;
}

bool cpupool_exists(u32 id)
{
    bool exists;

    spin_lock(&cpupool_lock);
    exists = find(id);
    spin_unlock(&cpupool_lock);
    return exists;
}

u64 cpupool_free_cpus(void)
{
    u64 cpus;

    spin_lock(&cpupool_lock);
    cpus = free_cpus();
    spin_unlock(&cpupool_lock);
    return cpus;
}

/* ---- CPUs ---- */

static void refit_domain(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        vcpu_refit(v);
}

static void refit_members(u32 id)
{
    struct domain *d;
    u32 next = 0;

    while ((d = domain_get_next(next)) != NULL) {
        next = d->domid + 1U;
        if (cpupool_of(d) == id)
            refit_domain(d);
        domain_put(d);
    }
}

long cpupool_add_cpu(u32 id, u32 cpu)
{
    struct cpupool *p;
    long rc = 0;
    u64 spare;

    spin_lock(&cpupool_lock);
    spare = free_cpus();
    p = find(id);
    if (cpu == CPUPOOL_NONE)
        cpu = spare ? ffs64(spare) : 0;
    if (cpu >= MAX_CPUS || !cpumask_test(cpu, &cpu_present_map))
        rc = -EINVAL;
    else if (!(spare & BIT(cpu)))
        rc = -ENODEV;
    else if (!p)
        rc = -ENOENT;
    else
        p->cpus.bits |= BIT(cpu);
    spin_unlock(&cpupool_lock);
    if (!rc)
        refit_members(id);
    return rc;
}

/* Who only waits for its last references may go to pool 0. */
static bool has_living(const struct cpupool *p)
{
    const struct domain *d;
    bool living = false;

    read_lock(&domain_list_lock);
    spin_lock(&cpupool_lock);
    list_for_each_entry(d, &domain_list, list)
        living |= d->pool == p && !d->dying;
    spin_unlock(&cpupool_lock);
    read_unlock(&domain_list_lock);
    return living;
}

static void evict_dying(struct cpupool *p)
{
    struct domain *d;

    read_lock(&domain_list_lock);
    spin_lock(&cpupool_lock);
    list_for_each_entry(d, &domain_list, list)
        if (d->pool == p && d->dying)
            enter(d, &pool0);
    spin_unlock(&cpupool_lock);
    read_unlock(&domain_list_lock);
}

/* Lock held: what keeps p from losing the CPU, which may be CPUPOOL_NONE for the last one. */
static long refusal(const struct cpupool *p, u32 *cpu)
{
    u64 online = online_of(p);

    if (*cpu == CPUPOOL_NONE && online)
        *cpu = fls64(online);
    if (*cpu >= MAX_CPUS || !cpumask_test(*cpu, &cpu_online_map))
        return -EINVAL;
    if (!(online & BIT(*cpu)))
        return -EADDRNOTAVAIL;
    if (online != BIT(*cpu) || !p->nr_domains)
        return 0;
    return p == &pool0 ? -EINVAL : -EBUSY;
}

long cpupool_remove_cpu(u32 id, u32 wanted)
{
    struct cpupool *p;
    long rc;

    for (int attempt = 0; attempt < 2; attempt++) {
        u32 cpu = wanted;

        spin_lock(&cpupool_lock);
        p = find(id);
        rc = p ? refusal(p, &cpu) : -ENOENT;
        if (!rc)
            p->cpus.bits &= ~BIT(cpu);
        spin_unlock(&cpupool_lock);
        if (rc != -EBUSY || has_living(p))
            break;
        evict_dying(p);
    }
    if (!rc)
        refit_members(id);
    return rc;
}

long cpupool_move(struct domain *d, u32 id)
{
    struct cpupool *p;
    struct vcpu *v;
    long rc = 0;
    bool moves = false;

    if (!spin_trylock(&d->domctl_lock))
        return -ERESTART;
    spin_lock(&cpupool_lock);
    p = find(id);
    if (!p || !online_of(p)) {
        rc = -ENOENT;
    } else if (d->pool != p) {
        enter(d, p);
        moves = true;
        for_each_vcpu(d, v)
            v->hard_affinity.bits = v->soft_affinity.bits = ~0UL;
    }
    spin_unlock(&cpupool_lock);
    if (moves)
        refit_domain(d);
    spin_unlock(&d->domctl_lock);
    return rc;
}
