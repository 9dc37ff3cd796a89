/* SPDX-License-Identifier: MIT */
/* Guest user mode: entering it by iret, leaving it by SYSCALL and by exceptions. */
#include <xen/callback.h>
#include <xen/physdev.h>

#include "test.h"
#include "user.h"

static struct user_context u;

/* Every frame from user mode, at the top of the kernel stack that was switched to. */
static void check_user_frame(unsigned int vector, unsigned long error, unsigned int words)
{
    if (u.vector != vector || u.frame.error_code != error)
        FAIL("trap %u error %lx at %lx, want %u error %lx", u.vector, u.frame.error_code,
             u.frame.rip, vector, error);
    CHECK_EQ(u.frame.cs, FLAT_USER_CS64);
    CHECK_EQ(u.frame.ss, FLAT_USER_SS64);
    CHECK_EQ(u.frame.saved_upcall_mask, 0);
    CHECK(u.frame.rflags & EFLAGS_IF);
    CHECK_EQ(u.upcall_mask, 1);
    CHECK_EQ((u.frame_at + words * 8) & 15, 0);
}

USER_TEXT(text_syscall, "syscall");
USER_TEXT(text_ud2, "ud2");

static void syscall_frame(void)
{
    u = user_context_new();
    u.frame.rax = 0x1111, u.frame.rbx = 0x2222, u.frame.rdx = 0x3333, u.frame.rsi = 0x4444;
    u.frame.rdi = 0x5555, u.frame.rbp = 0x6666, u.frame.r8 = 0x7777, u.frame.r9 = 0x8888;
    u.frame.r10 = 0x9999, u.frame.r12 = 0xaaaa, u.frame.r13 = 0xbbbb, u.frame.r14 = 0xcccc;
    u.frame.r15 = 0xdddd;
    USER_RUN(&u, text_syscall);
    check_user_frame(TRAP_SYSCALL, 0, 7);
    CHECK_EQ(u.frame.rip, USER_CODE + 2);
    CHECK_EQ(u.frame.rcx, USER_CODE + 2);
    CHECK_EQ(u.frame.rsp, USER_STACK);
    CHECK_EQ(u.frame.rflags, EFLAGS_IF | 2);
    CHECK_EQ(u.frame.r11, EFLAGS_IF | 2);
    CHECK(u.frame.rax == 0x1111 && u.frame.rbx == 0x2222 && u.frame.rdx == 0x3333);
    CHECK(u.frame.rsi == 0x4444 && u.frame.rdi == 0x5555 && u.frame.rbp == 0x6666);
    CHECK(u.frame.r8 == 0x7777 && u.frame.r9 == 0x8888 && u.frame.r10 == 0x9999);
    CHECK(u.frame.r12 == 0xaaaa && u.frame.r13 == 0xbbbb && u.frame.r14 == 0xcccc);
    CHECK_EQ(u.frame.r15, 0xdddd);
}

/* The iret hypercall restores RCX and R11 too, unless told that this was a system call. */
static void iret_full(void)
{
    u = user_context_new();
    u.frame.rcx = 0x123456789abcUL;
    u.frame.r11 = 0xfedcba987654UL;
    u.frame.rflags |= EFLAGS_CF;
    USER_RUN(&u, text_ud2);
    check_user_frame(TRAP_UD, 0, 7);
    CHECK_EQ(u.frame.rip, USER_CODE);
    CHECK_EQ(u.frame.rcx, 0x123456789abcUL);
    CHECK_EQ(u.frame.r11, 0xfedcba987654UL);
    CHECK_EQ(u.frame.rflags, EFLAGS_IF | EFLAGS_CF | 2);
}

static void iret_in_syscall(void)
{
    u = user_context_new();
    u.frame.error_code = VGCF_in_syscall;
    u.frame.rcx = 0x1234;
    u.frame.r11 = 0x5678;
    USER_RUN(&u, text_ud2);
    check_user_frame(TRAP_UD, 0, 7);
    CHECK_EQ(u.frame.rip, USER_CODE);
    CHECK_EQ(u.frame.rcx, USER_CODE);
    CHECK_EQ(u.frame.r11 & (EFLAGS_IF | EFLAGS_CF | EFLAGS_TF), EFLAGS_IF);
}

