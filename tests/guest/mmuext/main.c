/* SPDX-License-Identifier: MIT */
/* mmuext_op: each command, its refusals, and how a list of them ends. */
#include "test.h"
#include "user.h"

static unsigned int done;

static long one(unsigned int cmd, unsigned long arg1, unsigned long arg2, unsigned long dom)
{
    struct mmuext_op op = { .cmd = cmd };

    op.arg1.mfn = arg1;
    op.arg2.src_mfn = arg2;
    done = 0x5a5a;
    return hc_mmuext_op(&op, 1, &done, dom);
}

static void unknown(void)
{
    static const unsigned int cmds[] = { 14, 21, 22, 100, ~0u };

    for (int i = 0; i < 5; i++) {
        if (one(cmds[i], 0, 0, DOMID_SELF) != -ENOSYS)
            FAIL("command %u: %ld", cmds[i], one(cmds[i], 0, 0, DOMID_SELF));
        CHECK_EQ(done, 0);
    }
    CHECK_EQ(one(MMUEXT_MARK_SUPER, 0, 0, DOMID_SELF), -EOPNOTSUPP);
    CHECK_EQ(one(MMUEXT_UNMARK_SUPER, 0, 0, DOMID_SELF), -EOPNOTSUPP);
}

static void domains(void)
{
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, DOMID_SELF), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, 0), -ESRCH);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, 1), -ESRCH);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, DOMID_INVALID), -ESRCH);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, DOMID_IO), -EPERM);
    CHECK_EQ(one(MMUEXT_NEW_BASEPTR, mfn_of(root_table()), 0, DOMID_XEN), -EPERM);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_ALL, 0, 0, DOMID_XEN), -EPERM);
    CHECK_EQ(one(MMUEXT_SET_LDT, 0, 0, DOMID_XEN), -EPERM);
}

static void flushes(void)
{
    unsigned long vcpus = 1, none = 0, other = 1UL << 5;

    CHECK_EQ(one(MMUEXT_TLB_FLUSH_ALL, 0, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_INVLPG_LOCAL, (unsigned long)&vcpus, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_INVLPG_ALL, (unsigned long)&vcpus, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_INVLPG_LOCAL, NONCANONICAL_VA, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_INVLPG_ALL, HYPERVISOR_VA, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_MULTI, 0, (unsigned long)&vcpus, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_MULTI, 0, (unsigned long)&none, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_MULTI, 0, (unsigned long)&other, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_INVLPG_MULTI, (unsigned long)&vcpus, (unsigned long)&vcpus, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_MULTI, 0, UNMAPPED_VA, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_INVLPG_MULTI, 0, UNMAPPED_VA, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_TLB_FLUSH_MULTI, 0, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_FLUSH_CACHE, 0, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0, DOMID_SELF), 0);
}

static void clear_and_copy(void)
{
    uint64_t *a = page_alloc(), *b = page_alloc();

    for (int i = 0; i < 512; i++)
        a[i] = i + 1;
    CHECK_EQ(one(MMUEXT_COPY_PAGE, mfn_of(b), mfn_of(a), DOMID_SELF), 0);
    CHECK(!memcmp(a, b, PAGE_SIZE));
    CHECK_EQ(one(MMUEXT_CLEAR_PAGE, mfn_of(b), 0, DOMID_SELF), 0);
    for (int i = 0; i < 512; i++)
        CHECK_EQ(b[i], 0);
    CHECK_EQ(one(MMUEXT_COPY_PAGE, mfn_of(a), mfn_of(a), DOMID_SELF), 0);
    CHECK_EQ(a[511], 512);
    CHECK_EQ(one(MMUEXT_CLEAR_PAGE, mfn_of(root_table()), 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_CLEAR_PAGE, 0xfffffff, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_COPY_PAGE, mfn_of(root_table()), mfn_of(a), DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_COPY_PAGE, 0xfffffff, mfn_of(a), DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_COPY_PAGE, mfn_of(a), 0xfffffff, DOMID_SELF), -EINVAL);
    CHECK_EQ(a[511], 512);
    CHECK_EQ(one(MMUEXT_COPY_PAGE, mfn_of(a), mfn_of(root_table()), DOMID_SELF), 0);
    CHECK_EQ(a[511], root_table()[511]);
    page_free(a);
    page_free(b);
}

