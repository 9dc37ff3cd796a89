# SPDX-License-Identifier: MIT
hv-objs += hypervisor/lib/string.o hypervisor/lib/format.o hypervisor/lib/bitmap.o