/* Selectors get privilege 3 whatever was asked, and the flags lose what is not the guest's. */
static void iret_filters(void)
{
    u = user_context_new();
    u.frame.rflags = EFLAGS_IF | 2 | 3 << 12 | 1 << 17;
    u.frame.ss = FLAT_USER_SS64 & ~3;
    USER_RUN(&u, text_ud2);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.ss, FLAT_USER_SS64);
    CHECK_EQ(u.frame.rflags & (3 << 12 | 1 << 17), 0);
}

/* IF in the image is the upcall mask; the processor's own IF stays on. */
static void iret_masked(void)
{
    u = user_context_new();
    u.frame.rflags = 2;
    USER_RUN(&u, text_ud2);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.saved_upcall_mask, 1);
    CHECK_EQ(u.frame.rflags & EFLAGS_IF, 0);
}

USER_TEXT(text_pushf, "pushfq; popq %rax; ud2");

static void flags_seen_by_user(void)
{
    u = user_context_new();
    u.frame.rflags = 2 | EFLAGS_DF;
    USER_RUN(&u, text_pushf);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.rax, 2 | EFLAGS_DF | EFLAGS_IF);
}

USER_TEXT(text_cs, "movl %cs, %eax; movl %ss, %edx; movl %ds, %esi; movl %es, %edi; ud2");

static void selectors_seen_by_user(void)
{
    u = user_context_new();
    USER_RUN(&u, text_cs);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.rax, FLAT_USER_CS64);
    CHECK_EQ(u.frame.rdx, FLAT_USER_SS64);
}

USER_TEXT(text_int3, "int3");
USER_TEXT(text_div, "xorl %ecx, %ecx; divl %ecx");
USER_TEXT(text_hlt, "hlt");
USER_TEXT(text_cli, "cli");
USER_TEXT(text_in, "inb $0x80, %al");
USER_TEXT(text_cr3, "movq %cr3, %rax");
USER_TEXT(text_rdmsr, "movl $0xc0000080, %ecx; rdmsr");
USER_TEXT(text_lgdt, "lgdt (%rsp)");
USER_TEXT(text_read_kernel, "movq 0xffffffff80100000, %rax");
USER_TEXT(text_read_m2p, "movabsq 0xffff800000000000, %rax");
USER_TEXT(text_read_absent, "movq 0x500010, %rax");
USER_TEXT(text_write_absent, "movq %rax, 0x500010");
USER_TEXT(text_write_code, "movq %rax, 0x400800");
USER_TEXT(text_fetch_data, "movl $0x401000, %eax; jmp *%rax");
USER_TEXT(text_fetch_absent, "movl $0x500000, %eax; jmp *%rax");
USER_TEXT(text_int80, "int $0x80");
USER_TEXT(text_bad_ds, "movl $0x10, %eax; movw %ax, %ds");

