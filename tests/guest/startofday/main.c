/* SPDX-License-Identifier: MIT */
/* Start of day for a kernel with the fewest notes: the memory list follows the kernel. */
#include "startofday.h"
#include "test.h"

extern const char _start[];

/* Kernel, memory list, start_info, page tables, stack: in this order, page by page. */
static void layout(void)
{
    unsigned long list = start_info->mfn_list, info = (unsigned long)start_info;
    unsigned long list_bytes = start_info->nr_pages * sizeof(unsigned long);

    CHECK_EQ(list & (PAGE_SIZE - 1), 0);
    CHECK(list > (unsigned long)_start);
    CHECK_EQ(info, (list + list_bytes + PAGE_SIZE - 1) & -PAGE_SIZE);
    CHECK_EQ(start_info->pt_base, info + PAGE_SIZE);
    CHECK_EQ(start_info->nr_p2m_frames, 0);
}

static void no_module(void)
{
    CHECK_EQ(start_info->mod_start, 0);
    CHECK_EQ(start_info->mod_len, 0);
    CHECK_EQ(start_info->flags & SIF_MOD_START_PFN, 0);
}

static void command_line(void)
{
    CHECK(!strcmp((const char *)start_info->cmd_line, "startofday alpha=1  beta"));
}

/* Written by nobody but the hypervisor: a store faults as from the guest kernel. */
static void m2p_read_only(void)
{
    TRAP_CATCH("movq $0, (%[p])", TRAP_OUT(), TRAP_IN([p] "r"(M2P)));
    CHECK_TRAP(TRAP_PF, PF_P | PF_W);
    CHECK_EQ(this_cpu()->seen.cr2, (unsigned long)M2P);
}

static void hypervisor_not_readable(void)
{
    TRAP_CATCH("movq (%[p]), %%rax", TRAP_OUT(), TRAP_IN([p] "r"(0xffff880000000000UL - 8)), "rax");
    CHECK(this_cpu()->seen.hit);
    CHECK_EQ(this_cpu()->seen.vector, TRAP_PF);
    CHECK_EQ(this_cpu()->seen.frame.error_code & (PF_W | PF_U | PF_R), 0);
}

static const struct test tests[] = {
    STARTOFDAY_TESTS,
    { "layout", layout },
    { "no_module", no_module },
    { "command_line", command_line },
    { "m2p_read_only", m2p_read_only },
    { "hypervisor_not_readable", hypervisor_not_readable },
};

//! args=alpha=1  beta

TEST_MAIN(tests)
