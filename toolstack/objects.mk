# SPDX-License-Identifier: MIT
# What domusd and domus share: the domain file, JSON, devices. Their tests.
toolstack-config-objs := $(addprefix toolstack/lib/config/,config_syntax.o config_keys.o config.o \
                         config_format.o config_devices.o config_limits.o cpu_list.o disk_spec.o vif_spec.o)
toolstack-config-xl-objs := toolstack/lib/config/config_xl.o
toolstack-json-objs   := toolstack/lib/json.o
toolstack-device-objs := $(addprefix toolstack/lib/device/,store.o device.o disk_attach.o \
                         vif_attach.o loop_device.o nbd_device.o image_use.o netlink.o \
                         netlink_route.o nat.o vif_plug.o hotplug_script.o)

$(call unit_test,config_test,tests/unit/config_test.o $(toolstack-config-objs) \
    toolstack/lib/config/cpuid_edit.o)
$(call unit_test,config_xl_test,tests/unit/config_xl_test.o $(toolstack-config-xl-objs) \
    $(toolstack-config-objs) toolstack/lib/config/cpuid_edit.o $(toolstack-json-objs),-lyajl)
$(call unit_test,cpuid_edit_test,tests/unit/cpuid_edit_test.o toolstack/lib/config/cpuid_edit.o)
$(call unit_test,cpu_list_test,tests/unit/cpu_list_test.o toolstack/lib/config/cpu_list.o)
$(call unit_test,kernel_symbols_test,tests/unit/kernel_symbols_test.o toolstack/lib/inspect/kernel_symbols.o)
$(call unit_test,json_test,tests/unit/json_test.o $(toolstack-json-objs),-lyajl)
$(call unit_test,console_test,tests/unit/console_test.o toolstack/daemon/console.o)
