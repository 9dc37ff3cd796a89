/* SPDX-License-Identifier: MIT */
/*
 * The consoles' terminals.
 *
 * Owns a pty a console and the links in DOMUS_CONSOLE_DIR. Locks: none, one thread.
 */
#include "console_pty.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "paths.h"

#define PATH_BYTES 64

static void link_path(domid_t domid, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%u", DOMUS_CONSOLE_DIR, domid);
}

static int publish(domid_t domid, const char *terminal)
{
    char path[PATH_BYTES];

    if (mkdir(DOMUS_CONSOLE_DIR, 0755) && errno != EEXIST)
        return -errno;
    link_path(domid, path);
    if (unlink(path) && errno != ENOENT)
        return -errno;
    return symlink(terminal, path) ? -errno : 0;
}

/* Bytes pass through as they are, and are not echoed to the guest that has written them. */
static int make_raw(int slave)
{
    struct termios t;

    if (tcgetattr(slave, &t))
        return -errno;
    cfmakeraw(&t);
    return tcsetattr(slave, TCSANOW, &t) ? -errno : 0;
}

/* Hands over what waits; reading goes on when nothing does. */
static void hand_over(struct console_pty *pty)
{
    size_t took = pty->waiting_bytes ? pty->typed(pty->arg, pty->waiting, pty->waiting_bytes) : 0;

    pty->waiting_bytes -= took;
    memmove(pty->waiting, pty->waiting + took, pty->waiting_bytes);
    pty->source.events = pty->waiting_bytes ? 0 : POLLIN;
}

static void terminal_ready(struct loop_source *source, short revents)
{
    struct console_pty *pty =
        (struct console_pty *)((char *)source - offsetof(struct console_pty, source));

    (void)revents;
    if (pty->waiting_bytes)
        return;
    ssize_t n = read(source->fd, pty->waiting, sizeof(pty->waiting));
    if (n > 0)
        pty->waiting_bytes = (size_t)n;
    hand_over(pty);
}

static int open_both(struct console_pty *pty, char *name, size_t bytes)
{
    pty->source.fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty->source.fd < 0 || grantpt(pty->source.fd) || unlockpt(pty->source.fd))
        return -errno;
    if (ptsname_r(pty->source.fd, name, bytes))
        return -errno;
    pty->slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return pty->slave < 0 ? -errno : make_raw(pty->slave);
}

int console_pty_open(struct console_pty *pty, domid_t domid,
                     size_t (*typed)(void *arg, const char *bytes, size_t count), void *arg)
{
    char name[PATH_BYTES];

    *pty = (struct console_pty){ .source = { .fd = -1, .events = POLLIN, .ready = terminal_ready },
                                 .slave = -1,
                                 .domid = domid,
                                 .typed = typed,
                                 .arg = arg };
    int rc = open_both(pty, name, sizeof(name));
    if (!rc)
        rc = publish(domid, name);
    if (!rc)
        rc = loop_add(&pty->source);
    if (rc)
        console_pty_close(pty);
    return rc;
}

void console_pty_close(struct console_pty *pty)
{
    char path[PATH_BYTES];

    if (pty->source.fd < 0)
        return;
    loop_remove(&pty->source);
    link_path(pty->domid, path);
    unlink(path);
    close(pty->source.fd);
    if (pty->slave >= 0)
        close(pty->slave);
    pty->source.fd = pty->slave = -1;
}

void console_pty_forget(void)
{
    DIR *dir = opendir(DOMUS_CONSOLE_DIR);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

void console_pty_write(struct console_pty *pty, const char *bytes, size_t count)
{
    if (pty->source.fd < 0)
        return;
    for (int tries = 0; count && tries < 2; tries++) {
        ssize_t n = write(pty->source.fd, bytes, count);

        if (n > 0) {
            bytes += n;
            count -= (size_t)n;
        }
        if (count) /* nobody reads it: the newest is kept */
            tcflush(pty->slave, TCIFLUSH);
    }
}

void console_pty_resume(struct console_pty *pty)
{
    if (pty->source.fd >= 0)
        hand_over(pty);
}
