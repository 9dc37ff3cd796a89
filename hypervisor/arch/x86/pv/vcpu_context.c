/* SPDX-License-Identifier: MIT */
/*
 * The whole context of a vCPU, set and read while it does not run (VCPUOP_initialise, domctl
 * get/setvcpucontext, save and restore). Everything is checked before anything is changed, except
 * that a preempted root stays taken: it is found again at the restart. The caller holds
 * domctl_lock. ABI: struct vcpu_guest_context; roots in ctrlreg[3] (kernel) and ctrlreg[1] (user).
 */
#include <asm/guest_access.h>
#include <asm/page.h>
#include <asm/pv_mm.h>
#include <hv/errno.h>
#include <hv/sched.h>

#include "internal.h"

#define VM_ASSIST_VALID                                                            \
    (BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |        \
     BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |    \
     BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) | \
     BIT(VMASST_TYPE_m2p_strict))

int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c);
int pv_vcpu_reset(struct vcpu *v);

/* --- checking --- */

static bool addresses_ok(const struct vcpu_guest_context *c)
{
    const u64 canonical[] = { c->user_regs.rip,
                              c->user_regs.rsp,
                              c->kernel_sp,
                              c->event_callback_eip,
                              c->failsafe_callback_eip,
                              c->syscall_callback_eip,
                              c->fs_base,
                              c->gs_base_kernel,
                              c->gs_base_user,
                              c->ldt_base };

    for (unsigned int i = 0; i < ARRAY_SIZE(canonical); i++)
        if (!is_canonical(canonical[i]))
            return false;
    for (unsigned int i = 0; i < 256; i++)
        if (!is_canonical(c->trap_ctxt[i].address))
            return false;
    return true;
}

static bool context_ok(const struct vcpu_guest_context *c)
{
    return addresses_ok(c) && c->ldt_ents <= 8192 && !(c->ldt_base & ~PAGE_MASK) &&
           c->gdt_ents <= FIRST_RESERVED_GDT_ENTRY &&
           c->ctrlreg[3] >> PAGE_SHIFT &&
           (c->flags & VGCF_in_kernel || c->ctrlreg[1] >> PAGE_SHIFT) &&
           !(c->vm_assist & ~VM_ASSIST_VALID);
}

/* --- roots: preemptible, and each kept once it is had --- */

static int root_replace(struct domain *d, u64 *root, u64 mfn, enum pv_root_kind kind)
{
    u64 old = *root;
    int rc;

    if (old == mfn)
        return 0;
    if (mfn) {
        rc = pv_root_get(d, mfn, kind);
        if (rc)
            return rc == -EINTR ? -ERESTART : rc;
    }
    *root = mfn;
    if (old)
        pv_root_put(old);
    return 0;
}

static int roots_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = root_replace(v->domain, &v->arch.pv.kernel_root, c->ctrlreg[3] >> PAGE_SHIFT,
                          PV_ROOT_KERNEL);

    if (!rc)
        rc = root_replace(v->domain, &v->arch.pv.user_root, c->ctrlreg[1] >> PAGE_SHIFT,
                          PV_ROOT_USER);
    return rc;
}

/* --- setting; nothing below can fail but the GDT and the debug registers --- */

static void regs_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct cpu_user_regs *r = &v->arch.user_regs;

    *r = c->user_regs;
    r->cs |= 3;
    r->ss |= 3;
    v->arch.pv.iopl = r->rflags >> 12 & 3;
    r->rflags = (r->rflags & 0xffffffff & ~(u64)(X86_EFLAGS_IOPL | X86_EFLAGS_VM)) | X86_EFLAGS_IF |
                X86_EFLAGS_MBS;
    r->entry_vector = 0; /* left by IRET: RCX and R11 count */
    r->error_code = 0;
}

static void traps_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    for (unsigned int i = 0; i < 256; i++) {
        const struct trap_info *t = &c->trap_ctxt[i];

        v->arch.pv.traps[i] = (struct trap_entry){
            .address = t->address,
            .selector = t->cs | (t->cs & ~3 ? 3 : 0),
            .flags = t->flags & 7,
        };
    }
}

