hv-objs += $(addprefix hypervisor/common/control/,access.o)
