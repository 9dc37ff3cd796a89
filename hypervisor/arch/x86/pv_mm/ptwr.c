/* SPDX-License-Identifier: MIT */
/*
 * Writable page tables: a guest kernel that asked for it (VMASST_TYPE_writable_pagetables) stores
 * to an L1 table of its own, which is mapped read-only, and finds the store done if the new entry
 * is acceptable. Only naturally aligned operands within an entry. Anything else stays a page fault
 * of the guest's. Instruction bytes and string sources are read before the table is locked.
 */
#include "internal.h"
#include "ptwr_decode.h"

#include <asm/guest_access.h>
#include <asm/traps.h>

/* ---- the guest's registers ---- */

static u64 *gpr(struct cpu_user_regs *r, unsigned int n)
{
    u64 *const reg[16] = { (u64 *)&r->rax, (u64 *)&r->rcx, (u64 *)&r->rdx, (u64 *)&r->rbx,
                           (u64 *)&r->rsp, (u64 *)&r->rbp, (u64 *)&r->rsi, (u64 *)&r->rdi,
                           (u64 *)&r->r8,  (u64 *)&r->r9,  (u64 *)&r->r10, (u64 *)&r->r11,
                           (u64 *)&r->r12, (u64 *)&r->r13, (u64 *)&r->r14, (u64 *)&r->r15 };

    return reg[n & 15];
}

static u64 reg_read(struct cpu_user_regs *r, unsigned int n)
{
    return n >= 16 ? *gpr(r, n - 16) >> 8 : *gpr(r, n);
}

static void reg_write(struct cpu_user_regs *r, unsigned int n, unsigned int bytes, u64 v)
{
    u64 *p = gpr(r, n >= 16 ? n - 16 : n);

    if (bytes == 8)
        *p = v;
    else if (bytes == 4)
        *p = (u32)v;
    else if (bytes == 2)
        *p = (*p & ~0xffffUL) | (u16)v;
    else if (n >= 16)
        *p = (*p & ~0xff00UL) | (u64)(u8)v << 8;
    else
        *p = (*p & ~0xffUL) | (u8)v;
}

/* ---- one store ---- */

struct store {
    struct ptwr_insn insn;
    struct ptwr_effect effect;
    u64 src, acc;       /* as ptwr_compute() wants them */
    unsigned int shift; /* of the operand within the entry, in bits */
    u64 mask;           /* operand's bits, unshifted */
    u64 old;            /* what the operand held */
};

static void combine(struct store *s, u64 flags, pte_t entry, pte_t *out)
{
    s->old = entry >> s->shift & s->mask;
    ptwr_compute(&s->insn, s->old, s->src, s->acc, flags, &s->effect);
    *out = (entry & ~(s->mask << s->shift)) | (s->effect.value & s->mask) << s->shift;
}

/*
 * The table is locked. Hardware may set accessed and dirty bits meanwhile, so the store is a
 * compare-and-exchange that starts over; few rounds, since such bits are only ever set.
 */
static bool store_entry(struct store *s, struct frame *table, pte_t *slot, u64 flags)
{
    struct domain *d = current->domain;
    pte_t old = READ_ONCE(*slot), entry;

    for (;;) {
        combine(s, flags, old, &entry);
        if (!s->effect.store)
            return true;
        if (entry & PTE_PRESENT) {
            if (!pte_changed(old, entry)) {
                if (pte_store(table, slot, &old, l1e_adjust(entry), PTE_EXACT))
                    return true;
                continue;
            }
            if (l1e_get(&entry, d, d))
                return false;
        } else if (!absent_entry_ok(d, entry)) {
            return true;
        }
        if (likely(pte_store(table, slot, &old, entry, PTE_EXACT)))
            break;
        l1e_put(entry, d);
    }
    l1e_put(old, d);
    return true;
}

/* ---- before and after ---- */

static bool fetch(struct cpu_user_regs *regs, struct ptwr_insn *insn)
{
    u8 code[16];
    unsigned long missing = copy_from_guest_va(code, regs->rip, sizeof(code));

    ptwr_decode(code, (unsigned int)(sizeof(code) - missing), insn);
    return insn->op != PTWR_NONE;
}

