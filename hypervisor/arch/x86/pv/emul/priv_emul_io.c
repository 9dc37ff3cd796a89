/* SPDX-License-Identifier: MIT */
/*
 * Port I/O of PV guests. A real port is touched only if the domain was given it; the hardware
 * domain also gets the configuration ports, the CMOS and timer channel 2 through us; everything
 * else reads as all ones. Locks: those of the devices, inside their own functions. ABI: set_iopl,
 * set_iobitmap (physdev.h). Facts: port I/O permission as Intel SDM vol. 1 ch. 19.
 */
#include <asm/guest_access.h>
#include <asm/page.h>
#include <asm/platform.h>
#include <hv/access.h>
#include <hv/hypercall.h>

#include "pit.h"
#include "priv_emul.h"

/* Elements of a string instruction handled in one go; then softirqs get their turn. */
#define STRING_BATCH 512

/* --- may the guest execute it at all --- */

bool emul_iopl_ok(const struct vcpu *v)
{
    unsigned int ring = 3;

    if (pv_kernel_mode(v))
        ring = v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl) ? 0 : 1;
    return v->arch.pv.iopl >= ring;
}

/* The guest kernel's bitmap: a set bit forbids. It is read through the kernel's page tables. */
static bool bitmap_allows(struct vcpu *v, u16 port, unsigned int bytes)
{
    bool from_user = !pv_kernel_mode(v);
    u16 bits = 0xffff;

    if ((u32)port + bytes > v->arch.pv.iobmp_limit)
        return false;
    if (from_user)
        pv_toggle_mode(v);
    if (copy_from_guest_va(&bits, v->arch.pv.iobmp + port / 8, port / 8 == 8191 ? 1 : 2))
        bits = 0xffff;
    if (from_user)
        pv_toggle_mode(v);
    return !(bits >> (port & 7) & ((1u << bytes) - 1));
}

bool emul_io_allowed(struct vcpu *v, u16 port, unsigned int bytes)
{
    return emul_iopl_ok(v) || bitmap_allows(v, port, bytes);
}

/* --- one access --- */

static u32 real_in(u16 port, unsigned int bytes)
{
    switch (bytes) {
    case 1:
        return inb(port);
    case 2:
        return inw(port);
    default:
        return inl(port);
    }
}

static void real_out(u16 port, unsigned int bytes, u32 v)
{
    switch (bytes) {
    case 1:
        outb(port, (u8)v);
        return;
    case 2:
        outw(port, (u16)v);
        return;
    default:
        outl(port, v);
        return;
    }
}

static bool is_config_address(u16 port, unsigned int bytes)
{
    return port == 0xcf8 && bytes == 4; /* narrower accesses are other devices' ports */
}

/* Given to the domain, and not one of those that are always ours. */
static bool has_port(const struct domain *d, u16 port, unsigned int bytes)
{
    if (is_config_address(port, bytes) || (port & ~1) == 0x70)
        return false;
    return access_ioports(d, port, (u32)port + bytes - 1);
}

static bool is_pit_port(u16 port)
{
    return port == 0x42 || port == 0x43 || port == 0x61;
}

static u32 low_bytes(u32 v, unsigned int bytes)
{
    return bytes == 4 ? v : v & ((1u << bytes * 8) - 1);
}

/* How much of an access at port one of the virtual devices takes at once. */
static unsigned int part_bytes(u16 port, unsigned int bytes)
{
    unsigned int n;

    if ((port & ~3) != 0xcfc)
        return 1;
    n = MIN(bytes, 4u - (port & 3));
    return n == 3 ? 2 : n;
}

static u32 cmos_in(struct domain *d, u16 port)
{
    if (port == 0x70)
        return d->arch.cmos_index;
    return is_hardware_domain(d) ? cmos_read(d->arch.cmos_index & 0x7f) : 0xff;
}

