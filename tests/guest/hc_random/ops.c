/* SPDX-License-Identifier: MIT */
/*
 * Every hypercall and sub-op, and what its arguments look like. Left out is what ends or blocks
 * the caller by right: iret, SCHEDOP_block and _shutdown, VCPUOP_register_vcpu_info of vCPU 0.
 * `make lint` wants each entry of the hypervisor's table here.
 */
#include <xen/callback.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "random.h"

#define OP(call_, cmd_, shape_, places_) \
    { __HYPERVISOR_##call_, cmd_, #call_ " " #cmd_, shape_, places_ }
#define ANY 1000 /* a random command */

const struct op ops[] = {
    OP(set_trap_table, 0, POINTER, "bb,.ab"),
    OP(mmu_update, 0, LISTED, "et"),
    OP(mmu_update, 1, LISTED, "et"),
    OP(mmu_update, 2, LISTED, "et"),
    OP(set_gdt, 0, REGISTERS, "lu"),
    OP(stack_switch, 0, REGISTERS, "qa"),
    OP(set_callbacks, 0, REGISTERS, "aaa"),
    OP(fpu_taskswitch, 0, REGISTERS, "u"),
    OP(sched_op_compat, 0, REGISTERS, ";q"),
    OP(platform_op, ANY, CONTROL, ""),
    OP(set_debugreg, 0, REGISTERS, "qa"),
    OP(set_debugreg, 1, REGISTERS, "qQ"),
    OP(get_debugreg, 0, REGISTERS, "q"),
    OP(update_descriptor, 0, REGISTERS, "ed"),
    OP(memory_op, XENMEM_increase_reservation, COMMAND, "lnuuD,."),
    OP(memory_op, XENMEM_decrease_reservation, COMMAND, "lnuuD,."),
    OP(memory_op, XENMEM_populate_physmap, COMMAND, "lnuuD,."),
    OP(memory_op, XENMEM_exchange, COMMAND, "lnuuD,.lnuuD,.q"),
    OP(memory_op, XENMEM_exchange, COMMAND, "lnuuD,.anuuD,.Q"),
    OP(memory_op, XENMEM_current_reservation, COMMAND, "D"),
    OP(memory_op, XENMEM_maximum_reservation, COMMAND, "D"),
    OP(memory_op, XENMEM_maximum_gpfn, COMMAND, "D"),
    OP(memory_op, XENMEM_machphys_mfn_list, COMMAND, "u.a."),
    OP(memory_op, XENMEM_memory_map, COMMAND, "u.a"),
    OP(memory_op, XENMEM_machine_memory_map, COMMAND, "u.a"),
    OP(memory_op, XENMEM_set_memory_map, COMMAND, "D,.u.a"),
    OP(memory_op, XENMEM_acquire_resource, COMMAND, "DwuuuQa"),
    OP(memory_op, XENMEM_claim_pages, COMMAND, ";nuuD,."),
    OP(memory_op, XENMEM_add_to_physmap_batch, COMMAND, "DwuDwaaa"),
    OP(memory_op, ANY, COMMAND, "QQQQ"),
    OP(update_va_mapping, 0, REGISTERS, "atq"),
    OP(update_va_mapping, 0, REGISTERS, "atQ"),
    OP(set_timer_op, 0, REGISTERS, "Q"),
    OP(event_channel_op_compat, 0, POINTER, "u.DDP"),
    OP(xen_version, ANY, COMMAND, "uu"),
    OP(console_io, 0, REGISTERS, ";nH"),
    OP(console_io, 1, REGISTERS, "una"),
    OP(console_io, 2, REGISTERS, "una"),
    OP(physdev_op_compat, 0, POINTER, "u.cu"),
    OP(grant_table_op, GNTTABOP_map_grant_ref, COUNTED, "augDwu.Q"),
    OP(grant_table_op, GNTTABOP_map_grant_ref, COUNTED, "eugDwu.Q"),
    OP(grant_table_op, GNTTABOP_unmap_grant_ref, COUNTED, "a;hw,"),
    OP(grant_table_op, GNTTABOP_unmap_grant_ref, COUNTED, "aahw,"),
    OP(grant_table_op, GNTTABOP_unmap_and_replace, COUNTED, "aahw,"),
    OP(grant_table_op, GNTTABOP_setup_table, COUNTED, "D,uw,.a"),
    OP(grant_table_op, GNTTABOP_transfer, COUNTED, "TD,gw,."),
    OP(grant_table_op, GNTTABOP_copy, COUNTED, "g.Dw.g.Dw.www,"),
    OP(grant_table_op, GNTTABOP_query_size, COUNTED, "D,..w,"),
    OP(grant_table_op, GNTTABOP_set_version, COUNTED, "u"),
    OP(grant_table_op, GNTTABOP_get_version, COUNTED, "D,u"),
    OP(grant_table_op, GNTTABOP_swap_grant_ref, COUNTED, "ggw,"),
    OP(grant_table_op, GNTTABOP_get_status_frames, COUNTED, "uDwa"),
    OP(grant_table_op, GNTTABOP_cache_flush, COUNTED, "ewwu"),
    OP(grant_table_op, ANY, COUNTED, "QQQQ"),
    OP(vm_assist, 0, REGISTERS, "uu"),
    OP(update_va_mapping_otherdomain, 0, REGISTERS, "atqD"),
    OP(vcpu_op, VCPUOP_initialise, VCPU, "QQQQQQQQ"),
    OP(vcpu_op, VCPUOP_register_vcpu_info, VCPU, "mu."),
    OP(vcpu_op, VCPUOP_register_runstate_memory_area, VCPU, "a"),
    OP(vcpu_op, VCPUOP_register_vcpu_time_memory_area, VCPU, "a"),
    OP(vcpu_op, VCPUOP_set_periodic_timer, VCPU, "Q"),
    OP(vcpu_op, VCPUOP_stop_periodic_timer, VCPU, "Q"),
    OP(vcpu_op, VCPUOP_set_singleshot_timer, VCPU, "Qu."),
    OP(vcpu_op, VCPUOP_up, VCPU, "Q"),
    OP(vcpu_op, VCPUOP_is_up, VCPU, "Q"),
    OP(vcpu_op, VCPUOP_get_runstate_info, VCPU, "Q"),
    OP(vcpu_op, VCPUOP_get_physid, VCPU, "Q"),
    OP(set_segment_base, 0, REGISTERS, "ua"),
    OP(set_segment_base, 3, REGISTERS, "qq"),
    OP(mmuext_op, 0, LISTED, "u.fm"),
    OP(mmuext_op, 1, LISTED, "u.fm"),
    OP(mmuext_op, 2, LISTED, "u.aQ"),
    OP(xsm_op, 0, REGISTERS, "a"),
    OP(nmi_op, ANY, COMMAND, "aQ"),
    OP(sched_op, SCHEDOP_yield, COMMAND, "u"),
    OP(sched_op, SCHEDOP_poll, COMMAND, "lu.x"),
    OP(sched_op, SCHEDOP_shutdown_code, COMMAND, "u"),
    OP(sched_op, SCHEDOP_watchdog, REGISTERS, "qH"), /* one that runs would end us */
    OP(sched_op, SCHEDOP_pin_override, COMMAND, "U"),
    OP(callback_op, CALLBACKOP_register, COMMAND, "ww.a"),
    OP(callback_op, CALLBACKOP_unregister, COMMAND, "ww"),
    OP(event_channel_op, EVTCHNOP_alloc_unbound, COMMAND, "DDP"),
    OP(event_channel_op, EVTCHNOP_bind_interdomain, COMMAND, "D,PP"),
    OP(event_channel_op, EVTCHNOP_bind_virq, COMMAND, "uuP"),
    OP(event_channel_op, EVTCHNOP_bind_ipi, COMMAND, "uP"),
    OP(event_channel_op, EVTCHNOP_bind_pirq, COMMAND, "cuP"),
    OP(event_channel_op, EVTCHNOP_close, COMMAND, "P"),
    OP(event_channel_op, EVTCHNOP_send, COMMAND, "P"),
    OP(event_channel_op, EVTCHNOP_status, COMMAND, "D,P..."),
    OP(event_channel_op, EVTCHNOP_bind_vcpu, COMMAND, "Pu"),
    OP(event_channel_op, EVTCHNOP_unmask, COMMAND, "P"),
    OP(event_channel_op, EVTCHNOP_init_control, COMMAND, "muub,b"),
    OP(event_channel_op, EVTCHNOP_expand_array, COMMAND, "m"),
    OP(event_channel_op, EVTCHNOP_set_priority, COMMAND, "Pu"),
    OP(physdev_op, ANY, COMMAND, "QQQQQ"),
    OP(physdev_op, PHYSDEVOP_irq_status_query, COMMAND, "cu"),
    OP(physdev_op, PHYSDEVOP_eoi, COMMAND, "c"),
    OP(physdev_op, PHYSDEVOP_map_pirq, COMMAND, "D,uccuu.Q"),
    OP(physdev_op, PHYSDEVOP_unmap_pirq, COMMAND, "D,c"),
    OP(physdev_op, PHYSDEVOP_setup_gsi, COMMAND, "cbb,"),
    OP(physdev_op, PHYSDEVOP_get_free_pirq, COMMAND, "uu"),
    OP(physdev_op, PHYSDEVOP_pirq_eoi_gmfn_v2, COMMAND, "m"),
    OP(physdev_op, PHYSDEVOP_set_iobitmap, COMMAND, "aU."),
    OP(hvm_op, ANY, COMMAND, "D,uQQ"),
    OP(sysctl, ANY, CONTROL, ""),
    OP(domctl, ANY, CONTROL, ""),
    OP(kexec_op, ANY, COMMAND, "QQQ"),
    OP(argo_op, ANY, COMMAND, "QQQ"),
    OP(xenpmu_op, ANY, COMMAND, "QQQQ"),
    OP(hypfs_op, ANY, COMMAND, "QQQ"),
    OP(hypfs_op, 0, REGISTERS, "uanan"),
    OP(arch_0, ANY, POINTER, "uuQQQ"), /* mca */
    OP(multicall, 0, POINTER, ""), /* made of others, see main.c */
};

const unsigned int nr_ops = sizeof(ops) / sizeof(ops[0]);
