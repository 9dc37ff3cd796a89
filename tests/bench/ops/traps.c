/* SPDX-License-Identifier: MIT */
/* Traps bounced to the guest kernel and back, emulated instructions, system calls of the user. */
#include <xen/callback.h>

#include <sdk/cpu.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/string.h>

#include "bench.h"

#define ABSENT 0xffffffffc0000000UL
#define USER_CODE 0x400000UL

/* Entries that return at once: they count, step over two bytes, and go back by iret. */
extern const char bench_trap_entry[], bench_error_entry[], bench_syscall_entry[];
volatile unsigned long bench_traps_taken;

static trap_info_t fast[] = {
    { TRAP_UD, 4, FLAT_KERNEL_CS, 0 },
    { TRAP_GP, 4, FLAT_KERNEL_CS, 0 },
    { TRAP_PF, 4, FLAT_KERNEL_CS, 0 },
    { 0, 0, 0, 0 },
};

static void traps_setup(void)
{
    fast[0].address = (unsigned long)bench_trap_entry;
    fast[1].address = fast[2].address = (unsigned long)bench_error_entry;
    if (hc_set_trap_table(fast))
        bench_fail("set_trap_table", 0);
}

static bool page_fault(unsigned int count)
{
    unsigned long before = bench_traps_taken;

    for (unsigned int i = 0; i < count; i++)
        asm volatile("movb (%0), %%al" : : "r"(ABSENT) : "rax", "memory");
    return bench_traps_taken - before == count;
}

static bool general_protection(unsigned int count)
{
    unsigned long before = bench_traps_taken;

    for (unsigned int i = 0; i < count; i++)
        asm volatile("hlt\n\tnop" : : : "memory");
    return bench_traps_taken - before == count;
}

static bool invalid_opcode(unsigned int count)
{
    unsigned long before = bench_traps_taken;

    for (unsigned int i = 0; i < count; i++)
        asm volatile("ud2" : : : "memory");
    return bench_traps_taken - before == count;
}

/* From kernel to kernel; the frame is made each time. */
static bool iret(unsigned int count)
{
    unsigned long reached = 0;

    for (unsigned int i = 0; i < count; i++)
        asm volatile("movq %%rsp, %%rdx\n\tpushq %[ss]\n\tpushq %%rdx\n\tpushq $2\n\t"
                     "pushq %[cs]\n\t"
                     "pushq $1f\n\tpushq $0\n\tpushq %%rcx\n\tpushq %%r11\n\tpushq %%rax\n\t"
                     "movl $23, %%eax\n\tsyscall\n\tud2\n1:\tincq %[n]"
                     : [n] "+r"(reached)
                     : [ss] "i"(FLAT_KERNEL_SS), [cs] "i"(FLAT_KERNEL_CS & ~3)
                     : "rax", "rcx", "rdx", "r11", "memory");
    return reached == count;
}

static bool forced_cpuid(unsigned int count)
{
    uint32_t r[4];
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        cpuid_forced(0x40000000, 0, r);
        good &= r[1] == 0x566e6558;
    }
    return good;
}

static bool read_msr(unsigned int count)
{
    bool good = true;

    wrmsr(0xc0000101, 0x123000);
    for (unsigned int i = 0; i < count; i++)
        good &= rdmsr(0xc0000101) == 0x123000;
    return good;
}

static bool read_cr0(unsigned int count)
{
    bool good = true;
    uint64_t value;

    for (unsigned int i = 0; i < count; i++) {
        asm volatile("movq %%cr0, %0" : "=r"(value));
        good &= value == 0x80050033;
    }
    return good;
}

static bool read_port(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        inb(0x80);
    return true;
}

static bool read_pci(unsigned int count)
{
    bool good = true;

    for (unsigned int i = 0; i < count; i++) {
        outl(0x80000000, 0xcf8);
        good &= inl(0xcfc) != 0xffffffff;
    }
    return good;
}

static uint8_t *user_page;

/* The user: EBX system calls, then an undefined instruction; the ticks are in RSI. */
extern const uint8_t bench_user_text[], bench_user_text_end[];
asm(".pushsection .rodata\n"
    "bench_user_text:\n"
    "    nopl 0x444d5501(%rax)\n" /* MARK_START */
    "    rdtsc\n    shlq $32, %rdx\n    leaq (%rax,%rdx), %rsi\n"
    "1:  syscall\n    decl %ebx\n    jnz 1b\n"
    "    rdtsc\n    shlq $32, %rdx\n    addq %rdx, %rax\n    subq %rsi, %rax\n    movq %rax, %rsi\n"
    "    nopl 0x444d5502(%rax)\n" /* MARK_STOP */
    "    ud2\n"
    "bench_user_text_end:\n"
    ".popsection\n");

static void user_setup(void)
{
    uint64_t *root;

    if (!user_page) {
        user_page = page_alloc();
        memcpy(user_page, bench_user_text, bench_user_text_end - bench_user_text);
        root = page_alloc();
        if (page_map(root_table(), USER_CODE, pte_make(mfn_of(user_page), PTE_RO_PAGE | PTE_US)))
            bench_fail("user page", 0);
        root[0] = *entry_find(root_table(), 0, 4);
        if (page_protect(root, PTE_RO_PAGE) || mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(root), 0) ||
            mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(root), 0))
            bench_fail("user root", 0);
    }
    trap_init();
}

static bool user_syscall(unsigned int count)
{
    struct user_context user = { 0 };
    callback_register_t reg = { .type = CALLBACKTYPE_syscall, .flags = CALLBACKF_mask_events,
                                .address = (unsigned long)bench_syscall_entry };
    unsigned long before = bench_traps_taken;

    hc_callback_op(CALLBACKOP_register, &reg);
    user.frame.rip = USER_CODE;
    user.frame.cs = FLAT_USER_CS64;
    user.frame.ss = FLAT_USER_SS64;
    user.frame.rflags = EFLAGS_IF | 2;
    user.frame.rbx = count;
    user_run(&user);
    trap_init();
    bench_ticks = user.frame.rsi;
    return user.vector == TRAP_UD && bench_traps_taken - before == count;
}

const struct bench bench_traps[] = {
    { "page fault, bounced, and iret", traps_setup, page_fault, 200, 1, false },
    { "#GP, bounced, and iret", traps_setup, general_protection, 200, 1, false },
    { "#UD, bounced, and iret", traps_setup, invalid_opcode, 200, 1, false },
    { "iret", NULL, iret, 200, 1, false },
    { "forced CPUID", NULL, forced_cpuid, 200, 1, false },
    { "rdmsr", NULL, read_msr, 200, 1, false },
    { "read CR0", NULL, read_cr0, 200, 1, false },
    { "inb", NULL, read_port, 200, 1, false },
    { "PCI configuration read", NULL, read_pci, 200, 1, false },
    { "user system call, round trip", user_setup, user_syscall, 200, 1, true },
    { 0 },
};
