# SPDX-License-Identifier: MIT
# What domusd and domus share: the domain file, JSON, devices. Their tests.
toolstack-config-objs := $(addprefix toolstack/lib/,config_syntax.o config_keys.o config.o \
                         config_format.o disk_spec.o vif_spec.o)

$(call unit_test,config_test,tests/unit/config_test.o $(toolstack-config-objs))