static void callbacks_set(struct pv_vcpu *pv, const struct vcpu_guest_context *c)
{
    pv->event_callback = c->event_callback_eip;
    pv->failsafe_callback = c->failsafe_callback_eip;
    pv->syscall_callback = c->syscall_callback_eip;
    pv->failsafe_masks_events = c->flags & VGCF_failsafe_disables_events;
    pv->syscall_masks_events = c->flags & VGCF_syscall_disables_events;
}

/*
 * The legacy area; an MXCSR with bits that do not exist would fault in XRSTOR. A vCPU that has run
 * (its suspend was cancelled) keeps XCR0 and what it has in wider registers: a user's may be live.
 */
void pv_fpu_set_legacy(struct vcpu *v, const void *fxsave)
{
    u8 *area = v->arch.xsave;
    u32 mask;

    if (!v->is_initialised)
        pv_fpu_reset(v);
    memcpy(area, fxsave, 512);
    mask = pv_mxcsr_mask();
    *(u32 *)(area + 24) &= mask;
    if (cpu_features.xsave)
        *(u64 *)(area + 512) |= 3;
}

static void rest_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct pv_vcpu *pv = &v->arch.pv;

    regs_set(v, c);
    traps_set(v, c);
    callbacks_set(pv, c);
    if (c->flags & VGCF_i387_valid)
        pv_fpu_set_legacy(v, &c->fpu_ctxt);
    else
        pv_fpu_reset(v);
    v->arch.flags = c->flags & VGCF_in_kernel ? TF_KERNEL_MODE : 0;
    pv->kernel_ss = (u16)c->kernel_ss | 3;
    pv->kernel_sp = c->kernel_sp;
    pv->ldt_base = c->ldt_base;
    pv->ldt_entries = (u32)c->ldt_ents;
    pv->ctrlreg[0] = c->ctrlreg[0] & CR0_TS;
    pv->ctrlreg[2] = c->ctrlreg[2];
    pv->ctrlreg[4] = c->ctrlreg[4] & (CR4_TSD | CR4_DE | (hv_cr4 & (CR4_FSGSBASE | CR4_OSXSAVE)));
    pv->fs_base = c->fs_base;
    pv->gs_base_kernel = c->gs_base_kernel;
    pv->gs_base_user = c->gs_base_user;
    pv->nmi_masked = false;
    if (v->vcpu_id == 0)
        v->domain->vm_assist = c->vm_assist;
}

static int debugregs_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    static const u8 order[] = { 0, 1, 2, 3, 6, 7 };

    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
        u64 value = c->debugreg[order[i]];

        if (pv_set_debugreg(v, order[i], order[i] < 4 ? value : (u32)value))
            return -EINVAL;
    }
    return 0;
}

int pv_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc;

    if (!context_ok(c))
        return -EINVAL;
    vcpu_sync_state(v);
    rc = roots_set(v, c);
    if (rc)
        return rc;
    rc = (int)pv_gdt_set(v, c->gdt_frames, (unsigned int)c->gdt_ents);
    if (rc)
        return rc;
    pv_ldt_release(v);
    rest_set(v, c);
    rc = debugregs_set(v, c);
    if (rc)
        return rc;
    v->is_initialised = true;
    if (c->flags & VGCF_online)
        clear_bit(VPF_DOWN, &v->pause_flags);
    else
        set_bit(VPF_DOWN, &v->pause_flags);
    return 0;
}

