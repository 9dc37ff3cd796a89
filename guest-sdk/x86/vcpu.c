/* SPDX-License-Identifier: MIT */
/*
 * Owns the stacks of further vCPUs and their work slots. A vCPU without work polls its slot and
 * yields; no locks, each slot has one writer on each side.
 */
#include <stddef.h>
#include <stdint.h>

#include <xen/sched.h>

#include <sdk/cpu.h>
#include <sdk/events.h>
#include <sdk/hypercall.h>
#include <sdk/mm.h>
#include <sdk/string.h>
#include <sdk/vcpu.h>

extern const char event_entry[], syscall_entry[], failsafe_entry[];

static uint8_t stacks[VCPU_MAX][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));
static vcpu_guest_context_t context_page __attribute__((aligned(PAGE_SIZE)));

static struct work {
    void (*volatile fn)(void *arg);
    void *volatile arg;
} work[VCPU_MAX];

static void vcpu_main(void)
{
    struct work *mine = &work[this_cpu()->id];

    for (;;) {
        void (*fn)(void *arg) = mine->fn;

        if (!fn) {
            hc_sched_op(SCHEDOP_yield, NULL);
            continue;
        }
        fn(mine->arg);
        barrier();
        mine->fn = NULL;
    }
}

void vcpu_context_fill(vcpu_guest_context_t *context, unsigned int vcpu)
{
    struct cpu *cpu = (struct cpu *)stacks[vcpu];

    memset(context, 0, sizeof(*context));
    memset(cpu, 0, sizeof(*cpu));
    cpu->id = vcpu;
    context->flags = VGCF_IN_KERNEL;
    context->user_regs.rip = (unsigned long)vcpu_main;
    context->user_regs.rsp = (unsigned long)stacks[vcpu] + STACK_SIZE - 8;
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    context->user_regs.ds = context->user_regs.es = FLAT_KERNEL_DS;
    context->user_regs.fs = context->user_regs.gs = FLAT_KERNEL_DS;
    context->user_regs.rflags = EFLAGS_IF;
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = (unsigned long)stacks[vcpu] + STACK_SIZE / 2;
    context->ctrlreg[0] = 0x80050033;
    context->ctrlreg[3] = maddr_of(root_table());
    context->event_callback_eip = (unsigned long)event_entry;
    context->failsafe_callback_eip = (unsigned long)failsafe_entry;
    context->syscall_callback_eip = (unsigned long)syscall_entry;
    trap_table_fill(context->trap_ctxt);
}

long vcpu_start(unsigned int vcpu)
{
    long rc;

    vcpu_context_fill(&context_page, vcpu);
    work[vcpu].fn = NULL;
    rc = hc_vcpu_op(VCPUOP_initialise, vcpu, &context_page);
    if (!rc)
        rc = hc_vcpu_op(VCPUOP_up, vcpu, NULL);
    return rc;
}

void vcpu_call(unsigned int vcpu, void (*fn)(void *arg), void *arg)
{
    work[vcpu].arg = arg;
    barrier();
    work[vcpu].fn = fn;
}

void vcpu_wait(unsigned int vcpu)
{
    while (work[vcpu].fn)
        hc_sched_op(SCHEDOP_yield, NULL);
}

void vcpu_run(unsigned int vcpu, void (*fn)(void *arg), void *arg)
{
    vcpu_call(vcpu, fn, arg);
    vcpu_wait(vcpu);
}
