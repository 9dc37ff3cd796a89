# SPDX-License-Identifier: MIT
# Access to Linux's Xen devices, for every program of dom0: link $(toolstack-sys-objs).
toolstack-sys-objs := $(addprefix toolstack/lib/sys/,privcmd.o evtchn.o gnttab.o foreign_map.o)
