/* SPDX-License-Identifier: MIT */
/* FS and GS bases of kernel and user: set_segment_base, MSRs, and what a switch of level does. */
#include "insn.h"
#include "test.h"

static uint64_t words[8] = { 0x1000, 0x1001, 0x1002, 0x1003, 0x1004 };
static struct user_context u;

static uint64_t fs_word(void)
{
    uint64_t value;

    asm volatile("movq %%fs:0, %0" : "=r"(value));
    return value;
}

static uint64_t gs_word(void)
{
    uint64_t value;

    asm volatile("movq %%gs:0, %0" : "=r"(value));
    return value;
}

static void kernel_bases(void)
{
    CHECK_EQ(hc_set_segment_base(SEGBASE_FS, (unsigned long)&words[1]), 0);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[2]), 0);
    CHECK_EQ(fs_word(), 0x1001);
    CHECK_EQ(gs_word(), 0x1002);
    CHECK_EQ(rdmsr(0xc0000100), (unsigned long)&words[1]);
    CHECK_EQ(rdmsr(0xc0000101), (unsigned long)&words[2]);
    wrmsr(0xc0000101, (unsigned long)&words[3]);
    CHECK_EQ(gs_word(), 0x1003);
    wrmsr(0xc0000100, (unsigned long)&words[4]);
    CHECK_EQ(fs_word(), 0x1004);
}

static void refusals(void)
{
    unsigned int which[] = { SEGBASE_FS, SEGBASE_GS_USER, SEGBASE_GS_KERNEL };

    CHECK_EQ(hc_set_segment_base(SEGBASE_FS, (unsigned long)&words[1]), 0);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[2]), 0);
    for (unsigned int i = 0; i < 3; i++) {
        CHECK_EQ(hc_set_segment_base(which[i], 0x0000800000000000UL), -EINVAL);
        CHECK_EQ(hc_set_segment_base(which[i], NONCANONICAL_VA), -EINVAL);
    }
    CHECK_EQ(hc_set_segment_base(4, 0), -EINVAL);
    CHECK_EQ(hc_set_segment_base(~0u, 0), -EINVAL);
    CHECK_EQ(fs_word(), 0x1001);
    CHECK_EQ(gs_word(), 0x1002);
}

USER_TEXT(text_read, "movq %fs:0, %rax; movq %gs:0, %rbx; ud2");

/* The user sees its own GS base and the common FS base; the kernel's GS base comes back. */
static void user_bases(void)
{
    user_init();
    ((uint64_t *)user_data_page)[0] = 0x2000;
    ((uint64_t *)user_data_page)[1] = 0x2001;
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[2]), 0);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER, USER_DATA), 0);
    CHECK_EQ(hc_set_segment_base(SEGBASE_FS, USER_DATA + 8), 0);
    CHECK_EQ(rdmsr(0xc0000102), USER_DATA);
    CHECK_EQ(gs_word(), 0x1002);
    u = user_context_new();
    USER_RUN(&u, text_read);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.rax, 0x2001);
    CHECK_EQ(u.frame.rbx, 0x2000);
    CHECK_EQ(gs_word(), 0x1002);
    CHECK_EQ(rdmsr(0xc0000102), USER_DATA);
}

USER_TEXT(text_gs, "movl %gs, %eax; ud2");

/* A selector for the user's GS: loaded at once, a bad one becomes the null selector. */
static void user_selector(void)
{
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[2]), 0);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER_SEL, FLAT_USER_DS32), 0);
    u = user_context_new();
    USER_RUN(&u, text_gs);
    CHECK_EQ(u.frame.rax, FLAT_USER_DS32);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    u = user_context_new();
    USER_RUN(&u, text_gs);
    CHECK_EQ(u.frame.rax, 0);
    CHECK_EQ(gs_word(), 0x1002);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER_SEL, 0x10), 0);
    u = user_context_new();
    USER_RUN(&u, text_gs);
    CHECK_EQ(u.frame.rax & ~3, 0);
}

/* The selector in the low half, bits above ignored. */
static void user_selector_high_bits(void)
{
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER_SEL, 0x12340000UL | FLAT_USER_DS32), 0);
    u = user_context_new();
    USER_RUN(&u, text_gs);
    CHECK_EQ(u.frame.rax, FLAT_USER_DS32);
    CHECK_EQ(hc_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
}

USER_TEXT(t_rdfsbase, "rdfsbase %rax");
USER_TEXT(t_wrfsbase, "wrfsbase %rax");
USER_TEXT(t_wrgsbase, "wrgsbase %rax");
USER_TEXT(t_rdgsbase, "rdgsbase %rax");
USER_TEXT(t_read_cr4, "movq %cr4, %rax");
USER_TEXT(t_write_cr4, "movq %rax, %cr4");

static void fsgsbase(void)
{
    struct trap_frame regs = insn_regs();
    unsigned long cr4;
    uint32_t r[4];

    cpuid_forced(7, 0, r);
    if (!(r[1] & 1))
        test_skip("no FSGSBASE");
    CHECK(INSN_RUN(&regs, t_read_cr4));
    cr4 = regs.rax;
    /* A kernel that does not know the feature relies on its processes not having it. */
    regs.rax = cr4 & ~(1UL << 16);
    CHECK(INSN_RUN(&regs, t_write_cr4));
    CHECK(!INSN_RUN(&regs, t_rdfsbase));
    CHECK(!INSN_RUN(&regs, t_wrgsbase));
    regs.rax = cr4 | 1 << 16;
    CHECK(INSN_RUN(&regs, t_write_cr4));
    regs.rax = (unsigned long)&words[3];
    CHECK(INSN_RUN(&regs, t_wrfsbase));
    CHECK_EQ(fs_word(), 0x1003);
    CHECK_EQ(rdmsr(0xc0000100), (unsigned long)&words[3]);
    regs.rax = (unsigned long)&words[4];
    CHECK(INSN_RUN(&regs, t_wrgsbase));
    CHECK_EQ(gs_word(), 0x1004);
    CHECK_EQ(rdmsr(0xc0000101), (unsigned long)&words[4]);
    CHECK(INSN_RUN(&regs, t_rdfsbase));
    CHECK_EQ(regs.rax, (unsigned long)&words[3]);
    CHECK(INSN_RUN(&regs, t_rdgsbase));
    CHECK_EQ(regs.rax, (unsigned long)&words[4]);
    u = user_context_new();
    USER_RUN(&u, text_gs);
    CHECK_EQ(gs_word(), 0x1004);
    CHECK_EQ(rdmsr(0xc0000102), USER_DATA);
    regs.rax = cr4;
    CHECK(INSN_RUN(&regs, t_write_cr4));
}

static const struct test tests[] = {
    { "kernel_bases", kernel_bases },
    { "refusals", refusals },
    { "user_bases", user_bases },
    { "fsgsbase", fsgsbase },
    { "user_selector", user_selector },
    { "user_selector_high_bits", user_selector_high_bits },
};

TEST_MAIN(tests)
