/* SPDX-License-Identifier: MIT */
/*
 * Domains built by the test: how they end, and what kills only them. The same kernel is both
 * sides: as the initial domain it builds others from its own image, which do what their command
 * line says.
 */
//! module=self
//! timeout=90
#include <xen/domctl.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#include <sdk/time.h>

#include "domu.h"
#include "test.h"
#include "user.h"

#define PAGES 2048

/* ---- what a built domain does ---- */

static void die_poweroff(void)
{
    guest_shutdown(SHUTDOWN_poweroff);
}

static void die_reboot(void)
{
    guest_shutdown(SHUTDOWN_reboot);
}

static void die_crash(void)
{
    guest_shutdown(SHUTDOWN_crash);
}

static void die_unknown_reason(void)
{
    guest_shutdown(77);
}

/* A trap, and no handler. */
static void die_no_handler(void)
{
    hc_set_trap_table(NULL);
    asm volatile("ud2");
}

static void die_handler_unmapped(void)
{
    trap_info_t table[2] = { { TRAP_UD, 4, FLAT_KERNEL_CS, UNMAPPED_VA } };

    hc_set_trap_table(table);
    table[0].vector = TRAP_PF;
    hc_set_trap_table(table);
    asm volatile("ud2");
}

/* A trap, and no stack to push its frame on. */
static void die_no_stack(void)
{
    asm volatile("movq %0, %%rsp\n\tud2" : : "r"(UNMAPPED_VA + 4096));
}

static void die_stack_in_hypervisor(void)
{
    asm volatile("movq %0, %%rsp\n\tud2" : : "r"(HYPERVISOR_VA + 4096));
}

static void die_stack_noncanonical(void)
{
    asm volatile("movq %0, %%rsp\n\tud2" : : "r"(NONCANONICAL_VA));
}

/* To user mode, without tables for it. */
static void die_no_user_tables(void)
{
    struct trap_frame frame = { .rip = 0x400000, .cs = FLAT_USER_CS64, .ss = FLAT_USER_SS64,
                                .rsp = 0x400000, .rflags = EFLAGS_IF | 2 };

    trap_return(&frame);
}

/* iret from a stack that is not there. */
static void die_iret_frame(void)
{
    asm volatile("movq %0, %%rsp\n\tmovl $23, %%eax\n\tsyscall" : : "r"(UNMAPPED_VA));
}

USER_TEXT(text_int3, "int3");

/* From user mode, with a kernel stack that is not there. */
static void die_kernel_stack(void)
{
    struct user_context u = user_context_new();

    user_init();
    memcpy(user_code_page, text_int3, 1);
    user_run_on(&u, UNMAPPED_VA + 4096);
}

static void die_kernel_stack_in_hypervisor(void)
{
    struct user_context u = user_context_new();

    user_init();
    memcpy(user_code_page, text_int3, 1);
    user_run_on(&u, HYPERVISOR_VA + 4096);
}

static const struct death {
    const char *name;
    void (*run)(void);
    int code;
} deaths[] = {
    { "poweroff", die_poweroff, SHUTDOWN_poweroff },
    { "reboot", die_reboot, SHUTDOWN_reboot },
    { "crash", die_crash, SHUTDOWN_crash },
    { "unknown_reason", die_unknown_reason, 77 },
    { "no_handler", die_no_handler, SHUTDOWN_crash },
    { "handler_unmapped", die_handler_unmapped, SHUTDOWN_crash },
    { "no_stack", die_no_stack, SHUTDOWN_crash },
    { "stack_in_hypervisor", die_stack_in_hypervisor, SHUTDOWN_crash },
    { "stack_noncanonical", die_stack_noncanonical, SHUTDOWN_crash },
    { "no_user_tables", die_no_user_tables, SHUTDOWN_crash },
    { "iret_frame", die_iret_frame, SHUTDOWN_crash },
    { "kernel_stack", die_kernel_stack, SHUTDOWN_crash },
    { "kernel_stack_in_hypervisor", die_kernel_stack_in_hypervisor, SHUTDOWN_crash },
};
#define DEATHS (sizeof(deaths) / sizeof(deaths[0]))

