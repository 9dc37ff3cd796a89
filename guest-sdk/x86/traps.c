/* SPDX-License-Identifier: MIT */
/*
 * Owns the trap table, the callbacks and the decision what happens at each trap: an armed catch
 * first, then a waiting user_run(), then the handler, then trap_unexpected().
 */
#include <stddef.h>

#include <xen/callback.h>

#include <sdk/console.h>
#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/start.h>
#include <sdk/string.h>
#include <sdk/traps.h>

#define HANDLERS 260

extern const char trap_entries[], event_entry[], syscall_entry[], syscall32_entry[];
extern const char failsafe_entry[];
extern void user_enter(struct trap_frame *frame, unsigned long *return_rsp);
_Noreturn extern void user_leave(unsigned long rsp);
void trap_dispatch(struct trap_frame *frame);
void trap_try_call(void *arg, unsigned long rip, unsigned long rsp, void (*fn)(void *arg));

uint64_t failsafe_selectors[4];
static trap_handler_fn handlers[HANDLERS];
static trap_info_t table[33];

void trap_set_handler(unsigned int vector, trap_handler_fn handler)
{
    handlers[vector] = handler;
}

unsigned long trap_entry_address(unsigned int vector)
{
    return (unsigned long)trap_entries + vector * 32;
}

void trap_table_fill(trap_info_t *entries)
{
    for (unsigned int v = 0; v < 32; v++) {
        entries[v].vector = v;
        entries[v].flags = (v == TRAP_BP || v == TRAP_OF ? 3 : 0) | 4;
        entries[v].cs = FLAT_KERNEL_CS;
        entries[v].address = trap_entry_address(v);
    }
    memset(&entries[32], 0, sizeof(entries[32]));
}

static void callback_set(unsigned int type, const void *entry, unsigned int flags)
{
    callback_register_t reg = { .type = type, .flags = flags, .address = (unsigned long)entry };

    hc_callback_op(CALLBACKOP_register, &reg);
}

void trap_init(void)
{
    trap_table_fill(table);
    hc_set_trap_table(table);
    callback_set(CALLBACKTYPE_event, event_entry, 0);
    callback_set(CALLBACKTYPE_failsafe, failsafe_entry, CALLBACKF_mask_events);
    callback_set(CALLBACKTYPE_syscall, syscall_entry, CALLBACKF_mask_events);
    callback_set(CALLBACKTYPE_syscall32, syscall32_entry, CALLBACKF_mask_events);
}

/* The lowest word that the hypervisor pushed: two words lower than the first we kept. */
static unsigned long frame_bottom(const struct trap_frame *frame)
{
    bool has_error = frame->vector < 32 && (0x40227d00u >> frame->vector & 1);
    unsigned long rip_at = (unsigned long)&frame->rip;

    if (frame->vector == TRAP_FAILSAFE)
        return rip_at - 48;
    return rip_at - (has_error ? 24 : 16);
}

static bool catch_trap(struct cpu *cpu, struct trap_frame *frame)
{
    if (!cpu->fixup_rip)
        return false;
    cpu->seen.hit = true;
    cpu->seen.vector = frame->vector;
    cpu->seen.cr2 = vcpu_info(cpu->id)->arch.cr2;
    cpu->seen.frame = *frame;
    cpu->seen.frame_at = frame_bottom(frame);
    cpu->seen.upcall_mask = vcpu_info(cpu->id)->evtchn_upcall_mask;
    memcpy(cpu->seen.extra, failsafe_selectors, sizeof(cpu->seen.extra));
    frame->rip = cpu->fixup_rip;
    frame->cs = FLAT_KERNEL_CS & ~3;
    frame->ss = FLAT_KERNEL_SS;
    frame->rflags &= ~(uint64_t)(EFLAGS_TF | EFLAGS_DF | EFLAGS_AC | EFLAGS_NT);
    if (cpu->fixup_rsp)
        frame->rsp = cpu->fixup_rsp;
    cpu->fixup_rip = 0;
    cpu->fixup_rsp = 0;
    return true;
}

/* Called by trap_try(): arms the catch around fn(arg). */
void trap_try_call(void *arg, unsigned long rip, unsigned long rsp, void (*fn)(void *arg))
{
    struct cpu *cpu = this_cpu();

    cpu->seen.hit = false;
    cpu->fixup_rsp = rsp;
    cpu->fixup_rip = rip;
    fn(arg);
    cpu->fixup_rip = 0;
    cpu->fixup_rsp = 0;
}

static void leave_user(struct cpu *cpu, const struct trap_frame *frame)
{
    struct user_context *user = cpu->user;

    user->frame = *frame;
    user->vector = frame->vector;
    user->cr2 = vcpu_info(cpu->id)->arch.cr2;
    user->frame_at = frame_bottom(frame);
    user->upcall_mask = vcpu_info(cpu->id)->evtchn_upcall_mask;
    memcpy(user->extra, failsafe_selectors, sizeof(user->extra));
    cpu->user = NULL;
    user_leave(cpu->user_return_rsp);
}

void trap_dispatch(struct trap_frame *frame)
{
    struct cpu *cpu = this_cpu();
    bool from_user = (frame->cs & 3) == 3;

    if (frame->vector != TRAP_EVENT) {
        if (!from_user && catch_trap(cpu, frame))
            return;
        if (from_user && cpu->user)
            leave_user(cpu, frame);
    }
    if (handlers[frame->vector] && handlers[frame->vector](frame))
        return;
    trap_unexpected(frame);
}

static void user_run_stack(struct user_context *context)
{
    struct cpu *cpu = this_cpu();
    struct trap_frame frame = context->frame;

    cpu->user = context;
    user_enter(&frame, &cpu->user_return_rsp);
}

/* The kernel stack for the way back lies below everything in use. */
void user_run(struct user_context *context)
{
    hc_stack_switch(FLAT_KERNEL_SS, ((unsigned long)__builtin_frame_address(0) - 2048) & ~15UL);
    user_run_stack(context);
}

void user_run_on(struct user_context *context, unsigned long kernel_sp)
{
    hc_stack_switch(FLAT_KERNEL_SS, kernel_sp);
    user_run_stack(context);
}

void trap_print(const struct trap_frame *f)
{
    printf("trap %lu error %lx at %lx cs %x flags %lx rsp %lx ss %lx mask %u cr2 %lx\n",
           f->vector, f->error_code, f->rip, f->cs, f->rflags, f->rsp, f->ss,
           f->saved_upcall_mask, vcpu_info(this_cpu()->id)->arch.cr2);
    printf("  rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx\n", f->rax, f->rbx, f->rcx,
           f->rdx, f->rsi, f->rdi, f->rbp);
    printf("  r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx\n", f->r8, f->r9,
           f->r10, f->r11, f->r12, f->r13, f->r14, f->r15);
}

__attribute__((weak)) void trap_unexpected(const struct trap_frame *frame)
{
    printf("unexpected ");
    trap_print(frame);
    guest_shutdown(SHUTDOWN_crash);
}
