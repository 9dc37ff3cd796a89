/* SPDX-License-Identifier: MIT */
/*
 * Clients of dom0 on the Unix socket.
 */
#ifndef XENSTORE_DAEMON_CONN_SOCKET_H
#define XENSTORE_DAEMON_CONN_SOCKET_H

/* Listens on `path`, replacing a stale socket; the loop must exist. 0 or -errno. */
int conn_socket_listen(const char *path);

/* Ends listening and removes the socket from the file system. */
void conn_socket_close(void);

#endif
