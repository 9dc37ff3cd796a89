# SPDX-License-Identifier: MIT
# Running PV guests: entry and exit, traps, privileged instructions, dom0's construction.
hv-objs += $(addprefix hypervisor/arch/x86/pv/, \
    entry.o mode.o asm_offsets.o guest.o vcpu_context.o ext_context.o time.o guest_tsc.o \
    cpu_init.o pti.o context_switch.o segment.o fpu.o debugreg.o \
    trap_bounce.o page_fault.o callback.o iret.o descriptor.o gdt_ldt.o hypercall_page.o \
    emul/priv_decode.o emul/priv_emul.o emul/priv_emul_io.o emul/pit.o emul/msr.o emul/umip.o \
    policy/cpu_policy.o policy/cpu_policy_ops.o policy/cpuid.o \
    dom0/dom0_build.o dom0/dom0_params.o dom0/dom0_memory.o dom0/dom0_start.o)

# The shortest ways in and out.
$(foreach o,mode trap_bounce page_fault iret,\
    $(eval cflags-hypervisor/arch/x86/pv/$(o).o := -fomit-frame-pointer))

priv-decode-obj := hypervisor/arch/x86/pv/emul/priv_decode.o
unit-cflags-$(priv-decode-obj) := -DHV_HOST_TEST
unit-cflags-tests/unit/priv_decode_test.o := -DHV_HOST_TEST
$(call unit_test,priv_decode_test,tests/unit/priv_decode_test.o $(priv-decode-obj))