static const struct row {
    const char *name;
    const uint8_t *text, *end;
    unsigned int vector;
    unsigned long error, rip, cr2;
} rows[] = {
#define ROW(name_, text_, ...) { name_, text_, text_##_end, __VA_ARGS__ }
    ROW("int3", text_int3, TRAP_BP, 0, USER_CODE + 1, 0),
    ROW("divide", text_div, TRAP_DE, 0, USER_CODE + 2, 0),
    ROW("hlt", text_hlt, TRAP_GP, 0, USER_CODE, 0),
    ROW("cli", text_cli, TRAP_GP, 0, USER_CODE, 0),
    ROW("in", text_in, TRAP_GP, 0, USER_CODE, 0),
    ROW("read cr3", text_cr3, TRAP_GP, 0, USER_CODE, 0),
    ROW("rdmsr", text_rdmsr, TRAP_GP, 0, USER_CODE + 5, 0),
    ROW("lgdt", text_lgdt, TRAP_GP, 0, USER_CODE, 0),
    ROW("read kernel page", text_read_kernel, TRAP_PF, PF_U, USER_CODE, 0xffffffff80100000UL),
    ROW("read absent", text_read_absent, TRAP_PF, PF_U, USER_CODE, 0x500010),
    ROW("write absent", text_write_absent, TRAP_PF, PF_U | PF_W, USER_CODE, 0x500010),
    ROW("write code", text_write_code, TRAP_PF, PF_U | PF_W | PF_P, USER_CODE, 0x400800),
    ROW("fetch data", text_fetch_data, TRAP_PF, PF_U | PF_I | PF_P, USER_DATA, USER_DATA),
    ROW("fetch absent", text_fetch_absent, TRAP_PF, PF_U | PF_I, 0x500000, 0x500000),
    ROW("int 80 without gate", text_int80, TRAP_GP, 0x80 * 8 + 2, USER_CODE, 0),
    ROW("bad selector", text_bad_ds, TRAP_GP, 0x10, USER_CODE + 5, 0),
};

/* Without this assist the user may see the hypervisor's read-only table; with it, it does not. */
static void m2p_strict(void)
{
    CHECK_EQ(hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict), 0);
    u = user_context_new();
    USER_RUN(&u, text_read_m2p);
    CHECK_EQ(u.vector, TRAP_PF);
    CHECK_EQ(u.frame.error_code & ~PF_P, PF_U);
}

static void exceptions(void)
{
    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        u = user_context_new();
        user_run_bytes(&u, row->text, row->end - row->text);
        CHECK_ROW(row->name, u.vector, row->vector);
        CHECK_ROW(row->name, u.frame.error_code, row->error);
        CHECK_ROW(row->name, u.frame.rip, row->rip);
        CHECK_ROW(row->name, u.frame.cs, FLAT_USER_CS64);
        if (row->vector == TRAP_PF)
            CHECK_ROW(row->name, u.cr2, row->cr2);
    }
}

/* The gate's level lets the user in, at its own handler. */
static void gate_for_user(void)
{
    trap_info_t table[2] = { { .vector = 0x80, .flags = 3, .cs = FLAT_KERNEL_CS,
                               .address = trap_entry_address(20) } };

    CHECK_EQ(hc_set_trap_table(table), 0);
    u = user_context_new();
    USER_RUN(&u, text_int80);
    CHECK_EQ(u.vector, 20);
    CHECK_EQ(u.frame.rip, USER_CODE + 2);
    CHECK_EQ(u.upcall_mask, 0);
    upcalls_disable();
}

USER_TEXT(text_step, "nop; nop; nop; ud2");

static void single_step(void)
{
    u = user_context_new();
    u.frame.rflags |= EFLAGS_TF;
    USER_RUN(&u, text_step);
    check_user_frame(TRAP_DB, 0, 7);
    CHECK_EQ(u.frame.rip, USER_CODE + 1);
    CHECK(u.frame.rflags & EFLAGS_TF);
    CHECK(hc_get_debugreg(6) & 1 << 14);
    hc_set_debugreg(6, 0);
}

/* SYSCALL with TF: the flag is in the frame, not in the handler. */
static void single_step_into_syscall(void)
{
    u = user_context_new();
    u.frame.rflags |= EFLAGS_TF;
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, TRAP_SYSCALL);
    CHECK_EQ(u.frame.rip, USER_CODE + 2);
    CHECK(u.frame.rflags & EFLAGS_TF);
    hc_set_debugreg(6, 0);
}

/*
 * iret to what the processor will not load: #GP in the context that was asked for, with the
 * selector as error code.
 */
