/* SPDX-License-Identifier: MIT */
/*
 * The page of hypercall stubs for guests that call into one: 32 bytes for each number, which keep
 * RCX and R11; iret's never comes back and has the frame to build. No locks. ABI:
 * XEN_ELFNOTE_HYPERCALL_PAGE, XEN_DOMCTL_hypercall_init, MSR 0x40000000.
 */
#include <asm/frame.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <xen/xen.h>

#include "hypercall_page.h"

#define STUB_BYTES 32

static void put_number(u8 *at, u32 nr)
{
    memcpy(at, &nr, sizeof(nr));
}

static void fill_stub(u8 *at, u32 nr)
{
    static const u8 code[] = {
        0x51,                /* push %rcx */
        0x41, 0x53,          /* push %r11 */
        0xb8, 0,    0, 0, 0, /* mov $nr, %eax */
        0x0f, 0x05,          /* syscall */
        0x41, 0x5b,          /* pop %r11 */
        0x59,                /* pop %rcx */
        0xc3,                /* ret */
    };

    memcpy(at, code, sizeof(code));
    put_number(at + 4, nr);
}

/* The iret frame starts with RAX, R11 and RCX. */
static void fill_iret(u8 *at)
{
    static const u8 code[] = {
        0x51,                /* push %rcx */
        0x41, 0x53,          /* push %r11 */
        0x50,                /* push %rax */
        0xb8, 0,    0, 0, 0, /* mov $nr, %eax */
        0x0f, 0x05,          /* syscall */
    };

    memcpy(at, code, sizeof(code));
    put_number(at + 5, __HYPERVISOR_iret);
}

void pv_hypercall_page_fill(u8 *page)
{
    memset(page, 0xcc, PAGE_SIZE);
    for (u32 nr = 0; nr < PAGE_SIZE / STUB_BYTES; nr++)
        if (nr == __HYPERVISOR_iret)
            fill_iret(page + nr * STUB_BYTES);
        else
            fill_stub(page + nr * STUB_BYTES, nr);
}

int pv_hypercall_page_init(struct domain *d, mfn_t mfn)
{
    struct frame *f;

    if (!mfn_valid(mfn))
        return -EINVAL;
    f = mfn_to_frame(mfn);
    if (!frame_get_and_type(f, d, FT_WRITABLE))
        return -EINVAL;
    pv_hypercall_page_fill(frame_to_virt(f));
    frame_put_and_type(f);
    return 0;
}
