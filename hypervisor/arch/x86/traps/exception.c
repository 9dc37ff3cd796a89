/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: classify, then hand over. From ring 3 they are the guest's and go to pv/; from ring 0
 * they are either expected (exception table, LDT window, spurious) or our defect.
 */
#include <asm/cpu.h>
#include <asm/current.h>
#include <hv/sections.h>
#include <asm/traps.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/irq.h>
#include <hv/percpu.h>
#include <hv/printk.h>
#include <hv/sched.h>
#include <hv/softirq.h>

static const char *const exception_name[32] = {
    "divide error",
    "debug",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack segment",
    "general protection",
    "page fault",
    "reserved (15)",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
    "virtualization",
    "control protection",
};

DEFINE_PER_CPU(struct fixed_fault, last_fixed_fault);

static bool from_guest(const struct cpu_user_regs *regs)
{
    return regs->cs & 3;
}

void show_registers(const struct cpu_user_regs *r)
{
    printk(LOG_ERR "CPU:    %u\n", smp_processor_id());
    printk(LOG_ERR "RIP:    %04x:[<%016lx>] %pS\n", r->cs, r->rip, (void *)r->rip);
    printk(LOG_ERR "RFLAGS: %016lx   error %08x vector %u\n", r->rflags, r->error_code,
           r->entry_vector);
    printk(LOG_ERR "rax: %016lx   rbx: %016lx   rcx: %016lx\n", r->rax, r->rbx, r->rcx);
    printk(LOG_ERR "rdx: %016lx   rsi: %016lx   rdi: %016lx\n", r->rdx, r->rsi, r->rdi);
    printk(LOG_ERR "rbp: %016lx   rsp: %016lx   r8:  %016lx\n", r->rbp, r->rsp, r->r8);
    printk(LOG_ERR "r9:  %016lx   r10: %016lx   r11: %016lx\n", r->r9, r->r10, r->r11);
    printk(LOG_ERR "r12: %016lx   r13: %016lx   r14: %016lx\n", r->r12, r->r13, r->r14);
    printk(LOG_ERR "r15: %016lx   cr0: %016lx   cr4: %016lx\n", r->r15, READ_CR(0), READ_CR(4));
    printk(LOG_ERR "cr3: %016lx   cr2: %016lx   ss: %04x\n", READ_CR(3), READ_CR(2), r->ss);
}

static void __noreturn fatal(struct cpu_user_regs *regs, u64 cr2)
{
    console_force_unlock();
    printk(LOG_ERR "\n");
    show_registers(regs);
    show_backtrace(regs->rip, regs->rsp, regs->rbp);
    if (regs->entry_vector == TRAP_PF)
        printk(LOG_ERR "Faulting linear address: %016lx\n", cr2);
    panic("Fatal exception %u (%s) in the hypervisor, error code %04x\n", regs->entry_vector,
          regs->entry_vector < 32 && exception_name[regs->entry_vector]
              ? exception_name[regs->entry_vector]
              : "unknown",
          regs->error_code);
}

static bool fixup(struct cpu_user_regs *regs)
{
    u64 to = extable_lookup(regs->rip);

    if (!to)
        return false;
    this_cpu(last_fixed_fault) = (struct fixed_fault){ regs->entry_vector, regs->error_code };
    regs->rip = to;
    return true;
}

static void page_fault_in_hypervisor(struct cpu_user_regs *regs, u64 cr2)
{
    /* Interrupts as they were: a lazily mapped LDT page may have to wait for a TLB flush. */
    if (regs->rflags & X86_EFLAGS_IF)
        irq_enable();
    if (pv_ldt_window_fault(cr2))
        return;
    if (cr2 < HV_VIRT_START || cr2 >= HV_VIRT_END)
        if (page_fault_is_spurious(cr2, regs->error_code))
            return;
    if (!fixup(regs))
        fatal(regs, cr2);
}

/* Our own #DB: a guest's watchpoint that a guest copy has hit, or the MOV-SS shadow (the SYSCALL
 * after it runs our first instruction with DR6 set). Ignored; the guest's own #DB comes in ring 3.
 */
static bool is_harmless_debug(struct cpu_user_regs *regs)
{
    if (regs->entry_vector != TRAP_DB)
        return false;
    regs->rflags &= ~(u64)X86_EFLAGS_TF;
    return true;
}

void handle_exception(struct cpu_user_regs *regs)
{
    u64 cr2 = regs->entry_vector == TRAP_PF ? READ_CR(2) : 0;

    if (likely(from_guest(regs))) {
        irq_enable();
        if (regs->entry_vector == TRAP_PF)
            pv_handle_page_fault(regs, cr2);
        else
            pv_handle_trap(regs);
        return;
    }
    if (regs->entry_vector == TRAP_PF)
        page_fault_in_hypervisor(regs, cr2);
    else if (!is_harmless_debug(regs) && !fixup(regs))
        fatal(regs, 0);
}

/* The vCPU may be blocked, or running elsewhere. */
static void tell_hardware_domain(void)
{
    vcpu_kick(hardware_domain->vcpu[0]);
}

void nmi_init(void)
{
    softirq_register(SOFTIRQ_NMI, tell_hardware_domain);
}

/* NMI: the memory and I/O check lines of port 0x61, else unknown. Nothing here may take a lock. */
void handle_nmi(struct cpu_user_regs *regs)
{
    u8 reason = inb(0x61);

    (void)regs;
    if (smp_nmi_stop_requested())
        machine_halt();
    if (reason & 0x80)
        outb(0x61, (u8)((reason & 0x0f) | 0x04)); /* SERR: acknowledge, as the port wants */
    if (reason & 0x40)
        outb(0x61, (u8)((reason & 0x0f) | 0x08));
    if (hardware_domain && hardware_domain->vcpu && hardware_domain->vcpu[0]) {
        WRITE_ONCE(hardware_domain->vcpu[0]->nmi_pending, true);
        softirq_raise(SOFTIRQ_NMI); /* kicks vCPU 0 outside NMI context */
    }
}

void handle_machine_check(struct cpu_user_regs *regs)
{
    console_force_unlock();
    show_registers(regs);
    panic("Machine check: the hardware reports an error that cannot be attributed\n");
}

void handle_double_fault(struct cpu_user_regs *regs)
{
    console_force_unlock();
    show_registers(regs);
    show_backtrace(regs->rip, regs->rsp, regs->rbp);
    panic("Double fault: stack overflow or damaged descriptor tables\n");
}
