/* SPDX-License-Identifier: MIT */
/* Callbacks and the kernel stack: how the guest tells where it wants to be entered. */
#include <xen/callback.h>

#include "test.h"
#include "user.h"

extern const char syscall_entry[], event_entry[];
static struct user_context u;

USER_TEXT(text_syscall, "syscall");
USER_TEXT(text_ud2, "ud2");

static long reg(unsigned int type, unsigned int flags, unsigned long address)
{
    callback_register_t op = { .type = type, .flags = flags, .address = address };

    return hc_callback_op(CALLBACKOP_register, &op);
}

static long unreg(unsigned int type)
{
    callback_unregister_t op = { .type = type };

    return hc_callback_op(CALLBACKOP_unregister, &op);
}

static void register_types(void)
{
    static const struct {
        unsigned int type;
        long rc;
    } rows[] = {
        { CALLBACKTYPE_event, 0 }, { CALLBACKTYPE_failsafe, 0 }, { CALLBACKTYPE_syscall, 0 },
        { CALLBACKTYPE_sysenter_deprecated, -ENOSYS }, { CALLBACKTYPE_nmi, 0 },
        { CALLBACKTYPE_sysenter, 0 }, { 6, -ENOSYS }, { CALLBACKTYPE_syscall32, 0 },
        { 8, -ENOSYS }, { 0xffff, -ENOSYS },
    };

    for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (reg(rows[i].type, 0, 0) != rows[i].rc)
            FAIL("type %u: %ld", rows[i].type, reg(rows[i].type, 0, 0));
    trap_init();
}

static void bad_address(void)
{
    for (unsigned int type = 0; type < 8; type++) {
        if (type == CALLBACKTYPE_sysenter_deprecated || type == 6)
            continue;
        CHECK_EQ(reg(type, 0, 0x0000800000000000UL), -EINVAL);
        CHECK_EQ(reg(type, 0, NONCANONICAL_VA), -EINVAL);
    }
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, TRAP_SYSCALL);
}

static void unregister_types(void)
{
    static const long want[] = { -EINVAL, -EINVAL, -EINVAL, -ENOSYS, 0, -EINVAL, -ENOSYS, -EINVAL };

    for (unsigned int type = 0; type < 8; type++)
        if (unreg(type) != want[type])
            FAIL("type %u: %ld", type, unreg(type));
}

/* Without a callback SYSCALL is an undefined instruction, and reported at itself. */
static void syscall_without_callback(void)
{
    CHECK_EQ(reg(CALLBACKTYPE_syscall, 0, 0), 0);
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, TRAP_UD);
    CHECK_EQ(u.frame.rip, USER_CODE);
    trap_init();
}

static void refusals(void)
{
    CHECK_EQ(hc_callback_op(CALLBACKOP_register, NULL), -EFAULT);
    CHECK_EQ(hc_callback_op(CALLBACKOP_register, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_callback_op(CALLBACKOP_register, (void *)HYPERVISOR_VA), -EFAULT);
    CHECK_EQ(hc_callback_op(CALLBACKOP_unregister, (void *)UNMAPPED_VA), -EFAULT);
    CHECK_EQ(hc_callback_op(2, NULL), -ENOSYS);
    CHECK_EQ(hc_callback_op(~0u, NULL), -ENOSYS);
}

/* System calls come masked or not, as registered. */
static void syscall_mask(void)
{
    CHECK_EQ(reg(CALLBACKTYPE_syscall, 0, (unsigned long)syscall_entry), 0);
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, TRAP_SYSCALL);
    CHECK_EQ(u.frame.saved_upcall_mask, 0);
    CHECK_EQ(u.upcall_mask, 0);
    upcalls_disable();
    CHECK_EQ(reg(CALLBACKTYPE_syscall, CALLBACKF_mask_events, (unsigned long)syscall_entry), 0);
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.upcall_mask, 1);
}

/* The old call: three registrations whose errors nobody hears of. */
static void set_callbacks(void)
{
    CHECK_EQ(hypercall3(__HYPERVISOR_set_callbacks, (unsigned long)event_entry,
                        (unsigned long)event_entry, trap_entry_address(20)), 0);
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, 20);
    upcalls_disable();
    CHECK_EQ(hypercall3(__HYPERVISOR_set_callbacks, (unsigned long)event_entry, 0,
                        NONCANONICAL_VA), 0);
    u = user_context_new();
    USER_RUN(&u, text_syscall);
    CHECK_EQ(u.vector, 20);
    trap_init();
}

/* Traps from the user start at the stack that was set, aligned down to 16. */
static void stack_switch(void)
{
    static const unsigned int offsets[] = { 0, 8, 1, 15 };
    struct cpu *cpu = this_cpu();

    user_init();
    for (unsigned int i = 0; i < 4; i++) {
        unsigned long top = ((unsigned long)cpu + STACK_SIZE / 2) + offsets[i];

        u = user_context_new();
        memcpy(user_code_page, text_ud2, 2);
        u.frame.error_code = 0;
        user_run_on(&u, top);
        CHECK_EQ(u.vector, TRAP_UD);
        CHECK_EQ(u.frame_at, (top & ~15UL) - 56);
    }
}

static void stack_switch_selectors(void)
{
    static const unsigned int selectors[] = { 0, 3, 0x18, 0xe02b, 0xe010, 0xffff };

    for (unsigned int i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        CHECK_EQ(hc_stack_switch(selectors[i], (unsigned long)this_cpu() + 4096), 0);
        u = user_context_new();
        USER_RUN(&u, text_ud2);
        CHECK_EQ(u.vector, TRAP_UD);
    }
}

static const struct test tests[] = {
    { "register_types", register_types },
    { "bad_address", bad_address },
    { "unregister_types", unregister_types },
    { "refusals", refusals },
    { "syscall_without_callback", syscall_without_callback },
    { "syscall_mask", syscall_mask },
    { "set_callbacks", set_callbacks },
    { "stack_switch", stack_switch },
    { "stack_switch_selectors", stack_switch_selectors },
};

TEST_MAIN(tests)
