/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and callbacks as the PV ABI delivers them, and ways to run code that traps.
 *
 * The hypervisor pushes RCX, R11, [error code,] RIP, CS (with the saved upcall mask in bits
 * 32-39), RFLAGS, RSP, SS. traps.S turns that into struct trap_frame, which ends in exactly what
 * the iret hypercall wants to find on the stack.
 */
#ifndef SDK_TRAPS_H
#define SDK_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>

enum {
    TRAP_DE = 0, TRAP_DB = 1, TRAP_NMI = 2, TRAP_BP = 3, TRAP_OF = 4, TRAP_BR = 5, TRAP_UD = 6,
    TRAP_NM = 7, TRAP_DF = 8, TRAP_TS = 10, TRAP_NP = 11, TRAP_SS = 12, TRAP_GP = 13,
    TRAP_PF = 14, TRAP_MF = 16, TRAP_AC = 17, TRAP_MC = 18, TRAP_XM = 19,
    /* Ours: how the other ways into the guest kernel are told apart. */
    TRAP_EVENT = 256, TRAP_FAILSAFE = 257, TRAP_SYSCALL = 258, TRAP_SYSCALL32 = 259,
};

/* Page-fault error code. */
#define PF_P 1u
#define PF_W 2u
#define PF_U 4u
#define PF_R 8u
#define PF_I 16u

#define EFLAGS_CF (1u << 0)
#define EFLAGS_TF (1u << 8)
#define EFLAGS_IF (1u << 9)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_OF (1u << 11)
#define EFLAGS_NT (1u << 14)
#define EFLAGS_RF (1u << 16)
#define EFLAGS_AC (1u << 18)

struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rdi, rsi, rdx;
    uint64_t vector;
    uint64_t rax, r11, rcx;
    uint64_t error_code; /* the iret hypercall's flags on the way out */
    uint64_t rip;
    uint16_t cs, pad0;
    uint8_t saved_upcall_mask, pad1[3];
    uint64_t rflags, rsp, ss;
};

/* What the last caught trap looked like. */
struct trap_seen {
    bool hit;
    unsigned int vector;
    unsigned long cr2;       /* vcpu_info's copy, for page faults */
    unsigned long frame_at;  /* address of the lowest word that the hypervisor pushed */
    uint8_t upcall_mask;     /* as the handler found it */
    uint64_t extra[4];       /* failsafe: DS, ES, FS, GS */
    struct trap_frame frame;
};

/*
 * Runs one instruction that may trap: TRAP_CATCH("rdmsr", TRAP_OUT("=a"(x)), TRAP_IN("c"(n))),
 * with clobbers after that. On a trap execution continues behind it; this_cpu()->seen tells
 * which trap it was, and this_cpu()->insn_rip is the address of the instruction.
 */
#define TRAP_CATCH(insn_, outputs_, inputs_, ...)                                            \
    do {                                                                                     \
        struct cpu *cpu_ = this_cpu();                                                       \
        cpu_->seen.hit = false;                                                              \
        asm volatile("movq $771f, %[at_]\n\tmovq $772f, %[fix_]\n771:\t" insn_               \
                     "\n772:\tmovq $0, %[fix_]"                                              \
                     : [at_] "=m"(cpu_->insn_rip), [fix_] "=m"(cpu_->fixup_rip) outputs_     \
                     : inputs_                                                               \
                     : "memory", "cc" __VA_OPT__(, ) __VA_ARGS__);                           \
    } while (0)
#define TRAP_OUT(...) __VA_OPT__(, ) __VA_ARGS__
#define TRAP_IN(...) __VA_ARGS__

/* Calls fn(arg); true if it was ended by a trap, which this_cpu()->seen describes. */
bool trap_try(void (*fn)(void *arg), void *arg);

/* Handlers get the frame and may change it; false means not handled. */
typedef bool (*trap_handler_fn)(struct trap_frame *frame);
void trap_set_handler(unsigned int vector, trap_handler_fn handler);

/* The entry that belongs to @vector (0-31), for building a table by hand. */
unsigned long trap_entry_address(unsigned int vector);

/* Fills @table (at least 33 entries) with the library's own entries. */
void trap_table_fill(trap_info_t *table);

/* Sets the trap table and the callbacks of this vCPU. */
void trap_init(void);

/* Called for a trap that nobody handles; the library's own prints it and shuts down. */
_Noreturn void trap_unexpected(const struct trap_frame *frame);

/* Prints @frame. */
void trap_print(const struct trap_frame *frame);

/*
 * Guest user mode: enters it with these registers, returns when the user side traps or executes
 * SYSCALL. The caller sets the whole frame; cs and ss are used as they are.
 */
struct user_context {
    struct trap_frame frame; /* in: the state to enter with; out: the state at the trap */
    unsigned int vector;     /* out: TRAP_* */
    unsigned long cr2;
    unsigned long frame_at;
    uint8_t upcall_mask;
    uint64_t extra[4];       /* failsafe: DS, ES, FS, GS */
};

void user_run(struct user_context *context);
/* The same with a kernel stack of the caller's choice, on this CPU's own stack. */
void user_run_on(struct user_context *context, unsigned long kernel_sp);

/* Ends in the iret hypercall with @frame; error_code carries the flags (VGCF_*). */
_Noreturn void trap_return(struct trap_frame *frame);

#endif
