# SPDX-License-Identifier: MIT
# libdomus: control calls and the domain builder. Link $(libdomus-objs) with $(libdomus-libs).
libdomus-error-objs   := toolstack/lib/error.o
libdomus-control-objs := $(addprefix toolstack/lib/,control.o domctl_domain.o domctl_vcpu.o \
                         cpu_policy.o sysctl.o xen_version.o memory_op.o guest_op.o)
libdomus-build-objs   := $(addprefix toolstack/lib/,pv_build.o pv_build_file.o pv_build_memory.o \
                         pv_build_start.o) $(image-objs) $(image-unpack-objs)
libdomus-objs := $(libdomus-error-objs) $(libdomus-control-objs) $(libdomus-build-objs) \
                 $(toolstack-sys-objs)
libdomus-libs := $(image-unpack-libs)

$(call unit_test,pv_build_test,tests/unit/pv_build_test.o $(libdomus-build-objs) \
    $(libdomus-error-objs),$(libdomus-libs))
$(call unit_test,error_test,tests/unit/error_test.o $(libdomus-error-objs))
