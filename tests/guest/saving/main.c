/* SPDX-License-Identifier: MIT */
/*
 * What a toolstack reads and writes to save a domain and let it go on: its suspend call, types of
 * pages, registers beside the context, clock. The same kernel is both sides.
 */
//! module=self
//! timeout=90
#include <xen/domctl.h>
#include <xen/sched.h>

#include "domu.h"
#include "test.h"

#define PAGES   2048
#define WAIT_MS 30000

static struct domu domu;
static struct xen_domctl op;
static vcpu_guest_context_t context;

static long call(unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = domu.id;
    return hc_domctl(&op);
}

static long call_clear(unsigned int cmd)
{
    memset(&op, 0, sizeof(op));
    return call(cmd);
}

/* The built domain: it suspends twice, and must be told that it was not restored. */
static void be_domu(void)
{
    struct sched_shutdown down = { .reason = SHUTDOWN_suspend };

    for (int i = 0; i < 2; i++)
        if (hypercall3(__HYPERVISOR_sched_op, SCHEDOP_shutdown, HC_ARG(&down),
                       mfn_of(start_info)) != 1)
            guest_shutdown(SHUTDOWN_crash);
    guest_shutdown(SHUTDOWN_poweroff);
}

static long get_context(void)
{
    memset(&op, 0, sizeof(op));
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    return call(XEN_DOMCTL_getvcpucontext);
}

static void suspends(void)
{
    domu_build(&domu, domu_module(), "suspend", PAGES, 2);
    domu_unpause(&domu);
    CHECK_EQ(domu_wait(&domu, WAIT_MS), SHUTDOWN_suspend);
    CHECK_EQ(get_context(), 0);
    CHECK(M2P[context.user_regs.rdx] < PAGES); /* its start_info */
    CHECK(context.flags & VGCF_online);
    call_clear(XEN_DOMCTL_getvcpuinfo);
    CHECK_EQ(op.u.getvcpuinfo.online, 1);
}

static long types(xen_pfn_t *frames, unsigned int count)
{
    memset(&op, 0, sizeof(op));
    op.u.getpageframeinfo3.num = count;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, frames);
    return call(XEN_DOMCTL_getpageframeinfo3);
}

static void page_types(void)
{
    static xen_pfn_t frames[1025];
    xen_pfn_t own = mfn_of(frames), root = context.ctrlreg[3] >> PAGE_SHIFT;

    frames[0] = root;
    frames[1] = context.user_regs.rdx;
    frames[2] = own;
    frames[3] = NO_SUCH_MFN;
    frames[4] = ~0UL;
    CHECK_EQ(types(frames, 5), 0);
    CHECK_EQ(frames[0] & XEN_DOMCTL_PFINFO_LTAB_MASK,
             XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
    CHECK_EQ(frames[1] & XEN_DOMCTL_PFINFO_LTAB_MASK, XEN_DOMCTL_PFINFO_NOTAB);
    for (int i = 2; i < 5; i++)
        CHECK_EQ(frames[i] & XEN_DOMCTL_PFINFO_LTAB_MASK, XEN_DOMCTL_PFINFO_XTAB);
    CHECK_EQ(types(frames, 0), 0);
    CHECK_EQ(types(frames, 1025), -E2BIG);
    CHECK_EQ(types((void *)UNMAPPED_VA, 1), -EFAULT);
}

static void entry_points(void)
{
    struct xen_domctl_ext_vcpucontext saved;

    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_get_ext_vcpucontext), 0);
    CHECK_EQ(op.u.ext_vcpucontext.size, sizeof(op.u.ext_vcpucontext));
    saved = op.u.ext_vcpucontext;
    CHECK_EQ(call(XEN_DOMCTL_set_ext_vcpucontext), 0);
    op.u.ext_vcpucontext.size = 8;
    CHECK_EQ(call(XEN_DOMCTL_set_ext_vcpucontext), -EINVAL);
    op.u.ext_vcpucontext = saved;
    op.u.ext_vcpucontext.syscall32_callback_eip = NONCANONICAL_VA;
    CHECK_EQ(call(XEN_DOMCTL_set_ext_vcpucontext), -EINVAL);
    op.u.ext_vcpucontext = saved;
    op.u.ext_vcpucontext.vcpu = 2;
    CHECK_EQ(call(XEN_DOMCTL_get_ext_vcpucontext), -ESRCH);
    CHECK_EQ(call(XEN_DOMCTL_set_ext_vcpucontext), -ESRCH);
}

static uint8_t area[16384];

