/* SPDX-License-Identifier: MIT */
/*
 * Memory of PV guests: what the page-table code of pv/ (pv_mm/) offers to pv/ and to arch_*().
 * Errors are those of the ABI. Context: on behalf of current (or at boot), interrupts on, no
 * spinlock.
 */
#ifndef ASM_PV_MM_H
#define ASM_PV_MM_H

#include <asm/frame.h>
#include <asm/page.h>
#include <hv/domain.h>

struct cpu_user_regs;

/** Once at boot: the frame type checks, the bits that entries may have. */
void pv_mm_init(void);

/** Whether d's entries that are not present have to be looked at (L1TF). */
bool pv_l1tf_guards(const struct domain *d);

/** A store to a read-only page by the guest kernel: emulated when the page is one of its L1
 *  tables and the new entry is acceptable. False: the fault is the guest's. */
bool pv_emulate_ptwr(struct cpu_user_regs *regs, u64 cr2);

enum pv_root_kind { PV_ROOT_KERNEL, PV_ROOT_USER };
/**
 * Take or drop what a vCPU's root stands for: an L4 of d, typed and referenced. get is preemptible:
 * -EINTR and -ERESTART mean again; others: not acceptable. put leaves what is not released at
 * once on d's deferred list.
 */
int pv_root_get(struct domain *d, u64 mfn, enum pv_root_kind kind);
void pv_root_put(u64 mfn);
/** current's kernel root becomes mfn (MMUEXT_NEW_BASEPTR, a write to CR3). Errors as pv_root_get().
 */
int pv_new_kernel_root(u64 mfn);
/** After an L4 changed: CPUs on which it may be loaded refresh their copies (page-table isolation).
 */
void pv_root_changed(struct frame *l4);
/** MMUEXT_PIN_L<n>_TABLE and unpin on a frame of d: 0, -EINVAL, or (pin) -EINTR and -ERESTART. */
int mmuext_pin(struct domain *d, const struct mmuext_op *op);

/** CPUs that vCPUs in the guest's bitmap are on. 0 or -EFAULT. */
int pv_vcpu_bitmap_to_cpus(const struct domain *d, u64 guest_bitmap, u64 *cpus);

/**
 * Teardown: drops every vCPU's roots, unpins tables, releases half-done ones, gives back all
 * frames. d is dying, its vCPUs have stopped. Preemptible: -ERESTART. Foreign references may keep
 * frames.
 */
int pv_relinquish_memory(struct domain *d);

#endif
