# SPDX-License-Identifier: MIT
# The store daemon: the database (core) and what serves it.
xenstore-core-objs := $(addprefix xenstore/core/,children.o path.o perm.o quota.o store.o \
                        touched.o traces.o transaction.o tree.o watch.o wire.o)
xenstore-daemon-objs := $(addprefix xenstore/daemon/,conn.o conn_ring.o conn_socket.o domain.o \
                        journal.o journal_read.o log.o loop.o ops.o ops_control.o ops_domain.o ops_node.o ops_watch.o \
                        options.o recover.o snapshot.o)
xenstored-xen-objs := xenstore/daemon/xen.o $(toolstack-sys-objs)

$(call host_program,xenstored,$(xenstore-core-objs) $(xenstore-daemon-objs) \
    $(xenstored-xen-objs) xenstore/daemon/main.o)

$(call unit_test,xenstore-tree,tests/unit/xenstore_tree_test.o $(xenstore-core-objs) \
    tests/unit/xenstore_no_events.o)
$(call unit_test,xenstore-rules,tests/unit/xenstore_rules_test.o $(xenstore-core-objs) \
    tests/unit/xenstore_no_events.o)
$(call unit_test,xenstore-transaction,tests/unit/xenstore_transaction_test.o $(xenstore-core-objs))
