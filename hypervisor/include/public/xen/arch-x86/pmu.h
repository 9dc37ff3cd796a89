/* SPDX-License-Identifier: MIT */
/* The x86 part of pmu.h, which pulls it in. Leaf; no locks. Facts: Xen 4.17 public ABI. */
#ifndef XEN_PUBLIC_ARCH_X86_PMU_H
#define XEN_PUBLIC_ARCH_X86_PMU_H

#include "../xen.h"

/* counters and ctrls are offsets from here to the register banks. */
typedef struct xen_pmu_amd_ctxt {
    uint32_t counters;
    uint32_t ctrls;
    uint64_t regs[XEN_FLEX_ARRAY_DIM];
} xen_pmu_amd_ctxt_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_amd_ctxt_t);

typedef struct xen_pmu_cntr_pair {
    uint64_t counter;
    uint64_t control;
} xen_pmu_cntr_pair_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_cntr_pair_t);

typedef struct xen_pmu_intel_ctxt {
    uint32_t fixed_counters; /* offsets, as above */
    uint32_t arch_counters;
    uint64_t global_ctrl;
    uint64_t global_ovf_ctrl;
    uint64_t global_status;
    uint64_t fixed_ctrl;
    uint64_t ds_area;
    uint64_t pebs_enable;
    uint64_t debugctl;
    uint64_t regs[XEN_FLEX_ARRAY_DIM];
} xen_pmu_intel_ctxt_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_intel_ctxt_t);

typedef struct xen_pmu_regs {
    uint64_t ip;
    uint64_t sp;
    uint64_t flags;
    uint16_t cs;
    uint16_t ss;
    uint8_t cpl;
    uint8_t pad[3];
} xen_pmu_regs_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_regs_t);

#define PMU_CACHED      (1 << 0) /* the guest holds the registers; we owe a load */
#define PMU_SAMPLE_USER (1 << 1)
#define PMU_SAMPLE_REAL (1 << 2)
#define PMU_SAMPLE_PV   (1 << 3)

#define XENPMU_REGS_PAD_SZ 64
#define XENPMU_CTXT_PAD_SZ 128
typedef struct xen_pmu_arch {
    union {
        xen_pmu_regs_t regs; /* of the interrupted code */
        uint8_t pad[XENPMU_REGS_PAD_SZ];
    } r;
    uint64_t pmu_flags;
    union {
        uint32_t lapic_lvtpc;
        uint64_t pad;
    } l;
    union {
        xen_pmu_amd_ctxt_t amd;
        xen_pmu_intel_ctxt_t intel;
        uint8_t pad[XENPMU_CTXT_PAD_SZ];
    } c;
} xen_pmu_arch_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_arch_t);

#endif