static u32 virtual_in(struct domain *d, u16 port, unsigned int bytes)
{
    if ((port & ~1) == 0x70)
        return cmos_in(d, port);
    if (!is_hardware_domain(d))
        return ~0u;
    if (is_pit_port(port))
        return pit_read(d, port);
    if ((port & ~3) == 0xcfc)
        return pci_config_read(d->arch.pci_cf8, port & 3, bytes);
    return ~0u;
}

static u32 guest_in(struct domain *d, u16 port, unsigned int bytes)
{
    u32 value = 0;

    if (has_port(d, port, bytes))
        return real_in(port, bytes);
    if (is_config_address(port, bytes))
        return (u32)d->arch.pci_cf8;
    for (unsigned int done = 0; done < bytes;) {
        u16 at = (u16)(port + done);
        unsigned int n = part_bytes(at, bytes - done);

        value |= low_bytes(virtual_in(d, at, n), n) << done * 8;
        done += n;
    }
    return value;
}

static void cmos_out(struct domain *d, u16 port, u8 v)
{
    if (port == 0x70)
        d->arch.cmos_index = v;
    else if (is_hardware_domain(d))
        cmos_write(d->arch.cmos_index & 0x7f, v);
}

static void virtual_out(struct domain *d, u16 port, unsigned int bytes, u32 v)
{
    if ((port & ~1) == 0x70) {
        cmos_out(d, port, (u8)v);
        return;
    }
    if (!is_hardware_domain(d))
        return;
    if (is_pit_port(port))
        pit_write(d, port, (u8)v);
    else if ((port & ~3) == 0xcfc &&
             pci_config_write_allowed(d, d->arch.pci_cf8, port & 3, bytes, &v))
        pci_config_write(d->arch.pci_cf8, port & 3, bytes, v);
}

static void guest_out(struct domain *d, u16 port, unsigned int bytes, u32 v)
{
    if (has_port(d, port, bytes)) {
        real_out(port, bytes, v);
        return;
    }
    if (is_config_address(port, bytes)) {
        d->arch.pci_cf8 = v;
        return;
    }
    for (unsigned int done = 0; done < bytes;) {
        u16 at = (u16)(port + done);
        unsigned int n = part_bytes(at, bytes - done);

        virtual_out(d, at, n, low_bytes(v >> done * 8, n));
        done += n;
    }
}

/* --- I/O breakpoints, which the hardware cannot see --- */

static void check_breakpoints(struct vcpu *v, u16 port, unsigned int bytes)
{
    static const u8 len_of[4] = { 1, 2, 8, 4 };
    u32 dr7 = v->arch.pv.dr7_emul;

    for (unsigned int i = 0; dr7 && i < 4; i++) {
        unsigned int len = len_of[dr7 >> (18 + i * 4) & 3];
        u64 at = v->arch.pv.dr[i];

        if ((dr7 >> (i * 2) & 3) && at < (u64)port + bytes && port < at + len) {
            v->arch.pv.dr[6] |= BIT(i);
            v->arch.pv.io_break = true;
        }
    }
}

/* --- the instructions --- */

static u16 port_of(const struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return i->port_is_imm ? i->port : regs->dx;
}

enum emul_result emul_in(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;
    u16 port = port_of(regs, i);
    u32 value;

    if (!emul_io_allowed(v, port, i->operand_bytes))
        return EMUL_REFUSED;
    value = guest_in(v->domain, port, i->operand_bytes);
    check_breakpoints(v, port, i->operand_bytes);
    if (i->operand_bytes == 4)
        regs->rax = value; /* a 32-bit result clears the upper half */
    else if (i->operand_bytes == 2)
        regs->ax = (u16)value;
    else
        regs->al = (u8)value;
    return EMUL_DONE;
}

enum emul_result emul_out(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    struct vcpu *v = current;
    u16 port = port_of(regs, i);

    if (!emul_io_allowed(v, port, i->operand_bytes))
        return EMUL_REFUSED;
    guest_out(v->domain, port, i->operand_bytes, low_bytes(regs->eax, i->operand_bytes));
    check_breakpoints(v, port, i->operand_bytes);
    return EMUL_DONE;
}