_Noreturn static void be_domu(void)
{
    for (unsigned int i = 0; i < DEATHS; i++)
        if (!strcmp((const char *)start_info->cmd_line, deaths[i].name))
            deaths[i].run();
    printf("%s: survived or unknown\n", start_info->cmd_line);
    guest_shutdown(99);
}

/* ---- what the initial domain checks ---- */

static void all_deaths(void)
{
    for (unsigned int i = 0; i < DEATHS; i++) {
        struct domu domu;
        int code;

        domu_build(&domu, domu_module(), deaths[i].name, PAGES, 1);
        CHECK(domu_flags(&domu) & XEN_DOMINF_paused);
        domu_unpause(&domu);
        code = domu_wait(&domu, 5000);
        CHECK(!(domu_flags(&domu) & XEN_DOMINF_dying));
        domu_destroy(&domu);
        CHECK_ROW(deaths[i].name, code, deaths[i].code);
    }
}

static unsigned long free_pages(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

    CHECK_EQ(hc_sysctl(&op), 0);
    return op.u.physinfo.free_pages + op.u.physinfo.scrub_pages;
}

/* Waits for what is given back in the background: until nothing changes for 50 ms. */
static unsigned long free_pages_settled(void)
{
    unsigned long now = free_pages(), last;

    do {
        uint64_t end = time_now_ns() + 50000000;

        last = now;
        while (time_now_ns() < end)
            hc_sched_op(SCHEDOP_yield, NULL);
        now = free_pages();
    } while (now != last);
    return now;
}

static void live_and_die(unsigned int how)
{
    struct domu domu;

    domu_build(&domu, domu_module(), deaths[how].name, PAGES, 2);
    if (how != 3) {
        domu_unpause(&domu);
        domu_wait(&domu, 5000);
    }
    domu_destroy(&domu);
}

#define LIVES 4

/*
 * Nothing is lost over a life, however it ends. The first round may fill caches; after that less
 * than a page a life may go to the hypervisor's own heap.
 */
static void nothing_lost(void)
{
    unsigned long before = 0;

    for (unsigned int round = 0; round < 3; round++) {
        for (unsigned int how = 0; how < LIVES; how++)
            live_and_die(how);
        if (round < 2)
            before = free_pages_settled();
    }
    CHECK(free_pages_settled() + LIVES > before);
}

/* While one of its pages is mapped here, a dead domain stays, dying; then it goes. */
static void held_by_a_mapping(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo,
                             .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    struct domu domu;
    unsigned long console = 0x9000001000UL;

    domu_build(&domu, domu_module(), "poweroff", PAGES, 1);
    op.cmd = XEN_DOMCTL_destroydomain;
    op.domain = domu.id;
    CHECK_EQ(hc_domctl(&op), 0);
    op.cmd = XEN_DOMCTL_getdomaininfo;
    op.domain = domu.id;
    CHECK_EQ(hc_domctl(&op), 0);
    CHECK(op.u.getdomaininfo.flags & XEN_DOMINF_dying);
    domu.console->out_prod = 5;
    CHECK_EQ(domu.console->out_prod, 5);
    CHECK_EQ(hc_update_va_mapping(console, 0, UVMF_INVLPG), 0);
    event_close(domu.console_port);
    for (int i = 0; i < 2000; i++) {
        op.domain = domu.id;
        if (hc_domctl(&op))
            break;
        hc_sched_op(SCHEDOP_yield, NULL);
    }
    op.domain = domu.id;
    CHECK_EQ(hc_domctl(&op), -ESRCH);
}

static const struct test tests[] = {
    { "all_deaths", all_deaths },
    { "nothing_lost", nothing_lost },
    { "held_by_a_mapping", held_by_a_mapping },
};

int main(void)
{
    if (!is_initial_domain())
        be_domu();
    test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
