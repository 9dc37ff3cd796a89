/* SPDX-License-Identifier: MIT */
/*
 * Debug registers of a PV guest. Breakpoints on our own addresses, general detect and reserved bits
 * are refused; I/O breakpoints cannot work in hardware, since every IN and OUT traps. The registers
 * are in the hardware only while DR7 enables one of them. No locks.
 * ABI: set_debugreg, get_debugreg. Facts: Intel SDM vol. 3 ch. 17.
 */
#include <asm/guest_access.h>
#include <hv/errno.h>
#include <hv/hypercall.h>

#include "internal.h"

#define DR6_WRITABLE 0xe00fUL
#define DR6_FIXED 0xffff0ff0UL
#define DR7_FIXED 0x400UL
#define DR7_RESERVED 0xffffffff0000d000UL
#define DR7_GD (1UL << 13)
#define DR7_ENABLES 0xffUL
#define DR7_LE_GE 0x300UL
#define DR7_TYPE_IO 2UL

#define DR_WRITE(n, v) __asm__ volatile("mov %0, %%dr" #n ::"r"((u64)(v)))

static bool active(const struct vcpu *v)
{
    return v->arch.pv.dr[7] & DR7_ENABLES;
}

void pv_debugregs_load(const struct vcpu *v)
{
    const u64 *dr = v->arch.pv.dr;

    if (likely(!active(v)))
        return;
    DR_WRITE(0, dr[0]);
    DR_WRITE(1, dr[1]);
    DR_WRITE(2, dr[2]);
    DR_WRITE(3, dr[3]);
    DR_WRITE(6, DR6_FIXED);
    DR_WRITE(7, dr[7] | DR7_FIXED);
}

void pv_debugregs_unload(const struct vcpu *v)
{
    if (unlikely(active(v)))
        DR_WRITE(7, DR7_FIXED);
}

static long set_address(struct vcpu *v, unsigned int reg, u64 value)
{
    /* Of up to eight bytes: from the top they go around to address 0, which is no concern. */
    if (!guest_range_ok(value, value > ~7UL ? 0 : 8))
        return -EPERM;
    v->arch.pv.dr[reg] = value;
    if (v == current)
        pv_debugregs_load(v);
    return 0;
}

static long set_control(struct vcpu *v, u64 value)
{
    u32 io_types = 0;

    if (value >> 32)
        return -EINVAL;
    value = (value & ~DR7_RESERVED) | DR7_FIXED;
    if (value & DR7_GD)
        return -EPERM;
    for (unsigned int i = 0; i < 4; i++) {
        unsigned int shift = 16 + i * 4;

        if ((value >> shift & 3) != DR7_TYPE_IO)
            continue;
        if (!(pv_guest_cr4(v) & CR4_DE))
            return -EPERM;
        /* Matched by the IN/OUT emulation instead. */
        if (value >> (2 * i) & 3)
            io_types |= (u32)(value >> (2 * i) & 3) << (2 * i) | 2u << shift;
        value &= ~(3UL << (2 * i));
    }
    if (v == current)
        pv_debugregs_unload(v);
    v->arch.pv.dr[7] = value;
    v->arch.pv.dr7_emul = io_types;
    if (v == current)
        pv_debugregs_load(v);
    return 0;
}

long pv_set_debugreg(struct vcpu *v, unsigned int reg, u64 value)
{
    switch (reg) {
    case 0: case 1: case 2: case 3:
        return set_address(v, reg, value);
    case 4:
        if (pv_guest_cr4(v) & CR4_DE)
            return -ENODEV;
        /* fall through: DR4 is DR6 */
        __attribute__((fallthrough));
    case 6:
        if (value >> 32)
            return -EINVAL;
        v->arch.pv.dr[6] = value & DR6_WRITABLE;
        return 0;
    case 5:
        if (pv_guest_cr4(v) & CR4_DE)
            return -ENODEV;
        __attribute__((fallthrough));
    case 7:
        return set_control(v, value);
    default:
        return -ENODEV;
    }
}

bool pv_get_debugreg(const struct vcpu *v, unsigned int reg, u64 *value)
{
    if (reg > 7)
        return false;
    if ((reg == 4 || reg == 5) && pv_guest_cr4(v) & CR4_DE)
        return false;
    if (reg == 4 || reg == 5)
        reg += 2;
    *value = v->arch.pv.dr[array_index_nospec(reg, 8)];
    if (reg == 6)
        *value |= DR6_FIXED;
    if (reg == 7)
        *value |= v->arch.pv.dr7_emul | DR7_FIXED;
    return true;
}

long hc_set_debugreg(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                     unsigned long a5)
{
    (void)a3, (void)a4, (void)a5;
    return a1 > 7 ? -ENODEV : pv_set_debugreg(current, (unsigned int)a1, a2);
}

long hc_get_debugreg(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                     unsigned long a5)
{
    u64 value;

    (void)a2, (void)a3, (void)a4, (void)a5;
    if (a1 > 7 || !pv_get_debugreg(current, (unsigned int)a1, &value))
        return -ENODEV;
    return (long)value;
}
