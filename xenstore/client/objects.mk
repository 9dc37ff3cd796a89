# SPDX-License-Identifier: MIT
# The client library, linked into programs: $(xenstore-client-objs).
xenstore-client-objs := $(addprefix xenstore/client/,domain.o handle.o lib.o node.o talk.o \
                          transaction.o watch.o)
