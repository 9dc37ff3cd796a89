# SPDX-License-Identifier: MIT
pv-mm-dir := hypervisor/arch/x86/pv_mm
hv-objs += $(addprefix $(pv-mm-dir)/,validate.o validate_table.o pt_lookup.o pt_update.o mmu_update.o \
           va_mapping.o mmuext.o mmuext_pin.o root.o ptwr.o ptwr_decode.o grant_host.o relinquish.o audit.o l1tf.o)

ptwr-objs := $(pv-mm-dir)/ptwr_decode.o
unit-cflags-$(pv-mm-dir)/ptwr_decode.o := -DHV_HOST_TEST
unit-cflags-tests/unit/ptwr_test.o := -DHV_HOST_TEST
$(call unit_test,ptwr_test,tests/unit/ptwr_test.o $(ptwr-objs))
