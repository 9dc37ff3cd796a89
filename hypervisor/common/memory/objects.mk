# SPDX-License-Identifier: MIT
hv-objs += $(addprefix hypervisor/common/memory/,page_alloc.o domain_memory.o heap.o rangeset.o \
           memory_op.o reservation.o exchange.o resource.o $(if $(DEBUG),alloc_fault.o))
