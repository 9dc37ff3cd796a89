/* SPDX-License-Identifier: MIT */
/* Owns the user tables. Kernel and user roots share the tables below slot 0, as Linux has it. */
#include "test.h"
#include "user.h"

uint8_t *user_code_page, *user_data_page;
uint64_t *user_root;

static void check(long rc, const char *what)
{
    if (rc)
        test_error("%s: %ld", what, rc);
}

void user_init(void)
{
    uint64_t *kernel_slot = entry_find(root_table(), 0, 4);

    if (user_root)
        return;
    user_code_page = page_alloc();
    user_data_page = page_alloc();
    check(page_map(root_table(), USER_CODE,
                   pte_make(mfn_of(user_code_page), PTE_RO_PAGE | PTE_US)), "map user code");
    check(page_map(root_table(), USER_DATA,
                   pte_make(mfn_of(user_data_page), PTE_RW_PAGE | PTE_US | PTE_NX)),
          "map user data");
    user_root = page_alloc();
    user_root[0] = *kernel_slot;
    check(page_protect(user_root, PTE_RO_PAGE), "protect user root");
    check(mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(user_root), 0), "pin user root");
    check(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(user_root), 0), "set user root");
}

struct user_context user_context_new(void)
{
    struct user_context context = { 0 };

    context.frame.rip = USER_CODE;
    context.frame.rsp = USER_STACK;
    context.frame.cs = FLAT_USER_CS64;
    context.frame.ss = FLAT_USER_SS64;
    context.frame.rflags = EFLAGS_IF | 2;
    return context;
}

void user_run_bytes(struct user_context *context, const uint8_t *code, unsigned long length)
{
    user_init();
    memcpy(user_code_page, code, length);
    user_run(context);
}
