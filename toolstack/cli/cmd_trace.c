/* SPDX-License-Identifier: MIT */
/*
 * domus trace: hypercalls as they happen, with names, arguments and results. It reads the
 * hypervisor's buffers itself, since a detour over domusd would trace mostly that.
 *
 * Names of numbers: hypercall_names.h is generated from the hypervisor's own table; names of
 * commands are those of the public headers.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <domus.h>
#include <trace_buffer.h>

#include "cmd.h"
#include "hypercall_names.h"

#define MAX_DEPTH 2 /* a multicall and a call within */
#define MAX_CPUS 256

struct chosen {
    long domain; /* -1: all */
    long seconds; /* 0: until it is ended */
    bool json;
};

struct pending {
    struct trace_event calls[MAX_DEPTH];
    unsigned int depth;
};

struct show {
    const struct chosen *options;
    double cycles_a_second;
    uint64_t first;
    struct pending cpus[MAX_CPUS];
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
    (void)sig;
    stopped = 1;
}

/* The first argument of these calls is a command. */
static const char *command_name(unsigned int number, uint64_t cmd)
{
    static const struct { const char *call, *names[16]; } commands[] = {
        { "event_channel_op", { "bind_interdomain", "bind_virq", "bind_pirq", "close", "send",
                                "status", "alloc_unbound", "bind_ipi", "bind_vcpu", "unmask",
                                "reset", "init_control", "expand_array", "set_priority" } },
        { "sched_op", { "yield", "block", "shutdown", "poll", "remote_shutdown", "shutdown_code",
                        "watchdog", "pin_override" } },
        { "vcpu_op", { "initialise", "up", "down", "is_up", "get_runstate_info",
                       "register_runstate_memory_area", "set_periodic_timer",
                       "stop_periodic_timer", "set_singleshot_timer", "stop_singleshot_timer",
                       "register_vcpu_info", "send_nmi", "get_physid",
                       "register_vcpu_time_memory_area" } },
        { "grant_table_op", { "map_grant_ref", "unmap_grant_ref", "setup_table", "dump_table",
                              "transfer", "copy", "query_size", "unmap_and_replace",
                              "set_version", "get_status_frames", "get_version",
                              "swap_grant_ref", "cache_flush" } },
        { "console_io", { "write", "read" } },
        { "xen_version", { "version", "extraversion", "compile_info", "capabilities", "changeset",
                           "platform_parameters", "get_features", "pagesize", "guest_handle",
                           "commandline", "build_id" } },
        { "memory_op", { "increase_reservation", "decrease_reservation", "maximum_ram_page",
                         "current_reservation", "maximum_reservation", "machphys_mfn_list",
                         "populate_physmap", "add_to_physmap", NULL, "memory_map",
                         "machine_memory_map", "exchange", "machphys_mapping",
                         "set_memory_map", "maximum_gpfn" } },
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(commands[i].call, hypercall_name(number)))
            return cmd < 16 ? commands[i].names[cmd] : NULL;
    return NULL;
}

static void print_call(const struct show *show, const struct trace_event *b,
                       const struct trace_event *e)
{
    double at = (double)(b->cycles - show->first) / show->cycles_a_second;
    const char *name = hypercall_name(b->number);
    const char *command = command_name(b->number, b->args[0]);
    uint64_t args[3] = { b->args[0], b->args[1], e->arg3 };

    if (show->options->json) {
        printf("{\"time\":%.6f,\"cpu\":%u,\"domain\":%u,\"vcpu\":%u,\"call\":\"%s\",\"args\":[",
               at, b->cpu, b->domain, b->vcpu, name);
        for (unsigned int i = 0; i < 3 && i < b->nr_args; i++)
            printf("%s\"0x%" PRIx64 "\"", i ? "," : "", args[i]);
        printf("],\"result\":%" PRId64 "}\n", e->result);
        return;
    }
    printf("%12.6f cpu%u d%uv%u %*s%s(", at, b->cpu, b->domain, b->vcpu,
           (int)(show->cpus[b->cpu].depth * 2), "", name);
    for (unsigned int i = 0; i < 3 && i < b->nr_args; i++) {
        if (i == 0 && command)
            printf("%s", command);
        else
            printf("%s0x%" PRIx64, i ? ", " : "", args[i]);
    }
    printf("%s) = %" PRId64 "\n", b->nr_args > 3 ? ", ..." : "", e->result);
}

static void on_event(const struct trace_event *event, void *arg)
{
    struct show *show = arg;
    struct pending *p = &show->cpus[event->cpu % MAX_CPUS];

    if (event->kind == TRACE_LOST) {
        printf("(%" PRIu64 " records of CPU %u lost)\n", event->lost, event->cpu);
        p->depth = 0;
        return;
    }
    if (show->first == 0)
        show->first = event->cycles;
    if (event->kind == TRACE_BEGIN) {
        if (p->depth == MAX_DEPTH)
            p->depth = 0; /* their ends were lost */
        p->calls[p->depth++] = *event;
        return;
    }
    if (p->depth == 0 || p->calls[p->depth - 1].number != event->number) {
        p->depth = 0;
        return;
    }
    p->depth--;
    if (show->options->domain < 0 || (long)event->domain == show->options->domain)
        print_call(show, &p->calls[p->depth], event);
}

static int run(const struct chosen *options)
{
    static struct show show;
    struct xen_sysctl_physinfo phys;
    struct timespec pause = { 0, 20 * 1000 * 1000 };
    struct trace_reader *reader = NULL;
    struct control ctl;
    struct error e;
    time_t end = time(NULL) + options->seconds;

    error_clear(&e);
    if (control_open(&ctl, &e))
        return cmd_fail("%s", error_text(&e));
    if (trace_open(&ctl, &reader, &e) || sysctl_get_physinfo(&ctl, &phys)) {
        trace_close(reader);
        control_close(&ctl);
        return cmd_fail("%s", error_text(&e));
    }
    show = (struct show){ .options = options, .cycles_a_second = phys.cpu_khz * 1000.0 };
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    signal(SIGPIPE, SIG_DFL);
    while (!stopped && (options->seconds <= 0 || time(NULL) < end)) {
        trace_read(reader, on_event, &show);
        fflush(stdout);
        nanosleep(&pause, NULL);
    }
    trace_read(reader, on_event, &show);
    trace_close(reader);
    control_close(&ctl);
    return CMD_OK;
}

int cmd_trace(const struct cmd *cmd, int argc, char **argv)
{
    struct chosen chosen = { .domain = -1 };
    bool hypercalls = true; /* the default, and all there is so far */
    const struct cmd_option options[] = {
        CMD_SWITCH("hypercalls", 0, &hypercalls),
        CMD_NUMBER("domain", 'd', &chosen.domain, "number of a domain", 0, 0x7fef),
        CMD_NUMBER("seconds", 's', &chosen.seconds, "number of seconds", 1, 1000000),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &chosen.json, 0, 0, &status))
        return status;
    return run(&chosen);
}
