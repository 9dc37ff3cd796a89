# SPDX-License-Identifier: MIT
hv-objs += $(addprefix hypervisor/common/grant/,grant_table.o grant_entry.o grant_map.o grant_copy.o \
           grant_dump.o grant_passed_on.o grant_transfer.o grant_version.o)
