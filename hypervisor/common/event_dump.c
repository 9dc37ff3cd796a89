/* SPDX-License-Identifier: MIT */
/* Debug key: every bound port of every domain. */
#include <hv/event_channel.h>
#include <hv/event_internal.h>
#include <hv/printk.h>

static const char *const state_name[] = {"free", "unbound", "interdomain", "pirq", "virq", "ipi"};

void event_channel_dump(struct domain *d)
{
    printk(LOG_ERR "Event channels of domain %u:\n", d->domid);
    for (evtchn_port_t port = 1; port < d->nr_ports; port++) {
        const struct event_channel *c = event_channel_of(d, port);

        if (c->state == ECS_FREE)
            continue;
        printk(LOG_ERR " %4u %-11s vcpu %u%s%s", port, state_name[c->state], c->notify_vcpu,
               event_port_is_pending(d, port) ? " pending" : "",
               event_port_is_masked(d, port) ? " masked" : "");
        if (c->state == ECS_INTERDOMAIN)
            printk(" domain %u port %u\n", c->u.interdomain.domain->domid, c->u.interdomain.port);
        else if (c->state == ECS_UNBOUND)
            printk(" for domain %u\n", c->u.unbound_remote);
        else
            printk(" %u\n", c->u.virq);
    }
}

void event_channel_dump_all(unsigned char key)
{
    struct domain *d;

    (void)key;
    list_for_each_entry(d, &domain_list, list)
        event_channel_dump(d);
}
