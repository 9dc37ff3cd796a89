/* SPDX-License-Identifier: MIT */
/*
 * Asking a guest to suspend itself, and letting it go on.
 *
 * The guest takes the request from its store node, which it empties, and ends with a shutdown of
 * reason "suspend": then it stands still with all its state in order. Facts: control/shutdown as
 * stock Linux serves it; its suspend call returns 1 where it was not restored but goes on. Locks:
 * none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/sched.h>

#include "daemon/loop.h"
#include "device/store.h"
#include "life.h"

#define TAKE_MS    60000u /* for the guest to take the request */
#define SUSPEND_MS 60000u /* and then to suspend */
#define LOOK_MS    10u

#define WENT_ON 1u /* what the suspend call returns if the guest goes on */

/* -EAGAIN: not yet. */
static int look(struct worker *w, domid_t domid, const char *name)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&w->control, domid, &info);
    unsigned int reason;

    if (rc)
        return error_set(&w->error, rc, "domain '%s': %s", name, error_clause(rc));
    if (!(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
        return -EAGAIN;
    reason = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    if (info.flags & XEN_DOMINF_shutdown && reason == SHUTDOWN_suspend)
        return 0;
    return error_set(&w->error, -EHOSTDOWN, "domain '%s' %s instead of suspending", name,
                     life_reason_name(reason));
}

static int wait_for(struct worker *w, domid_t domid, const char *name, unsigned int ms)
{
    int64_t deadline = loop_now_ms() + ms;
    int rc;

    while ((rc = look(w, domid, name)) == -EAGAIN && loop_now_ms() < deadline)
        worker_sleep(w, LOOK_MS);
    return rc;
}

struct withdrawal {
    domid_t domid;
    bool taken;
};

static int withdraw(struct xs_handle *xs, xs_transaction_t t, void *arg)
{
    struct withdrawal *what = arg;
    char *value;
    int rc = store_read(xs, t, &value, "/local/domain/%u/control/shutdown", what->domid);

    if (rc)
        return rc;
    what->taken = strcmp(value, "suspend") != 0;
    free(value);
    return what->taken ? 0
                       : store_write(xs, t, "", "/local/domain/%u/control/shutdown", what->domid);
}

static int check_running(struct worker *w, domid_t domid, const char *name)
{
    struct xen_domctl_getdomaininfo info;
    int rc = domctl_get_info(&w->control, domid, &info);

    if (rc)
        return error_set(&w->error, rc, "domain '%s': %s", name, error_clause(rc));
    if (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))
        return error_set(&w->error, -EHOSTDOWN,
                         "domain '%s' has ended: there is nothing to suspend", name);
    if (info.flags & XEN_DOMINF_paused)
        return error_set(&w->error, -EBUSY,
                         "domain '%s' is paused, so that it cannot suspend: domus unpause it first",
                         name);
    return 0;
}

int life_suspend(struct worker *w, domid_t domid, const char *name)
{
    struct withdrawal what = { .domid = domid };
    int rc = check_running(w, domid, name);

    if (rc)
        return rc;
    rc = store_write(w->xs, XBT_NULL, "suspend", "/local/domain/%u/control/shutdown", domid);
    if (rc)
        return error_set(&w->error, rc, "cannot ask domain '%s' to suspend: %s", name,
                         strerror(-rc));
    rc = wait_for(w, domid, name, TAKE_MS);
    if (rc != -EAGAIN)
        return rc;
    rc = store_transact(w->xs, withdraw, &what);
    if (rc || !what.taken)
        return error_set(&w->error, -ETIMEDOUT,
                         "domain '%s' does not take the request to suspend: its kernel has to "
                         "support that, and to be up",
                         name);
    rc = wait_for(w, domid, name, SUSPEND_MS);
    return rc == -EAGAIN ? error_set(&w->error, -ETIMEDOUT,
                                     "domain '%s' has taken the request to suspend, but does not: "
                                     "its console may say why",
                                     name)
                         : rc;
}

static int answer_call(struct worker *w, domid_t domid)
{
    vcpu_guest_context_t context;
    int rc = domctl_get_vcpu_context(&w->control, domid, 0, &context);

    if (rc)
        return rc;
    context.user_regs.rax = WENT_ON;
    return domctl_set_vcpu_context(&w->control, domid, 0, &context);
}

int life_resume(struct worker *w, domid_t domid, const char *name)
{
    int rc = answer_call(w, domid);

    if (!rc)
        rc = domctl_resume(&w->control, domid);
    xs_resume_domain(w->xs, domid); /* so that its next end is told, too */
    return rc ? error_set(&w->error, rc, "domain '%s' cannot go on: %s", name, error_clause(rc))
              : 0;
}
