/* SPDX-License-Identifier: MIT */
/*
 * One virtual CPU: its stack with its record at the bottom, and the instructions that C lacks.
 *
 * A stack is STACK_SIZE bytes, aligned to its size, with struct cpu at the lowest address, so
 * the record is found from RSP alone and FS and GS stay free for whoever runs on top.
 */
#ifndef SDK_CPU_H
#define SDK_CPU_H

#define STACK_SIZE 32768

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include <sdk/traps.h>

struct cpu {
    unsigned int id;
    /* Where the next trap resumes, 0 for none; see TRAP_CATCH and trap_try(). */
    unsigned long fixup_rip;
    unsigned long fixup_rsp;
    unsigned long insn_rip;
    struct trap_seen seen;
    /* Set while user_run() waits for the user side to come back. */
    struct user_context *user;
    unsigned long user_return_rsp;
};

static inline struct cpu *this_cpu(void)
{
    unsigned long sp;

    asm("movq %%rsp, %0" : "=r"(sp));
    return (struct cpu *)(sp & ~(STACK_SIZE - 1UL));
}

static inline void outb(uint8_t value, uint16_t port)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(uint32_t value, uint16_t port)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* CPUID with the prefix that makes the hypervisor answer whatever the hardware allows. */
static inline void cpuid_forced(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    asm volatile(XEN_EMULATE_PREFIX "cpuid"
                 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                 : "0"(leaf), "2"(sub));
}

#define barrier() asm volatile("" : : : "memory")

static inline void cpu_relax(void)
{
    asm volatile("pause" : : : "memory");
}

#endif
#endif
