/* SPDX-License-Identifier: MIT */
/*
 * Lists of CPUs. Facts: the spelling of cpus= in xl.cfg(5), without its node: forms. Pure.
 */
#include "cpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(char *why, size_t bytes, const char *clause)
{
    snprintf(why, bytes, "%s", clause);
    return -EINVAL;
}

static bool take_number(const char **at, unsigned int *number)
{
    char *end;

    if (!isdigit((unsigned char)**at))
        return false;
    unsigned long value = strtoul(*at, &end, 10);
    *number = value < CPU_LIST_MAX ? (unsigned int)value : CPU_LIST_MAX;
    *at = end;
    return true;
}

static void put(struct cpu_list *list, unsigned int first, unsigned int last, bool in)
{
    for (unsigned int cpu = first; cpu <= last; cpu++) {
        uint8_t bit = (uint8_t)(1u << cpu % 8);

        if (in)
            list->bits[cpu / 8] |= bit;
        else
            list->bits[cpu / 8] &= (uint8_t)~bit;
    }
}

/* One of the parts between commas. */
static int take_part(const char **at, struct cpu_list *list, char *why, size_t bytes)
{
    bool in = **at != '^';
    unsigned int first, last;

    *at += !in;
    if (!strncmp(*at, "all", 3)) {
        *at += 3;
        put(list, 0, CPU_LIST_MAX - 1, in);
        return 0;
    }
    if (!take_number(at, &first))
        return fail(why, bytes, "write CPUs as all, 0-3,6 or 0-7,^2");
    last = first;
    if (**at == '-') {
        ++*at;
        if (!take_number(at, &last))
            return fail(why, bytes, "a range needs a number at either end");
    }
    if (first > last)
        return fail(why, bytes, "a range begins with its smaller number");
    if (last >= CPU_LIST_MAX)
        return fail(why, bytes, "no CPU has so high a number");
    put(list, first, last, in);
    return 0;
}

int cpu_list_parse(const char *text, struct cpu_list *list, char *why, size_t whys)
{
    static const struct cpu_list empty;
    const char *at = text;

    *list = empty;
    for (;;) {
        while (*at == ' ')
            at++;
        int rc = take_part(&at, list, why, whys);
        if (rc)
            return rc;
        while (*at == ' ')
            at++;
        if (!*at)
            break;
        if (*at++ != ',')
            return fail(why, whys, "separate CPUs by commas");
    }
    return memcmp(list, &empty, sizeof(empty)) ? 0 : fail(why, whys, "it names no CPU");
}

void cpu_list_format(const struct cpu_list *list, unsigned int nr_cpus, char *text, size_t bytes)
{
    unsigned int cpu = 0;
    size_t used = 0;
    bool all = true;

    snprintf(text, bytes, "none");
    for (unsigned int i = 0; i < nr_cpus; i++)
        all = all && cpu_list_has(list, i);
    if (all) {
        snprintf(text, bytes, "all");
        return;
    }
    while (cpu < nr_cpus && used + 16 < bytes) {
        unsigned int first = cpu++;

        if (!cpu_list_has(list, first))
            continue;
        while (cpu < nr_cpus && cpu_list_has(list, cpu))
            cpu++;
        used += (size_t)snprintf(text + used, bytes - used, "%s%u", used ? "," : "", first);
        if (cpu - 1 > first)
            used += (size_t)snprintf(text + used, bytes - used, "-%u", cpu - 1);
    }
}
