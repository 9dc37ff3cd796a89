/* SPDX-License-Identifier: MIT */
/* Debug registers by hypercall, and the breakpoints they make. */
#include "insn.h"
#include "test.h"

static volatile uint64_t watched;

static struct trap_seen *seen(void)
{
    return &this_cpu()->seen;
}

static void addresses(void)
{
    for (unsigned int i = 0; i < 4; i++) {
        CHECK_EQ(hc_set_debugreg(i, 0x1000 * (i + 1)), 0);
        CHECK_EQ(hc_get_debugreg(i), 0x1000 * (i + 1));
    }
    for (unsigned int i = 0; i < 4; i++) {
        CHECK_EQ(hc_get_debugreg(i), 0x1000 * (i + 1));
        CHECK_EQ(hc_set_debugreg(i, HYPERVISOR_VA), -EPERM);
        CHECK_EQ(hc_set_debugreg(i, 0xffff800000000000UL), -EPERM);
        CHECK_EQ(hc_set_debugreg(i, 0xffff87fffffffff8UL), -EPERM);
        CHECK_EQ(hc_get_debugreg(i), 0x1000 * (i + 1));
        CHECK_EQ(hc_set_debugreg(i, 0), 0);
    }
}

static void absent(void)
{
    CHECK_EQ(hc_set_debugreg(8, 0), -ENODEV);
    CHECK_EQ(hc_set_debugreg(~0u, 0), -ENODEV);
    CHECK_EQ(hc_get_debugreg(8), -ENODEV);
    CHECK_EQ(hc_get_debugreg(~0u), -ENODEV);
}

/* DR4 and DR5 are names of DR6 and DR7 as long as CR4.DE is off. */
static void aliases(void)
{
    CHECK_EQ(hc_set_debugreg(4, 0), 0);
    CHECK_EQ(hc_get_debugreg(4), hc_get_debugreg(6));
    CHECK_EQ(hc_set_debugreg(5, 0), 0);
    CHECK_EQ(hc_get_debugreg(5), hc_get_debugreg(7));
}

static void status(void)
{
    CHECK_EQ(hc_set_debugreg(6, 0), 0);
    CHECK_EQ(hc_get_debugreg(6), 0xffff0ff0);
    CHECK_EQ(hc_set_debugreg(6, 0x400f), 0);
    CHECK_EQ(hc_get_debugreg(6), 0xffff4fff);
    CHECK_EQ(hc_set_debugreg(6, ~0UL), -EINVAL);
    CHECK_EQ(hc_set_debugreg(6, 0), 0);
}

static void control(void)
{
    CHECK_EQ(hc_set_debugreg(7, 0), 0);
    CHECK_EQ(hc_get_debugreg(7), 0x400);
    CHECK_EQ(hc_set_debugreg(7, 1UL << 32), -EINVAL);
    CHECK_EQ(hc_set_debugreg(7, 1 << 13 | 1), -EPERM);
    CHECK_EQ(hc_set_debugreg(7, 2UL << 16 | 1), -EPERM);
    CHECK_EQ(hc_get_debugreg(7), 0x400);
}

USER_TEXT(t_store, "movq %rax, (%rdi); nop");

static void data_breakpoint(void)
{
    struct trap_frame regs = insn_regs();

    CHECK_EQ(hc_set_debugreg(6, 0), 0);
    CHECK_EQ(hc_set_debugreg(1, (unsigned long)&watched), 0);
    CHECK_EQ(hc_set_debugreg(7, 1 << 2 | 0xdUL << 20), 0);
    regs.rdi = (unsigned long)&watched;
    regs.rax = 7;
    CHECK(!INSN_RUN(&regs, t_store));
    CHECK_EQ(hc_set_debugreg(7, 0), 0);
    CHECK_EQ(seen()->vector, TRAP_DB);
    CHECK_EQ(seen()->frame.rip, insn_address() + 3);
    CHECK_EQ(watched, 7);
    CHECK_EQ(hc_get_debugreg(6) & 0xf, 2);
    regs = insn_regs();
    regs.rdi = (unsigned long)&watched;
    CHECK(INSN_RUN(&regs, t_store));
    hc_set_debugreg(6, 0);
    hc_set_debugreg(1, 0);
}

USER_TEXT(t_nops, "nop; nop; nop");

static void code_breakpoint(void)
{
    struct trap_frame regs = insn_regs();

    CHECK_EQ(hc_set_debugreg(0, insn_address() + 1), 0);
    CHECK_EQ(hc_set_debugreg(7, 1), 0);
    CHECK(!INSN_RUN(&regs, t_nops));
    CHECK_EQ(hc_set_debugreg(7, 0), 0);
    CHECK_EQ(seen()->vector, TRAP_DB);
    CHECK_EQ(seen()->frame.rip, insn_address() + 1);
    CHECK_EQ(hc_get_debugreg(6) & 0xf, 1);
    hc_set_debugreg(6, 0);
    hc_set_debugreg(0, 0);
}

/* The hypervisor's reading of watched guest memory is nobody's business. */
static void hypervisor_access_is_silent(void)
{
    CHECK_EQ(hc_set_debugreg(0, (unsigned long)&watched), 0);
    CHECK_EQ(hc_set_debugreg(7, 1 | 0xfUL << 16), 0);
    TRAP_CATCH("nop", TRAP_OUT(), TRAP_IN());
    hc_xen_version(6, (void *)&watched);
    CHECK_EQ(hc_set_debugreg(7, 0), 0);
    CHECK_NO_TRAP();
    CHECK_EQ(hc_get_debugreg(6) & 0xf, 0);
    hc_set_debugreg(0, 0);
}

USER_TEXT(u_store, "movl $0x401000, %edi; movq %rax, (%rdi); nop; ud2");

static void user_data_breakpoint(void)
{
    struct user_context u = user_context_new();

    user_init();
    CHECK_EQ(hc_set_debugreg(6, 0), 0);
    CHECK_EQ(hc_set_debugreg(3, USER_DATA), 0);
    CHECK_EQ(hc_set_debugreg(7, 1 << 6 | 0xdUL << 28), 0);
    USER_RUN(&u, u_store);
    CHECK_EQ(hc_set_debugreg(7, 0), 0);
    CHECK_EQ(u.vector, TRAP_DB);
    CHECK_EQ(u.frame.rip, USER_CODE + 8);
    CHECK_EQ(hc_get_debugreg(6) & 0xf, 8);
    hc_set_debugreg(6, 0);
    hc_set_debugreg(3, 0);
}

static const struct test tests[] = {
    { "addresses", addresses },
    { "absent", absent },
    { "aliases", aliases },
    { "status", status },
    { "control", control },
    { "data_breakpoint", data_breakpoint },
    { "code_breakpoint", code_breakpoint },
    { "hypervisor_access_is_silent", hypervisor_access_is_silent },
    { "user_data_breakpoint", user_data_breakpoint },
};

TEST_MAIN(tests)
