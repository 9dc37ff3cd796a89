# SPDX-License-Identifier: MIT
# domus: a table of verbs, one file each. It meets domusd at the socket only.
domus-objs := $(addprefix toolstack/cli/,main.o options.o complaint.o client.o config_file.o console_show.o \
              cmd_create.o cmd_list.o cmd_console.o cmd_pause.o cmd_shutdown.o \
              cmd_info.o cmd_dmesg.o cmd_check.o cmd_trace.o cmd_device.o cmd_help.o \
              cmd_save.o cmd_restore.o creation.o saved_file.o \
              tune/cmd_mem.o tune/cmd_vcpu.o tune/cmd_sched.o tune/cmd_name.o tune/cmd_signal.o \
              show/cmd_top.o show/cmd_events.o show/list_dead.o \
              host/cmd_autostart.o host/shutdown_all.o show/cmd_dump_core.o show/cmd_config.o show/cmd_why.o show/why_processes.o)

# The names of hypercalls come from the hypervisor's own table.
$(B)/obj/host/toolstack/cli/hypercall_names.c: hypervisor/common/hypercall.c \
    toolstack/cli/hypercall_names.py
	@mkdir -p $(@D)
	$(call say,NAMES)$(PYTHON) toolstack/cli/hypercall_names.py $< > $@
$(B)/obj/host/toolstack/cli/hypercall_names.o: $(B)/obj/host/toolstack/cli/hypercall_names.c
	$(call say,CC)$(CC) $(host-flags) -I . -c -o $@ $<

$(call host_program,domus,$(domus-objs) toolstack/cli/hypercall_names.o toolstack/lib/trace_buffer.o $(toolstack-config-objs) \
    toolstack/lib/config/config_build.o $(toolstack-config-xl-objs) $(addprefix toolstack/lib/stream/,stream_io.o xl_file.o) $(toolstack-json-objs) \
    $(libdomus-objs),$(libdomus-libs) -lyajl)
