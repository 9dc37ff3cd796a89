/* SPDX-License-Identifier: MIT */
/*
 * The jobs that rename a domain and press keys: the guest's SysRq, its NMI, the hypervisor's debug
 * keys. Runs in a worker. Locks: none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/find.h"
#include "daemon/worker/state.h"
#include "daemon/worker/tree.h"
#include "device/store.h"

/* ---- rename --------------------------------------------------------------------------- */

struct naming {
    const char *name;
    domid_t domid; /* the one to be called so */
};

static int refuse_same(struct worker *w, const struct xen_domctl_getdomaininfo *info, void *arg)
{
    const struct naming *naming = arg;
    char *name = tree_name(w->xs, info->domain);
    bool same = name && info->domain != naming->domid && !strcmp(name, naming->name);

    free(name);
    return same ? error_set(&w->error, -EEXIST,
                            "a domain '%s' exists already (domain %u): choose another name",
                            naming->name, info->domain)
                : 0;
}

/* Its file first: a domusd that starts after a crash believes that. */
static int rename_ours(struct worker *w, const struct domain_ref *ref, const char *name)
{
    struct domain_note note = { .domid = ref->domid };
    struct domain_state state;
    struct domain_config cfg;
    int rc = state_load(ref->uuid, &state, &w->error);

    if (!rc)
        rc = state_load_config(ref->uuid, &cfg, &w->error);
    if (rc)
        return rc;
    snprintf(cfg.name, sizeof(cfg.name), "%s", name);
    rc = state_save(&state, &cfg, &w->error);
    config_free(&cfg);
    if (!rc)
        rc = tree_rename(w->xs, ref->domid, ref->uuid, name, &w->error);
    if (rc)
        return rc;
    memcpy(note.uuid, ref->uuid, 16);
    snprintf(note.name, sizeof(note.name), "%s", name);
    note.phase = (uint8_t)state.phase;
    worker_send_domain(w, NOTE_DOMAIN, &note);
    return 0;
}

static int rename_foreign(struct worker *w, domid_t domid, const char *name)
{
    char *vm = NULL;
    int rc = store_write(w->xs, XBT_NULL, name, "/local/domain/%u/name", domid);

    if (!rc && !store_read(w->xs, XBT_NULL, &vm, "/local/domain/%u/vm", domid))
        rc = store_write(w->xs, XBT_NULL, name, "%s/name", vm);
    free(vm);
    return rc ? error_set(&w->error, rc, "cannot rename domain %u in the store: %s", domid,
                          strerror(-rc))
              : 0;
}

int work_rename(struct worker *w, void *arg)
{
    const struct work_text_args *args = arg;
    struct naming naming = { .name = args->text };
    int rc = find_changeable(w, &args->ref, false, &naming.domid);

    if (!rc)
        rc = find_each(w, NULL, refuse_same, &naming);
    if (rc)
        return rc;
    return args->ref.ours ? rename_ours(w, &args->ref, args->text)
                          : rename_foreign(w, naming.domid, args->text);
}

/* ---- keys ----------------------------------------------------------------------------- */

int work_sysrq(struct worker *w, void *arg)
{
    const struct work_text_args *args = arg;
    domid_t domid;
    int rc = find_changeable(w, &args->ref, false, &domid);

    if (rc)
        return rc;
    rc = store_write(w->xs, XBT_NULL, args->text, "/local/domain/%u/control/sysrq", domid);
    return rc ? error_set(&w->error, rc, "cannot send the key to domain '%s': %s", args->ref.name,
                          strerror(-rc))
              : 0;
}

static bool find_trigger(const char *name, uint32_t *trigger)
{
    static const char *const names[] = {
        [XEN_DOMCTL_SENDTRIGGER_NMI] = "nmi",     [XEN_DOMCTL_SENDTRIGGER_RESET] = "reset",
        [XEN_DOMCTL_SENDTRIGGER_INIT] = "init",   [XEN_DOMCTL_SENDTRIGGER_POWER] = "power",
        [XEN_DOMCTL_SENDTRIGGER_SLEEP] = "sleep",
    };

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(names[i], name)) {
            *trigger = i;
            return true;
        }
    return false;
}

int work_trigger(struct worker *w, void *arg)
{
    const struct work_text_args *args = arg;
    uint32_t trigger;
    domid_t domid;
    int rc;

    if (!find_trigger(args->text, &trigger))
        return error_set(&w->error, -EINVAL,
                         "there is no trigger '%s': use nmi, reset, init, power or sleep",
                         args->text);
    rc = find_changeable(w, &args->ref, false, &domid);
    if (rc)
        return rc;
    rc = domctl_send_trigger(&w->control, domid, trigger, args->vcpu);
    if (rc == -ESRCH)
        return error_set(&w->error, rc, "domain '%s' has no virtual CPU %u: see domus vcpu-list",
                         args->ref.name, args->vcpu);
    if (rc && trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return error_set(&w->error, rc,
                         "domain '%s' is paravirtualized, and such guests have no %s: use nmi, "
                         "or domus shutdown and reboot",
                         args->ref.name, args->text);
    return rc ? error_set(&w->error, rc, "cannot send an NMI to virtual CPU %u of domain '%s': %s",
                          args->vcpu, args->ref.name, error_clause(rc))
              : 0;
}

/* ---- the hypervisor's keys ------------------------------------------------------------ */

#define RING_BYTES (1u << 20)

/* Reads what the hypervisor has printed since *index. */
static int read_since(struct worker *w, char *text, uint32_t *index)
{
    uint32_t bytes = RING_BYTES;
    int rc = sysctl_read_console(&w->control, text, &bytes, false, true, index);

    text[rc ? 0 : bytes] = '\0';
    return rc;
}

int work_debug_keys(struct worker *w, void *arg)
{
    const char *keys = arg;
    char *text = malloc(RING_BYTES + 1);
    uint32_t index = 0;
    int rc = worker_need_control(w);

    if (!text)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    if (!rc && !*keys)
        rc = error_set(&w->error, -EINVAL, "there is no key to press: h lists them");
    if (rc)
        goto out;
    rc = read_since(w, text, &index);
    if (!rc)
        rc = sysctl_send_debug_keys(&w->control, keys);
    if (!rc)
        rc = read_since(w, text, &index);
    if (rc) {
        error_set(&w->error, rc, "the hypervisor does not take the keys: %s", error_clause(rc));
        goto out;
    }
    struct json_out *out = json_out_new(false);
    if (out) {
        json_open_object(out, NULL);
        json_string(out, "text", text);
        json_close_object(out);
    }
    rc = worker_take_result(w, out);
out:
    free(text);
    return rc;
}
