/* SPDX-License-Identifier: MIT */
/* The dispatcher itself: numbers nobody serves, registers kept, and who may call. */
#include <xen/version.h>

#include "test.h"

static void unknown_numbers(void)
{
    static const unsigned long numbers[] = {
        11, 43, 44, 45, 46, 47, 50, 55, 56, 63, 64, 100, 0xffffffffUL, 0x100000011UL,
        0x8000000000000000UL, ~0UL,
    };

    for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (hypercall5(numbers[i], 0, 0, 0, 0, 0) != -ENOSYS)
            FAIL("hypercall 0x%lx: %ld", numbers[i], hypercall5(numbers[i], 0, 0, 0, 0, 0));
}

/* xsm_op without a policy module. */
static void xsm_op(void)
{
    CHECK_EQ(hypercall3(__HYPERVISOR_xsm_op, 0, 0, 0), -ENOSYS);
}

struct regs {
    unsigned long rbx, rbp, r12, r13, r14, r15, r9, flags, rcx, r11, rip;
};

/* RCX and R11 come back as SYSCALL leaves them: RIP behind it, and RFLAGS. */
static void registers_kept(void)
{
    struct regs out;

    asm volatile("pushq %%rbx\n\tpushq %%rbp\n\tmovq %[out], %%r9\n\t"
                 "movl $1, %%ebx\n\tmovl $2, %%ebp\n\tmovl $3, %%r12d\n\tmovl $4, %%r13d\n\t"
                 "movl $5, %%r14d\n\tmovl $6, %%r15d\n\tmovl $17, %%eax\n\txorl %%edi, %%edi\n\t"
                 "xorl %%esi, %%esi\n\tstc\n\tstd\n\tsyscall\n1:\tmovq %%rbx, (%%r9)\n\t"
                 "movq %%rbp, 8(%%r9)\n\tmovq %%r12, 16(%%r9)\n\tmovq %%r13, 24(%%r9)\n\t"
                 "movq %%r14, 32(%%r9)\n\tmovq %%r15, 40(%%r9)\n\tpushfq\n\tpopq 56(%%r9)\n\t"
                 "cld\n\tmovq %%rcx, 64(%%r9)\n\tmovq %%r11, 72(%%r9)\n\t"
                 "movq $1b, 80(%%r9)\n\tpopq %%rbp\n\tpopq %%rbx"
                 :
                 : [out] "r"(&out)
                 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
                   "r14", "r15", "memory", "cc");
    CHECK(out.rbx == 1 && out.rbp == 2 && out.r12 == 3 && out.r13 == 4);
    CHECK(out.r14 == 5 && out.r15 == 6);
    CHECK_EQ(out.flags & (EFLAGS_CF | EFLAGS_DF | EFLAGS_IF), EFLAGS_CF | EFLAGS_DF | EFLAGS_IF);
    CHECK_EQ(out.rcx, out.rip);
    CHECK_EQ(out.r11, out.flags);
}

/* Whatever segment registers hold, a hypercall leaves them alone. */
static void selectors_kept(void)
{
    unsigned int ds, es, fs, gs;

    asm volatile("movw %w0, %%ds\n\tmovw %w0, %%es" : : "r"(0));
    hc_xen_version(XENVER_version, NULL);
    asm volatile("movl %%ds, %0\n\tmovl %%es, %1\n\tmovl %%fs, %2\n\tmovl %%gs, %3"
                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    asm volatile("movw %w0, %%ds\n\tmovw %w0, %%es" : : "r"(FLAT_KERNEL_DS));
    CHECK_EQ(ds, 0);
    CHECK_EQ(es, 0);
    CHECK_EQ(fs, start_regs.fs);
    CHECK_EQ(gs, start_regs.gs);
}

static const struct test tests[] = {
    { "unknown_numbers", unknown_numbers },
    { "xsm_op", xsm_op },
    { "registers_kept", registers_kept },
    { "selectors_kept", selectors_kept },
};

TEST_MAIN(tests)
