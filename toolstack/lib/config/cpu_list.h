/* SPDX-License-Identifier: MIT */
/* Lists of physical CPUs as people write them: "all", "0-3,6", "0-7,^2". Pure. */
#ifndef TOOLSTACK_CPU_LIST_H
#define TOOLSTACK_CPU_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_LIST_MAX 1024u /* CPUs */

/* Bit n % 8 of bits[n / 8] stands for CPU n, as in the ABI's bitmaps. */
struct cpu_list {
    uint8_t bits[CPU_LIST_MAX / 8];
};

/* Reads a list. 0, or -EINVAL with a clause in why: "it names no CPU". */
int cpu_list_parse(const char *text, struct cpu_list *list, char *why, size_t whys);

/* Writes it for a host of nr_cpus CPUs: "all" if each of these is in it, "none", or ranges. */
void cpu_list_format(const struct cpu_list *list, unsigned int nr_cpus, char *text, size_t bytes);

static inline bool cpu_list_has(const struct cpu_list *list, unsigned int cpu)
{
    return cpu < CPU_LIST_MAX && list->bits[cpu / 8] & 1u << cpu % 8;
}

#endif
