# SPDX-License-Identifier: MIT
# The command-line clients: xenstore (also under its names xenstore-read and so on) and
# xenstore-control.
$(call host_program,xenstore,$(addprefix xenstore/cli/,cmd_chmod.o cmd_ls.o cmd_node.o main.o \
    text.o) $(xenstore-client-objs))
$(call host_program,xenstore-control,xenstore/cli/control.o $(xenstore-client-objs))