static void iret_bad_context(void)
{
    static const struct {
        const char *name;
        unsigned long rip, cs, ss, error;
    } cases[] = {
        { "non-canonical RIP", 0x0000800000000000UL, FLAT_USER_CS64, FLAT_USER_SS64, 0 },
        { "non-canonical high RIP", 0xffff700000000000UL, FLAT_USER_CS64, FLAT_USER_SS64, 0 },
        { "empty CS", USER_CODE, 0x0b, FLAT_USER_SS64, 0x08 },
        { "data selector as CS", USER_CODE, FLAT_USER_DS32, FLAT_USER_SS64, FLAT_USER_DS32 & ~3 },
        { "hypervisor CS", USER_CODE, 0xe008 | 3, FLAT_USER_SS64, 0xe008 },
        { "code selector as SS", USER_CODE, FLAT_USER_CS64, FLAT_USER_CS64, FLAT_USER_CS64 & ~3 },
        { "empty SS", USER_CODE, FLAT_USER_CS64, 0x13, 0x10 },
    };

    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        u = user_context_new();
        u.frame.rip = cases[i].rip;
        u.frame.cs = cases[i].cs;
        u.frame.ss = cases[i].ss;
        u.frame.rcx = 0x1357;
        u.frame.r11 = 0x2468;
        USER_RUN(&u, text_ud2);
        CHECK_ROW(cases[i].name, u.vector, TRAP_GP);
        CHECK_ROW(cases[i].name, u.frame.error_code, cases[i].error);
        CHECK_ROW(cases[i].name, u.frame.rip, cases[i].rip);
        CHECK_ROW(cases[i].name, u.frame.cs, cases[i].cs);
        CHECK_ROW(cases[i].name, u.frame.ss, cases[i].ss);
        CHECK_ROW(cases[i].name, u.frame.rsp, USER_STACK);
        CHECK_ROW(cases[i].name, u.frame.rcx, 0x1357);
        CHECK_ROW(cases[i].name, u.frame.r11, 0x2468);
        CHECK_ROW(cases[i].name, u.upcall_mask, 1);
    }
}

USER_TEXT(text_in_twice, "inb $0x80, %al; cli; ud2");

/* I/O privilege 3 opens ports and CLI to the user too; CLI does nothing. */
static void iopl_3(void)
{
    struct physdev_set_iopl iopl = { .iopl = 3 };

    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    u = user_context_new();
    USER_RUN(&u, text_in_twice);
    iopl.iopl = 0;
    CHECK_EQ(hc_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.rip, USER_CODE + 3);
    CHECK_EQ(u.frame.saved_upcall_mask, 0);
}

USER_TEXT(text_table_registers, "sgdt 0x401000; sidt 0x401010; smsw %eax; sldt %ecx; str %edx; "
                                "ud2");

/* Programs may look where the processor's tables are; what they are told is not looked at. */
static void table_registers(void)
{
    memset(user_data_page, 0xa5, 64);
    u = user_context_new();
    u.frame.rcx = u.frame.rdx = ~0UL;
    USER_RUN(&u, text_table_registers);
    check_user_frame(TRAP_UD, 0, 7);
    CHECK(user_data_page[9] != 0xa5 && user_data_page[10] == 0xa5);
    CHECK(user_data_page[25] != 0xa5 && user_data_page[26] == 0xa5);
    CHECK_EQ(u.frame.rax & 1, 1);
    CHECK(u.frame.rcx < 0x10000 && u.frame.rdx < 0x10000);
}

static const struct test tests[] = {
    { "m2p_strict", m2p_strict },
    { "syscall_frame", syscall_frame },
    { "iret_full", iret_full },
    { "iret_in_syscall", iret_in_syscall },
    { "iret_filters", iret_filters },
    { "iret_masked", iret_masked },
    { "flags_seen_by_user", flags_seen_by_user },
    { "selectors_seen_by_user", selectors_seen_by_user },
    { "exceptions", exceptions },
    { "gate_for_user", gate_for_user },
    { "single_step", single_step },
    { "single_step_into_syscall", single_step_into_syscall },
    { "iret_bad_context", iret_bad_context },
    { "iopl_3", iopl_3 },
    { "table_registers", table_registers },
};

TEST_MAIN(tests)
