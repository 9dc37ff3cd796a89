/* SPDX-License-Identifier: MIT */
/*
 * sysctl: the operations that exist on x86 only: CPU policies, PCI devices' places, cache
 * monitoring (none); and the topology of processors, which their APIC ids spell out. Facts: Intel
 * SDM vol. 2 CPUID leaves 1, 4, 0xb; AMD APM vol. 3 CPUID 0x80000008.
 */
#include <asm/cpu.h>
#include <asm/cpu_policy.h>
#include <asm/platform.h>
#include <asm/tsc.h>
#include <hv/arch.h>
#include <hv/domctl.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/irq.h>

#define PCI_BATCH 64 /* devices between two looks whether to stop */

/* ---- topology ---- */

static unsigned int width_for(u32 n)
{
    return n > 1 ? fls64(n - 1) + 1 : 0;
}

/* Bits of an APIC id: [0, *thread) the thread, [*thread, *core) the core, above the socket. */
static void apic_id_fields(unsigned int *thread, unsigned int *core)
{
    struct cpuid_regs l1 = cpuid(1, 0), r;
    u32 logical = l1.d & (1u << 28) ? l1.b >> 16 & 0xff : 1, cores = 1;

    if (cpu_features.max_leaf >= 0xb && cpuid(0xb, 0).b) {
        *thread = cpuid(0xb, 0).a & 0x1f;
        *core = cpuid(0xb, 1).a & 0x1f;
        return;
    }
    if (cpu_features.vendor == VENDOR_AMD && cpu_features.max_ext_leaf >= 0x80000008) {
        r = cpuid(0x80000008, 0);
        cores = (r.c & 0xff) + 1;
        *thread = 0;
        *core = r.c >> 12 & 0xf ? r.c >> 12 & 0xf : width_for(cores);
        return;
    }
    if (cpu_features.max_leaf >= 4 && cpuid(4, 0).a & 0x1f)
        cores = (cpuid(4, 0).a >> 26) + 1;
    *core = width_for(logical);
    *thread = *core - MIN(*core, width_for(cores));
}

void arch_cpu_topology(unsigned int cpu, u32 *core, u32 *socket)
{
    unsigned int thread_bits, core_bits;
    u32 id = apic_id_of_cpu(cpu);

    apic_id_fields(&thread_bits, &core_bits);
    *socket = id >> core_bits;
    *core = (u32)(id & (BIT(core_bits) - 1)) >> thread_bits;
}

/* How many online CPUs share the core, and the socket, of CPU 0. */
static void count_siblings(u32 *on_core, u32 *on_socket)
{
    u32 core0, socket0, core, socket;
    unsigned int cpu;

    arch_cpu_topology(0, &core0, &socket0);
    *on_core = *on_socket = 0;
    for_each_cpu_in(cpu, &cpu_online_map)
    {
        arch_cpu_topology(cpu, &core, &socket);
        *on_socket += socket == socket0;
        *on_core += socket == socket0 && core == core0;
    }
}

void arch_physinfo(struct xen_sysctl_physinfo *info)
{
    u32 words[FEATURESET_WORDS], on_core, on_socket;

    count_siblings(&on_core, &on_socket);
    info->threads_per_core = MAX(on_core, 1U);
    info->cores_per_socket = MAX(on_socket / info->threads_per_core, 1U);
    info->cpu_khz = (u32)tsc_khz();
    cpu_policy_featureset(&cpu_policy_host, words);
    memcpy(info->hw_cap, words, sizeof(info->hw_cap));
}

/* ---- operations ---- */

static u32 node_of(const physdev_pci_device_t *dev)
{
    return pci_device_known(dev->seg, dev->bus, dev->devfn) ? XEN_INVALID_NODE_ID : XEN_INVALID_DEV;
}

static long pcitopoinfo(struct xen_sysctl *op, bool *copyback)
{
    struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
    u32 i = 0;

    if (guest_handle_is_null(t->devs) || guest_handle_is_null(t->nodes))
        return -EINVAL;
    (void)copyback;
    while (i < t->num_devs) {
        physdev_pci_device_t dev;
        u32 node;

        if (copy_from_guest_offset(&dev, t->devs, i, 1))
            return -EFAULT;
        node = node_of(&dev);
        if (copy_to_guest_offset(t->nodes, i, &node, 1))
            return -EFAULT;
        if (++i >= PCI_BATCH && hypercall_preempt_check())
            break; /* the caller goes on from num_devs */
    }
    t->num_devs = i;
    return 0;
}

static long get_cpu_featureset(struct xen_sysctl *op, bool *copyback)
{
    return cpu_policy_sysctl_featureset(&op->u.cpu_featureset, copyback);
}

static long get_cpu_policy(struct xen_sysctl *op, bool *copyback)
{
    return cpu_policy_sysctl_get(&op->u.cpu_policy, copyback);
}

/* Nothing is masked in hardware; what guests see comes from their policies. */
static long levelling_caps(struct xen_sysctl *op, bool *copyback)
{
    (void)copyback;
    op->u.cpu_levelling_caps.caps =
        cpu_policy_host.platform_info & BIT(31) ? XEN_SYSCTL_CPU_LEVELCAP_faulting : 0;
    return 0;
}

static long cpu_hotplug(struct xen_sysctl *op, bool *copyback)
{
    const struct xen_sysctl_cpu_hotplug *h = &op->u.cpu_hotplug;

    (void)copyback;
    if (h->op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE && h->cpu < MAX_CPUS &&
        cpumask_test(h->cpu, &cpu_online_map))
        return -EEXIST;
    return -EOPNOTSUPP;
}

static long no_such_hardware(struct xen_sysctl *op, bool *copyback)
{
    (void)op, (void)copyback;
    return -ENODEV;
}

static const sysctl_fn table[] = {
    [XEN_SYSCTL_cpu_hotplug] = cpu_hotplug,
    [XEN_SYSCTL_psr_cmt_op] = no_such_hardware,
    [XEN_SYSCTL_pcitopoinfo] = pcitopoinfo,
    [XEN_SYSCTL_psr_alloc] = no_such_hardware,
    [XEN_SYSCTL_get_cpu_levelling_caps] = levelling_caps,
    [XEN_SYSCTL_get_cpu_featureset] = get_cpu_featureset,
    [XEN_SYSCTL_get_cpu_policy] = get_cpu_policy,
};

long arch_sysctl(struct xen_sysctl *op, bool *copyback)
{
    u32 cmd = op->cmd;

    if (cmd >= ARRAY_SIZE(table))
        return -ENOSYS;
    cmd = (u32)array_index_nospec(cmd, ARRAY_SIZE(table));
    return table[cmd] ? table[cmd](op, copyback) : -ENOSYS;
}
