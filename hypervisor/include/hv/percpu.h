/* SPDX-License-Identifier: MIT */
/* Per-CPU variables: a template section copied for each CPU at bring-up. */
#ifndef HV_PERCPU_H
#define HV_PERCPU_H

#include <asm/current.h>
#include <hv/config.h>

#define DEFINE_PER_CPU(type, name) __attribute__((section(".data.percpu"))) type percpu_##name
#define DECLARE_PER_CPU(type, name) extern type percpu_##name
extern u64 percpu_offset[MAX_CPUS];

/* The asm hides the provenance, so that gcc does not reason about the template object. */
#define percpu_relocate(name, off)                                                  \
    (*({ unsigned long _p; __asm__("" : "=r"(_p) : "0"(&percpu_##name));            \
         (__typeof__(percpu_##name) *)(_p + (off)); }))
#define per_cpu(name, cpu) percpu_relocate(name, percpu_offset[cpu])
#define this_cpu(name) percpu_relocate(name, get_cpu_info()->percpu_offset)

#endif
