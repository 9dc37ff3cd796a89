# SPDX-License-Identifier: MIT
# Programs that drive libdomus by itself, for tests in a dom0; not installed.
$(call host_program,domus-build,tests/toolstack/domus_build.o tests/toolstack/store_client.o \
    $(libdomus-objs),$(libdomus-libs))
