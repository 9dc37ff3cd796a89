/* SPDX-License-Identifier: MIT */
/*
 * What the guest was started with, and how it ends.
 *
 * start.S stores the registers before it touches any of them; nothing here changes afterwards.
 */
#ifndef SDK_START_H
#define SDK_START_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/sched.h>
#include <xen/xen.h>

/* Registers and selectors at the first instruction; start.S knows this layout. */
struct start_regs {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags;
    uint64_t cs, ss, ds, es, fs, gs;
};

extern struct start_regs start_regs;

/* The start-of-day page, at the address that the hypervisor handed over. */
extern start_info_t *start_info;

/* The guest's program. Upcalls are masked; traps, console and frames are ready. */
int main(void);

/* True for the domain that the hypervisor itself built. */
static inline bool is_initial_domain(void)
{
    return start_info->flags & SIF_INITDOMAIN;
}

/* Ends this domain with one of SHUTDOWN_*. */
_Noreturn void guest_shutdown(unsigned int reason);

#endif