/* Source operands; false: the source of a string move faults, which is for the guest to see first.
 */
static bool read_operands(struct cpu_user_regs *regs, struct store *s)
{
    const struct ptwr_insn *in = &s->insn;

    s->acc = regs->rax;
    if (in->has_imm)
        s->src = in->imm;
    else if (in->op == PTWR_STOS)
        s->src = regs->rax;
    else if (in->op == PTWR_CMPXCHG8B)
        s->src = (u64)regs->ecx << 32 | regs->ebx;
    else
        s->src = reg_read(regs, in->reg);
    if (in->op == PTWR_CMPXCHG8B)
        s->acc = (u64)regs->edx << 32 | regs->eax;
    if (in->op != PTWR_MOVS)
        return true;
    s->src = 0;
    return !copy_from_guest_va(&s->src, regs->rsi, in->bytes);
}

static void string_advance(struct cpu_user_regs *regs, const struct ptwr_insn *in)
{
    u64 by = regs->rflags & X86_EFLAGS_DF ? -(u64)in->bytes : in->bytes;

    regs->rdi += by;
    if (in->op == PTWR_MOVS)
        regs->rsi += by;
    if (in->rep && --regs->rcx)
        return; /* the instruction runs again for the rest */
    regs->rip += in->length;
}

static void retire(struct cpu_user_regs *regs, const struct store *s)
{
    const struct ptwr_insn *in = &s->insn;

    regs->rflags = s->effect.flags & ~(u64)X86_EFLAGS_RF;
    switch (in->op) {
    case PTWR_STOS:
    case PTWR_MOVS:
        string_advance(regs, in);
        return;
    case PTWR_XCHG:
    case PTWR_XADD:
        reg_write(regs, in->reg, in->bytes, s->old);
        break;
    case PTWR_CMPXCHG:
        if (!s->effect.store)
            reg_write(regs, 0, in->bytes, s->old);
        break;
    case PTWR_CMPXCHG8B:
        if (!s->effect.store) {
            regs->rax = (u32)s->old;
            regs->rdx = s->old >> 32;
        }
        break;
    default:
        break;
    }
    regs->rip += in->length;
}

static bool is_own_l1(const struct frame *f, const struct domain *d)
{
    return (READ_ONCE(f->type) & (FT_MASK | FT_VALIDATED)) == (FT_L1 | FT_VALIDATED) &&
           READ_ONCE(f->owner) == (u32)d->domid + 1;
}

static bool emulate(struct cpu_user_regs *regs, u64 cr2, mfn_t mfn)
{
    paddr_t entry = mfn_to_paddr(mfn) | (cr2 & ~PAGE_MASK & ~7UL);
    struct frame *table;
    struct store s;
    pte_t *slot;
    bool done;

    if (!fetch(regs, &s.insn) || cr2 & (s.insn.bytes - 1u) || !read_operands(regs, &s))
        return false;
    s.shift = (cr2 & 7) * 8;
    s.mask = ~0UL >> (64 - 8 * s.insn.bytes);
    table = l1_lock_by_address(current->domain, entry, &slot);
    if (!table)
        return false;
    done = store_entry(&s, table, slot, regs->rflags);
    frame_unlock_table(table);
    if (likely(done))
        retire(regs, &s);
    return done;
}

bool pv_emulate_ptwr(struct cpu_user_regs *regs, u64 cr2)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    pte_t e;

    if (!(d->vm_assist & BIT(VMASST_TYPE_writable_pagetables)))
        return false;
    e = l1_entry_by_va(v, cr2);
    if (e & PTE_RW)
        return page_fault_is_spurious(cr2, regs->error_code);
    if (!(e & PTE_PRESENT) || mfn_raw(pte_mfn(e)) >= max_frame ||
        !is_own_l1(mfn_to_frame(pte_mfn(e)), d))
        return false;
    /* A half-released tree may be what the new entry is about; the fault comes again. */
    if (unlikely(frame_has_deferred(d)) && frame_drain_deferred(d, true))
        return true;
    return emulate(regs, cr2, pte_mfn(e));
}
