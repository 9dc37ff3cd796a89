/* SPDX-License-Identifier: MIT */
/*
 * A guest's console as a terminal in dom0, so that any program that speaks to one can enter it:
 * Debian's `xl console`, screen, minicom.
 *
 * /run/domus/console/<domid> leads to it, a name that outlives domusd; the store's console/tty says
 * that name. Nobody waits for a terminal that is not read: what does not fit takes the place of
 * what has not been read.
 */
#ifndef DOMUSD_CONSOLE_PTY_H
#define DOMUSD_CONSOLE_PTY_H

#include <stddef.h>

#include <xen/xen.h>

#include "loop.h"

struct console_pty {
    struct loop_source source; /* the master's end */
    int slave;                 /* held open, so that the master never sees a hang-up */
    domid_t domid;
    size_t (*typed)(void *arg, const char *bytes, size_t count); /* returns how much it took */
    void *arg;
    char waiting[256]; /* typed and not yet taken */
    size_t waiting_bytes;
};

/* Opens it. -errno: then everything below is harmless. */
int console_pty_open(struct console_pty *pty, domid_t domid,
                     size_t (*typed)(void *arg, const char *bytes, size_t count), void *arg);
void console_pty_close(struct console_pty *pty);

/* Removes the links that a domusd before this one has left. */
void console_pty_forget(void);

void console_pty_write(struct console_pty *pty, const char *bytes, size_t count);

/* typed() can take bytes again. */
void console_pty_resume(struct console_pty *pty);

#endif
