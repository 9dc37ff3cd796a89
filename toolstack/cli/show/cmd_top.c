/* SPDX-License-Identifier: MIT */
/*
 * domus top: what each domain uses, again and again.
 *
 * On a terminal the table is drawn over itself and q ends it; in batch one follows the other. The
 * share of the CPU is over the time since the table before, in per cent of one CPU. Columns are
 * xentop's. Locks: none.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"

struct top {
    bool batch, json;
    long delay_s, times;        /* times 0: without end */
    struct client_answer *last; /* the stats of the table before; NULL: none */
};

struct sums {
    int64_t count, out, in; /* network cards; disks: requests out of ring slots, and so on */
    int64_t busy, reads, writes, read_sectors, write_sectors;
};

static yajl_val item(yajl_val array, size_t i)
{
    return YAJL_IS_ARRAY(array) && i < YAJL_GET_ARRAY(array)->len ? YAJL_GET_ARRAY(array)->values[i]
                                                                  : NULL;
}

static struct sums sum_networks(yajl_val d)
{
    struct sums s = { 0 };
    yajl_val n;

    while ((n = item(json_get(d, "networks"), (size_t)s.count))) {
        s.count++;
        s.out += json_get_int(n, "sent_bytes", 0);
        s.in += json_get_int(n, "received_bytes", 0);
    }
    return s;
}

static struct sums sum_disks(yajl_val d)
{
    struct sums s = { 0 };
    yajl_val n;

    while ((n = item(json_get(d, "disks"), (size_t)s.count))) {
        s.count++;
        s.busy += json_get_int(n, "out_of_requests", 0);
        s.reads += json_get_int(n, "reads", 0);
        s.writes += json_get_int(n, "writes", 0);
        s.read_sectors += json_get_int(n, "read_sectors", 0);
        s.write_sectors += json_get_int(n, "write_sectors", 0);
    }
    return s;
}

/* The same domain in the table before: same number and same UUID. */
static yajl_val find_before(const struct top *top, yajl_val d)
{
    yajl_val before, domains;

    if (!top->last)
        return NULL;
    domains = json_get(client_result(top->last), "domains");
    for (size_t i = 0; (before = item(domains, i)); i++) {
        const char *a = json_get_string(before, "uuid"), *b = json_get_string(d, "uuid");

        if (json_get_int(before, "domid", -1) == json_get_int(d, "domid", -2) && a && b &&
            !strcmp(a, b))
            return before;
    }
    return NULL;
}

static double cpu_percent(const struct top *top, yajl_val result, yajl_val d)
{
    yajl_val before = find_before(top, d);
    int64_t ns;

    if (!before)
        return 0;
    ns = json_get_int(result, "time_ns", 0) - json_get_int(client_result(top->last), "time_ns", 0);
    int64_t used = json_get_int(d, "cpu_ns", 0) - json_get_int(before, "cpu_ns", 0);
    return ns > 0 && used > 0 ? 100.0 * (double)used / (double)ns : 0;
}

static void print_row(const struct top *top, yajl_val result, yajl_val d)
{
    double total = (double)json_get_int(json_get(result, "host"), "memory_kib", 1);
    int64_t memory = json_get_int(d, "memory_kib", 0), most = json_get_int(d, "maxmem_kib", -1);
    struct sums net = sum_networks(d), disk = sum_disks(d);

    client_print_name(json_get_string(d, "name"), 16);
    printf(" %-8s %9.0f %6.1f %10" PRId64 " %6.1f ", json_get_string(d, "state"),
           (double)json_get_int(d, "cpu_ns", 0) / 1e9, cpu_percent(top, result, d), memory,
           100.0 * (double)memory / total);
    if (most < 0)
        printf("%10s %9s ", "no limit", "n/a");
    else
        printf("%10" PRId64 " %9.1f ", most, 100.0 * (double)most / total);
    printf("%5" PRId64 " %4" PRId64 " %8" PRId64 " %8" PRId64, json_get_int(d, "vcpus", 0),
           net.count, net.out / 1024, net.in / 1024);
    printf(" %4" PRId64 " %6" PRId64 " %8" PRId64 " %8" PRId64 " %10" PRId64 " %10" PRId64 "\n",
           disk.count, disk.busy, disk.reads, disk.writes, disk.read_sectors, disk.write_sectors);
}

static void print_table(const struct top *top, yajl_val result)
{
    yajl_val host = json_get(result, "host"), domains = json_get(result, "domains"), d;

    if (!top->batch) {
        printf("\033[H\033[J%" PRId64 " CPUs, %" PRId64 " KiB of memory, %" PRId64
               " KiB free; q ends\n",
               json_get_int(host, "cpus", 0), json_get_int(host, "memory_kib", 0),
               json_get_int(host, "free_kib", 0));
    }
    printf("%-16s %-8s %9s %6s %10s %6s %10s %9s %5s %4s %8s %8s %4s %6s %8s %8s %10s %10s\n",
           "NAME", "STATE", "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "MAXMEM(%)",
           "VCPUS", "NETS", "NETTX(k)", "NETRX(k)", "VBDS", "VBD_OO", "VBD_RD", "VBD_WR",
           "VBD_RSECT", "VBD_WSECT");
    for (size_t i = 0; (d = item(domains, i)); i++)
        print_row(top, result, d);
}

/* True if the user wants no more. */
static bool wait_or_quit(const struct top *top)
{
    struct pollfd in = { .fd = 0, .events = POLLIN };
    char key;

    fflush(stdout);
    if (top->batch) {
        sleep((unsigned int)top->delay_s);
        return false;
    }
    if (poll(&in, 1, (int)top->delay_s * 1000) <= 0)
        return false;
    return read(0, &key, 1) <= 0 || key == 'q' || key == 'Q';
}

static int watch(struct top *top)
{
    for (long i = 0; !top->times || i < top->times; i++) {
        if (i && wait_or_quit(top))
            break;
        struct client_answer *answer = client_call("stats", NULL, top->json);
        if (!answer)
            return CMD_FAILED;
        if (top->json)
            client_print_json(client_result(answer));
        else
            print_table(top, client_result(answer));
        client_free(top->last);
        top->last = answer;
    }
    fflush(stdout);
    return CMD_OK;
}

static int watch_on_terminal(struct top *top)
{
    struct termios before, raw;

    if (tcgetattr(0, &before))
        return watch(top);
    raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO); /* ctrl-c still ends it */
    tcsetattr(0, TCSANOW, &raw);
    int status = watch(top);
    tcsetattr(0, TCSANOW, &before);
    return status;
}

int cmd_top(const struct cmd *cmd, int argc, char **argv)
{
    struct top top = { .delay_s = 3 };
    const struct cmd_option options[] = {
        CMD_SWITCH("batch", 'b', &top.batch),
        CMD_NUMBER("delay", 'd', &top.delay_s, "delay", 1, 86399),
        CMD_NUMBER("times", 'n', &top.times, "number of times", 1, 1000000000),
        CMD_END,
    };
    int status;

    if (!cmd_read(cmd, argc, argv, options, &top.json, 0, 0, &status))
        return status;
    top.batch |= top.json || !isatty(0) || !isatty(1);
    status = top.batch ? watch(&top) : watch_on_terminal(&top);
    client_free(top.last);
    return status;
}