int pv_vcpu_reset(struct vcpu *v)
{
    struct pv_vcpu *pv = &v->arch.pv;

    vcpu_sync_state(v);
    set_bit(VPF_DOWN, &v->pause_flags);
    v->is_initialised = false;
    pv_ldt_release(v);
    pv_gdt_drop(v);
    root_replace(v->domain, &pv->user_root, 0, PV_ROOT_USER);
    root_replace(v->domain, &pv->kernel_root, 0, PV_ROOT_KERNEL);
    memset(pv->traps, 0, 256 * sizeof(pv->traps[0]));
    memset(&v->arch.user_regs, 0, sizeof(v->arch.user_regs));
    pv->event_callback = pv->failsafe_callback = pv->syscall_callback = 0;
    pv->syscall32_callback = pv->sysenter_callback = 0;
    pv->ldt_base = pv->ldt_entries = 0;
    memset(pv->dr, 0, sizeof(pv->dr));
    pv->dr7_emul = 0;
    pv_fpu_reset(v);
    v->arch.flags = TF_KERNEL_MODE;
    return 0;
}

/* --- reading --- */

/* What XSAVE has left out because it was in its initial state has that state. */
static void legacy_get(const struct vcpu *v, void *fxsave)
{
    const u8 *area = v->arch.xsave;
    u64 present = cpu_features.xsave ? *(const u64 *)(area + 512) : 3;
    u8 *to = fxsave;

    memcpy(to, area, 512);
    if (!(present & 1)) {
        memset(to, 0, 24);
        memset(to + 32, 0, 128);
        *(u16 *)to = 0x37f;
    }
    if (!(present & 2))
        memset(to + 160, 0, 256);
}

static u64 flags_get(const struct vcpu *v)
{
    const struct pv_vcpu *pv = &v->arch.pv;

    return VGCF_i387_valid | (pv_kernel_mode(v) ? VGCF_in_kernel : 0) |
           (pv->failsafe_masks_events ? VGCF_failsafe_disables_events : 0) |
           (pv->syscall_masks_events ? VGCF_syscall_disables_events : 0) |
           (test_bit(VPF_DOWN, &v->pause_flags) ? 0 : VGCF_online);
}

static void tables_get(const struct pv_vcpu *pv, struct vcpu_guest_context *c)
{
    for (unsigned int i = 0; i < 256; i++) {
        const struct trap_entry *t = &pv->traps[i];

        c->trap_ctxt[i] = (struct trap_info){
            .vector = (u8)i,
            .flags = t->flags,
            .cs = t->selector,
            .address = t->address,
        };
    }
    c->ldt_base = pv->ldt_base;
    c->ldt_ents = pv->ldt_entries;
    c->gdt_ents = pv->gdt_entries;
    memcpy(c->gdt_frames, pv->gdt_mfns, sizeof(pv->gdt_mfns));
}

void pv_vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    const struct pv_vcpu *pv = &v->arch.pv;

    vcpu_sync_state(v);
    memset(c, 0, sizeof(*c));
    legacy_get(v, &c->fpu_ctxt);
    c->flags = flags_get(v);
    c->user_regs = v->arch.user_regs;
    c->user_regs.rflags |= (u64)pv->iopl << 12;
    c->user_regs.entry_vector = c->user_regs.error_code = 0;
    tables_get(pv, c);
    c->kernel_ss = pv->kernel_ss;
    c->kernel_sp = pv->kernel_sp;
    c->ctrlreg[0] = (READ_CR(0) & ~CR0_TS) | (pv->ctrlreg[0] & CR0_TS);
    c->ctrlreg[1] = pv->user_root << PAGE_SHIFT;
    c->ctrlreg[2] = pv->ctrlreg[2];
    c->ctrlreg[3] = pv->kernel_root << PAGE_SHIFT;
    c->ctrlreg[4] = pv_guest_cr4(v);
    for (unsigned int i = 0; i < 8; i++)
        if (i != 4 && i != 5)
            pv_get_debugreg(v, i, (u64 *)&c->debugreg[i]);
    c->event_callback_eip = pv->event_callback;
    c->failsafe_callback_eip = pv->failsafe_callback;
    c->syscall_callback_eip = pv->syscall_callback;
    c->vm_assist = v->domain->vm_assist;
    c->fs_base = pv->fs_base;
    c->gs_base_kernel = pv->gs_base_kernel;
    c->gs_base_user = pv->gs_base_user;
}
