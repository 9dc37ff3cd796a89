/* SPDX-License-Identifier: MIT */
/* domusd's own log: one line an event, with the time. */
#ifndef DOMUSD_LOG_H
#define DOMUSD_LOG_H

/* From now on lines go to the file at path, which is begun anew (the old one kept as .1) when it
 * is large; before, and if it cannot be opened (-errno), to standard error. */
int log_open(const char *path);

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on lines begin with the name of this operation. */
void log_operation(const char *name);

/* The descriptor that lines go to: what a worker must keep open. */
int log_descriptor(void);

#endif
