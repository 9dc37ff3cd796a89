/* SPDX-License-Identifier: MIT */
/*
 * Messages of the daemon: to syslog, or to standard error while it runs in the foreground.
 */
#ifndef XENSTORE_DAEMON_LOG_H
#define XENSTORE_DAEMON_LOG_H

#include <stdbool.h>

/* Where messages go; call before the first one. */
void log_open(bool foreground);

/* Reports a failure of the daemon or of its machine. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reports what somebody may want to know later. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Reports what a guest did wrong; at most a few such messages a second are let through. */
void log_guest(unsigned int domid, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends every request and reply to a file; NULL ends that. 0 or -errno. */
int log_trace_file(const char *name);

/* Switches the writing of the trace on or off; the file stays as chosen. */
void log_trace_enable(bool on);
bool log_is_tracing(void);

/* One line of the trace: a direction ("IN ", "OUT", ...), the domain, the operation, its data
 * with NULs shown as spaces. */
void log_trace(const char *direction, unsigned int domid, const void *conn, const char *op,
               const char *data, unsigned int len);

#endif