/* Linear address of a string operand; FS and GS are the only segments with a base that matters. */
static u64 string_address(const struct priv_insn *i, u64 offset, u8 segment)
{
    if (i->address_bytes == 4)
        offset = (u32)offset;
    if (segment == 'f')
        return pv_get_fs_base() + offset;
    if (segment == 'g')
        return pv_get_gs_base() + offset;
    return offset;
}

/* *reg moves on by one element, in the width of the address size. */
static void advance(u64 *reg, const struct cpu_user_regs *regs, const struct priv_insn *i)
{
    s64 step = regs->rflags & X86_EFLAGS_DF ? -(s64)i->operand_bytes : i->operand_bytes;

    *reg = i->address_bytes == 4 ? (u32)(*reg + (u64)step) : *reg + (u64)step;
}

static bool rep_count_is_zero(const struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return i->rep && !(i->address_bytes == 4 ? regs->ecx : regs->rcx);
}

static void rep_count_down(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    if (i->rep)
        regs->rcx = i->address_bytes == 4 ? regs->ecx - 1u : regs->rcx - 1;
}

static enum emul_result fault_at(u64 va, unsigned long left, unsigned int bytes, u32 error_code)
{
    pv_inject_page_fault(va + bytes - left, error_code);
    return EMUL_INJECTED;
}

static enum emul_result in_to_memory(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    u64 va = string_address(i, regs->rdi, 0);
    unsigned long left;
    u32 value = 0;

    /* Touch the destination first: what a device delivers is gone if it cannot be stored. */
    left = copy_from_guest_va(&value, va, i->operand_bytes);
    if (!left)
        left = copy_to_guest_va(va, &value, i->operand_bytes);
    if (!left) {
        value = guest_in(current->domain, regs->dx, i->operand_bytes);
        left = copy_to_guest_va(va, &value, i->operand_bytes);
    }
    if (left)
        return fault_at(va, left, i->operand_bytes, PFEC_WRITE);
    advance(&regs->rdi, regs, i);
    return EMUL_DONE;
}

static enum emul_result out_from_memory(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    u64 va = string_address(i, regs->rsi, i->segment);
    unsigned long left;
    u32 value = 0;

    left = copy_from_guest_va(&value, va, i->operand_bytes);
    if (left)
        return fault_at(va, left, i->operand_bytes, 0);
    guest_out(current->domain, regs->dx, i->operand_bytes, value);
    advance(&regs->rsi, regs, i);
    return EMUL_DONE;
}

static enum emul_result string_io(struct cpu_user_regs *regs, const struct priv_insn *i,
                                  enum emul_result (*one)(struct cpu_user_regs *,
                                                          const struct priv_insn *))
{
    struct vcpu *v = current;

    if (!emul_io_allowed(v, regs->dx, i->operand_bytes))
        return EMUL_REFUSED;
    for (unsigned int n = 0; !rep_count_is_zero(regs, i); n++) {
        enum emul_result r;

        if (n == STRING_BATCH || (n && hypercall_preempt_check()))
            return EMUL_REPEAT;
        r = one(regs, i);
        if (r != EMUL_DONE)
            return r;
        check_breakpoints(v, regs->dx, i->operand_bytes);
        rep_count_down(regs, i);
        if (unlikely(v->arch.pv.io_break))
            return i->rep && !rep_count_is_zero(regs, i) ? EMUL_REPEAT : EMUL_DONE;
        if (!i->rep)
            break;
    }
    return EMUL_DONE;
}

enum emul_result emul_ins(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return string_io(regs, i, in_to_memory);
}

enum emul_result emul_outs(struct cpu_user_regs *regs, const struct priv_insn *i)
{
    return string_io(regs, i, out_from_memory);
}
