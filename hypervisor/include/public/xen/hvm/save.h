/* SPDX-License-Identifier: MIT */
/*
 * Records of a hardware-assisted guest's state: head, type declarations, end mark.
 * Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_HVM_SAVE_H
#define XEN_PUBLIC_HVM_SAVE_H

#include <stdint.h>
#include "../arch-x86/hvm/save.h"

struct hvm_save_descriptor {
    uint16_t typecode;
    uint16_t instance; /* vCPU or device number */
    uint32_t length;   /* of the record, without this head */
};

/* Ties a tag to its number and structure; both are read back through the macros below. */
#define DECLARE_HVM_SAVE_TYPE(_x, _code, _type) \
    struct __HVM_SAVE_TYPE_##_x { _type t; char c[_code]; char cpt[1]; }

#define HVM_SAVE_TYPE(_x)   __typeof__(((struct __HVM_SAVE_TYPE_##_x *)0)->t)
#define HVM_SAVE_LENGTH(_x) (sizeof(HVM_SAVE_TYPE(_x)))
#define HVM_SAVE_CODE(_x)   (sizeof(((struct __HVM_SAVE_TYPE_##_x *)0)->c))

struct hvm_save_end {};
DECLARE_HVM_SAVE_TYPE(END, 0, struct hvm_save_end);

DECLARE_HVM_SAVE_TYPE(VMCE_VCPU, 18, struct hvm_vmce_vcpu);

#endif
