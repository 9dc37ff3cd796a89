/* SPDX-License-Identifier: MIT */
/*
 * xenpmu_op(cmd, arg): performance counters for guests. Leaf; no locks.
 * Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_PMU_H
#define XEN_PUBLIC_PMU_H

#include "xen.h"
#include "arch-x86/pmu.h"

#define XENPMU_VER_MAJ 0
#define XENPMU_VER_MIN 1

#define XENPMU_mode_get    0
#define XENPMU_mode_set    1
#define XENPMU_feature_get 2
#define XENPMU_feature_set 3
#define XENPMU_init        4
#define XENPMU_finish      5
#define XENPMU_lvtpc_set   6
#define XENPMU_flush       7

#define XENPMU_MODE_OFF  0
#define XENPMU_MODE_SELF (1 << 0)
#define XENPMU_MODE_HV   (1 << 1)
#define XENPMU_MODE_ALL  (1 << 2)

#define XENPMU_FEATURE_INTEL_BTS (1 << 0)
#define XENPMU_FEATURE_IPC_ONLY  (1 << 1)
#define XENPMU_FEATURE_ARCH_ONLY (1 << 2)

typedef struct xen_pmu_params {
    struct {
        uint32_t maj;
        uint32_t min;
    } version;
    uint64_t val; /* mode, feature, or frame of the shared page */
    uint32_t vcpu;
    uint32_t pad;
} xen_pmu_params_t;
DEFINE_XEN_GUEST_HANDLE(xen_pmu_params_t);

/* The page shared with each vCPU. */
struct xen_pmu_data {
    uint32_t vcpu_id;
    uint32_t pcpu_id;
    domid_t domain_id;
    uint8_t pad[6];
    xen_pmu_arch_t pmu;
};

#endif