static long extended(unsigned int cmd, uint64_t size, uint64_t mask)
{
    memset(&op, 0, sizeof(op));
    op.u.vcpuextstate.size = size;
    op.u.vcpuextstate.xfeature_mask = mask;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, (void *)area);
    return call(cmd);
}

static void extended_registers(void)
{
    uint64_t size, mask;

    CHECK_EQ(extended(XEN_DOMCTL_getvcpuextstate, 0, 0), 0);
    size = op.u.vcpuextstate.size;
    mask = op.u.vcpuextstate.xfeature_mask;
    if (!size)
        test_skip("no XSAVE");
    CHECK(size > 16 + 512 && size <= sizeof(area));
    CHECK_EQ(extended(XEN_DOMCTL_getvcpuextstate, size, mask), 0);
    CHECK(op.u.vcpuextstate.size <= size); /* Xen leaves out what was never on */
    size = op.u.vcpuextstate.size;
    CHECK_EQ(((uint64_t *)area)[0] & ~mask, 0); /* XCR0 */
    CHECK_EQ(extended(XEN_DOMCTL_setvcpuextstate, size, mask), 0);
    CHECK_EQ(extended(XEN_DOMCTL_setvcpuextstate, 15, mask), -EINVAL);
    area[7] = 0x80; /* a component that nobody has */
    CHECK_EQ(extended(XEN_DOMCTL_setvcpuextstate, size, mask), -EINVAL);
    area[7] = 0;
    op.u.vcpuextstate.vcpu = 100;
    CHECK_EQ(call(XEN_DOMCTL_setvcpuextstate), -ESRCH);
}

static void msrs(void)
{
    static xen_domctl_vcpu_msr_t list[64];
    unsigned int room;

    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_get_vcpu_msrs), 0);
    room = op.u.vcpu_msrs.msr_count;
    CHECK(room >= 1 && room <= 64);
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, list);
    CHECK_EQ(call(XEN_DOMCTL_get_vcpu_msrs), 0);
    CHECK(op.u.vcpu_msrs.msr_count <= room);
    CHECK_EQ(call(XEN_DOMCTL_set_vcpu_msrs), 0);
    list[0] = (xen_domctl_vcpu_msr_t){ .index = 0x10 }; /* the TSC is nobody's own */
    op.u.vcpu_msrs.msr_count = 1;
    CHECK_EQ(call(XEN_DOMCTL_set_vcpu_msrs), -EINVAL);
    list[0] = (xen_domctl_vcpu_msr_t){ .index = 0xc0000103, .value = 1UL << 32 };
    op.u.vcpu_msrs.msr_count = 1;
    CHECK_EQ(call(XEN_DOMCTL_set_vcpu_msrs), -EINVAL);
    op.u.vcpu_msrs.msr_count = 10000;
    CHECK_EQ(call(XEN_DOMCTL_set_vcpu_msrs), -EINVAL);
    op.u.vcpu_msrs.vcpu = 9;
    CHECK_EQ(call(XEN_DOMCTL_get_vcpu_msrs), -ESRCH);
}

static void tsc(void)
{
    memset(&op, 0, sizeof(op));
    CHECK_EQ(call(XEN_DOMCTL_gettscinfo), 0);
    CHECK_EQ(op.u.tsc_info.tsc_mode, 2); /* as built */
    CHECK_EQ(call(XEN_DOMCTL_settscinfo), 0);
}

/* It goes on where it was, and can suspend again. */
static void goes_on(void)
{
    CHECK_EQ(get_context(), 0);
    context.user_regs.rax = 1;
    memset(&op, 0, sizeof(op));
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    CHECK_EQ(call(XEN_DOMCTL_setvcpucontext), 0);
    CHECK_EQ(call_clear(XEN_DOMCTL_resumedomain), 0);
    CHECK_EQ(domu_wait(&domu, WAIT_MS), SHUTDOWN_suspend);
    CHECK_EQ(get_context(), 0);
    context.user_regs.rax = 1;
    memset(&op, 0, sizeof(op));
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    CHECK_EQ(call(XEN_DOMCTL_setvcpucontext), 0);
    CHECK_EQ(call_clear(XEN_DOMCTL_resumedomain), 0);
    CHECK_EQ(domu_wait(&domu, WAIT_MS), SHUTDOWN_poweroff);
    domu_destroy(&domu);
}

static const struct test tests[] = {
    { "suspends", suspends },
    { "page_types", page_types },
    { "entry_points", entry_points },
    { "extended_registers", extended_registers },
    { "msrs", msrs },
    { "tsc", tsc },
    { "goes_on", goes_on },
};

int main(void)
{
    if (!is_initial_domain())
        be_domu();
    test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
