# SPDX-License-Identifier: MIT
# domus: a table of verbs, one file each. It meets domusd at the socket only.
domus-objs := $(addprefix toolstack/cli/,main.o client.o config_file.o console_show.o \
              cmd_create.o cmd_list.o cmd_console.o cmd_pause.o cmd_shutdown.o cmd_destroy.o \
              cmd_info.o cmd_dmesg.o cmd_check.o cmd_help.o)

$(call host_program,domus,$(domus-objs) $(toolstack-config-objs) $(toolstack-json-objs) \
    $(libdomus-objs),$(libdomus-libs) -lyajl)