static void base_pointers(void)
{
    uint64_t *l4 = page_alloc(), cr3;

    CHECK_EQ(one(MMUEXT_NEW_BASEPTR, 0xfffffff, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_NEW_BASEPTR, mfn_of(l4), 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_NEW_USER_BASEPTR, mfn_of(l4), 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_NEW_USER_BASEPTR, 0xfffffff, 0, DOMID_SELF), -EINVAL);
    l4[511] = root_table()[511];
    CHECK_EQ(page_protect(l4, PTE_RO_PAGE), 0);
    CHECK_EQ(one(MMUEXT_NEW_BASEPTR, mfn_of(l4), 0, DOMID_SELF), 0);
    asm volatile("movq %%cr3, %0" : "=r"(cr3));
    CHECK_EQ(cr3, maddr_of(l4));
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(one(MMUEXT_NEW_BASEPTR, mfn_of(root_table()), 0, DOMID_SELF), 0);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), 0);
    CHECK_EQ(l4[511] & ~(PTE_A | PTE_D), root_table()[511] & ~(PTE_A | PTE_D));
    page_free(l4);
}

static void user_base_pointer(void)
{
    uint64_t *l4 = page_alloc();

    CHECK_EQ(page_protect(l4, PTE_RO_PAGE), 0);
    CHECK_EQ(one(MMUEXT_NEW_USER_BASEPTR, mfn_of(l4), 0, DOMID_SELF), 0);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(one(MMUEXT_NEW_USER_BASEPTR, mfn_of(l4), 0, DOMID_SELF), 0);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(one(MMUEXT_NEW_USER_BASEPTR, 0, 0, DOMID_SELF), 0);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), 0);
    page_free(l4);
}

/* A pinned root holds its whole tree; the initial one was pinned by the builder. */
static void pin_root(void)
{
    uint64_t *l4 = page_alloc();
    unsigned long root = mfn_of(root_table());

    CHECK_EQ(one(MMUEXT_PIN_L4_TABLE, root, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(one(MMUEXT_UNPIN_TABLE, root, 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_UNPIN_TABLE, root, 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(page_protect(root_table(), PTE_RW_PAGE), -EBUSY);
    CHECK_EQ(one(MMUEXT_PIN_L4_TABLE, root, 0, DOMID_SELF), 0);
    l4[511] = root_table()[511];
    l4[300] = pte_make(mfn_of(l4), PTE_TABLE);
    CHECK_EQ(page_protect(l4, PTE_RO_PAGE), 0);
    CHECK_EQ(one(MMUEXT_PIN_L4_TABLE, mfn_of(l4), 0, DOMID_SELF), -EINVAL);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), 0);
    l4[300] = 0;
    CHECK_EQ(page_protect(l4, PTE_RO_PAGE), 0);
    CHECK_EQ(one(MMUEXT_PIN_L4_TABLE, mfn_of(l4), 0, DOMID_SELF), 0);
    CHECK_EQ(one(MMUEXT_UNPIN_TABLE, mfn_of(l4), 0, DOMID_SELF), 0);
    CHECK_EQ(page_protect(l4, PTE_RW_PAGE), 0);
    page_free(l4);
}

static void pin_refusals(void)
{
    for (unsigned int cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_UNPIN_TABLE; cmd++) {
        CHECK_EQ(one(cmd, 0xfffffff, 0, DOMID_SELF), -EINVAL);
        CHECK_EQ(one(cmd, ~0UL, 0, DOMID_SELF), -EINVAL);
        CHECK_EQ(one(cmd, 0xfee00, 0, DOMID_SELF), -EINVAL);
    }
    CHECK_EQ(one(MMUEXT_UNPIN_TABLE, start_info->shared_info >> PAGE_SHIFT, 0, DOMID_SELF),
             -EINVAL);
}

static void list_stops(void)
{
    struct mmuext_op ops[4] = {
        { .cmd = MMUEXT_TLB_FLUSH_LOCAL }, { .cmd = MMUEXT_TLB_FLUSH_LOCAL }, { .cmd = 99 },
        { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
    };

    CHECK_EQ(hc_mmuext_op(ops, 4, &done, DOMID_SELF), -ENOSYS);
    CHECK_EQ(done, 2);
    CHECK_EQ(hc_mmuext_op(ops, 2, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 2);
    CHECK_EQ(hc_mmuext_op(ops, 0, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 0);
    CHECK_EQ(hc_mmuext_op(ops, 2, NULL, DOMID_SELF), 0);
}

static void bad_pointers(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (int i = 0; i < 4; i++) {
        done = 0x5a;
        CHECK_EQ(hc_mmuext_op((void *)pointers[i], 1, &done, DOMID_SELF), -EFAULT);
    }
}

static const struct test tests[] = {
    { "unknown", unknown },
    { "domains", domains },
    { "flushes", flushes },
    { "clear_and_copy", clear_and_copy },
    { "base_pointers", base_pointers },
    { "user_base_pointer", user_base_pointer },
    { "pin_root", pin_root },
    { "pin_refusals", pin_refusals },
    { "list_stops", list_stops },
    { "bad_pointers", bad_pointers },
};

TEST_MAIN(tests)
