/* SPDX-License-Identifier: MIT */
/*
 * Layouts of the state records of x86 guests; hvm/save.h gives them their numbers. Only what
 * the control calls for PV guests use is here. Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_ARCH_X86_HVM_SAVE_H
#define XEN_PUBLIC_ARCH_X86_HVM_SAVE_H

#include <stdint.h>

/* Virtual machine check registers of one vCPU; also in ext_vcpucontext. */
struct hvm_vmce_vcpu {
    uint64_t caps; /* MCG_CAP */
    uint64_t mci_ctl2_bank0;
    uint64_t mci_ctl2_bank1;
    uint64_t mcg_ext_ctl;
};

#endif
