/* SPDX-License-Identifier: MIT */
/*
 * Modes of a domain's TSC. An emulated one has the frequency that its builder gave and goes on
 * from where it was saved; the clock that the hypervisor offers fits it. Children of the same
 * image look at theirs and end with what they found.
 */
//! module=self
//! timeout=90
#include <xen/domctl.h>

#include <sdk/cpu.h>
#include <sdk/time.h>

#include "domu.h"
#include "test.h"

#define PAGES 2048
#define GUEST_KHZ 2000000 /* two ticks a nanosecond */
#define ELAPSED_NS 300000000UL /* less than Xen is up: it would add 2^63 */
#define MODE_DEFAULT 0
#define MODE_EMULATE 1
#define MODE_NATIVE 2

/* ---- children ---- */

#define BAD(code_) guest_shutdown(code_)

/* Ticks that pass in 10 ms of the hypervisor's clock, in permille of what a frequency says. */
static uint64_t permille_of(uint64_t khz)
{
    uint64_t start_ns = time_now_ns(), start = rdtsc(), ns, ticks;

    do {
        ns = time_now_ns() - start_ns;
        ticks = rdtsc() - start;
    } while (ns < 10000000);
    return ticks * 1000 / (ns * khz / 1000000);
}

static void be_emulated(void)
{
    const struct vcpu_time_info *time = &vcpu_info(0)->time;
    uint64_t first = rdtsc(), last = first, permille;

    if (first < 2 * ELAPSED_NS || first > 2 * ELAPSED_NS + 60000000000UL)
        BAD(101);
    for (int i = 0; i < 1000; i++, last = first)
        if ((first = rdtsc()) < last)
            BAD(102);
    permille = permille_of(GUEST_KHZ);
    if (permille < 980 || permille > 1020)
        BAD(103);
    /* 2^20 ticks are 2^19 ns. */
    first = time->tsc_shift < 0 ? 1UL << 20 >> -time->tsc_shift : 1UL << 20 << time->tsc_shift;
    first = first * time->tsc_to_system_mul >> 32;
    if (first < (1UL << 19) - 2 || first > (1UL << 19) + 2)
        BAD(104);
    guest_shutdown(SHUTDOWN_poweroff);
}

static void be_native(void)
{
    const struct vcpu_time_info *time = &vcpu_info(0)->time;
    uint64_t now = rdtsc();

    /* What the clock was last set by lies close. */
    guest_shutdown(now - time->tsc_timestamp < 1UL << 36 ? SHUTDOWN_poweroff : 105);
}

_Noreturn static void be_domu(void)
{
    if (!strcmp((const char *)start_info->cmd_line, "emulated"))
        be_emulated();
    be_native();
    guest_shutdown(99);
}

/* ---- the initial domain ---- */

static long tsc_info(struct domu *domu, unsigned int cmd, struct xen_domctl_tsc_info *info)
{
    struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                             .domain = domu->id, .u.tsc_info = *info };
    long rc = hc_domctl(&op);

    *info = op.u.tsc_info;
    return rc;
}

/* By default, too, a guest keeps the speed that it was saved with. */
static void run_emulated(unsigned int mode)
{
    struct xen_domctl_tsc_info info = { .tsc_mode = mode, .gtsc_khz = GUEST_KHZ,
                                        .incarnation = 7, .elapsed_nsec = ELAPSED_NS };
    struct domu domu;

    domu_build(&domu, domu_module(), "emulated", PAGES, 1);
    CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_settscinfo, &info), 0);
    info = (struct xen_domctl_tsc_info){ 0 };
    CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_gettscinfo, &info), 0);
    CHECK_EQ(info.tsc_mode, mode);
    CHECK_EQ(info.gtsc_khz, GUEST_KHZ);
    CHECK_EQ(info.incarnation, 8);
    CHECK(info.elapsed_nsec >= ELAPSED_NS && info.elapsed_nsec < ELAPSED_NS + 60000000000UL);
    domu_unpause(&domu);
    CHECK_EQ(domu_wait(&domu, 20000), SHUTDOWN_poweroff);
    domu_destroy(&domu);
}

static void emulated(void)
{
    run_emulated(MODE_EMULATE);
}

static void as_saved(void)
{
    run_emulated(MODE_DEFAULT);
}

static void native(void)
{
    struct xen_domctl_tsc_info info = { .tsc_mode = MODE_NATIVE, .gtsc_khz = 5, .elapsed_nsec = 9 };
    struct domu domu;

    domu_build(&domu, domu_module(), "native", PAGES, 1);
    CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_settscinfo, &info), 0);
    CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_gettscinfo, &info), 0);
    CHECK_EQ(info.tsc_mode, MODE_NATIVE);
    CHECK_EQ(info.gtsc_khz, 0);
    CHECK_EQ(info.elapsed_nsec, 0);
    domu_unpause(&domu);
    CHECK_EQ(domu_wait(&domu, 20000), SHUTDOWN_poweroff);
    domu_destroy(&domu);
}

/* A mode that there is not; and the caller, which could not be stopped meanwhile. */
static void refusals(void)
{
    struct xen_domctl_tsc_info info = { .tsc_mode = 4 };
    struct domu self = { .id = 0 }, domu;

    CHECK_EQ(tsc_info(&self, XEN_DOMCTL_settscinfo, &info), -EINVAL);
    domu_build(&domu, domu_module(), "native", PAGES, 1);
    for (unsigned int mode = 3; mode < 6; mode++) {
        info = (struct xen_domctl_tsc_info){ .tsc_mode = mode };
        CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_settscinfo, &info), -EINVAL);
    }
    CHECK_EQ(tsc_info(&domu, XEN_DOMCTL_gettscinfo, &info), 0);
    CHECK(info.tsc_mode < 3);
    domu_destroy(&domu);
}

static const struct test tests[] = {
    { "emulated", emulated },
    { "as_saved", as_saved },
    { "native", native },
    { "refusals", refusals },
};

int main(void)
{
    if (!is_initial_domain())
        be_domu();
    test_main(tests, sizeof(tests) / sizeof(tests[0]));
}
