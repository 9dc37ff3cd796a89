# SPDX-License-Identifier: MIT
# libdomus: control calls and the domain builder. Link $(libdomus-objs) with $(libdomus-libs).
libdomus-error-objs   := toolstack/lib/error.o
libdomus-control-objs := $(addprefix toolstack/lib/,control.o domctl_domain.o domctl_vcpu.o \
                         domctl_state.o cpu_policy.o sysctl.o xen_version.o memory_op.o guest_op.o)
libdomus-build-objs   := $(addprefix toolstack/lib/,pv_build.o pv_build_file.o pv_build_memory.o \
                         pv_build_start.o config/cpuid_edit.o) $(image-objs) $(image-unpack-objs)
# Saved domains: the stream's reader is pure, pv_save and pv_restore work on domains.
toolstack-stream-objs := $(addprefix toolstack/lib/stream/,stream_io.o xl_file.o stream_read.o \
                         stream_check.o stream_plan.o pv_convert.o cpu_features.o)
toolstack-save-objs   := $(addprefix toolstack/lib/stream/,pv_save.o pv_save_pages.o \
                         pv_save_state.o pv_restore.o pv_restore_pages.o pv_restore_state.o) \
                         toolstack/lib/inspect/guest_p2m.o
libdomus-objs := $(libdomus-error-objs) $(libdomus-control-objs) $(libdomus-build-objs) \
                 $(toolstack-sys-objs)
libdomus-libs := $(image-unpack-libs)

$(call unit_test,pv_build_test,tests/unit/pv_build_test.o $(libdomus-build-objs) \
    $(libdomus-error-objs),$(libdomus-libs))
$(call unit_test,error_test,tests/unit/error_test.o $(libdomus-error-objs))
$(call unit_test,stream_test,tests/unit/stream_test.o $(toolstack-stream-objs) \
    $(libdomus-error-objs),-llzma)
