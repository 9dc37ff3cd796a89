/* SPDX-License-Identifier: MIT */
/*
 * NBD devices by qemu-nbd: started with a mark, found and ended by it.
 *
 * Owns the processes that carry our marks; touches /dev/nbd*, reads /sys/block and /proc. Facts:
 * qemu-nbd(8), Linux's <linux/nbd.h>. Locks: a free device is locked with flock() while qemu-nbd
 * takes it.
 */
#include "nbd_device.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM          "qemu-nbd"
#define DESCRIPTION      "--description="
#define CONNECT          "--connect="
#define START_MS         60000
#define POLL_MS          20
#define COMMAND_LINE_MAX 8192

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void pause_ms(unsigned int ms)
{
    struct timespec pause = { .tv_nsec = ms * 1000000L };

    nanosleep(&pause, NULL);
}

/* ---- finding -------------------------------------------------------------------------- */

/* Reads the command line of a process; true if it is a qemu-nbd with a mark. */
static bool read_process(const char *pid, const char *prefix, char mark[LOOP_MARK_MAX],
                         char device[LOOP_PATH_MAX])
{
    char path[300], line[COMMAND_LINE_MAX];
    bool has_mark = false;

    snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, line, sizeof(line) - 1);
    close(fd);
    if (n <= 0)
        return false;
    line[n] = '\0';
    const char *program = strrchr(line, '/');
    if (strcmp(program ? program + 1 : line, PROGRAM))
        return false;
    device[0] = '\0';
    for (const char *word = line; word < line + n; word += strlen(word) + 1) {
        if (!strncmp(word, CONNECT, strlen(CONNECT)))
            snprintf(device, LOOP_PATH_MAX, "%s", word + strlen(CONNECT));
        if (strncmp(word, DESCRIPTION, strlen(DESCRIPTION)))
            continue;
        snprintf(mark, LOOP_MARK_MAX, "%s", word + strlen(DESCRIPTION));
        has_mark = !strncmp(mark, prefix, strlen(prefix));
    }
    return has_mark;
}

static int each_process(const char *prefix,
                        void (*found)(pid_t pid, const char *mark, const char *device, void *arg),
                        void *arg)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        char mark[LOOP_MARK_MAX], device[LOOP_PATH_MAX];

        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_process(entry->d_name, prefix, mark, device))
            found((pid_t)atol(entry->d_name), mark, device, arg);
    }
    closedir(dir);
    return 0;
}

struct telling {
    void (*found)(const char *mark, const char *device, void *arg);
    void *arg;
};

static void tell(pid_t pid, const char *mark, const char *device, void *arg)
{
    struct telling *t = arg;

    (void)pid;
    t->found(mark, device, t->arg);
}

int nbd_device_each(const char *prefix,
                    void (*found)(const char *mark, const char *device, void *arg), void *arg)
{
    struct telling t = { found, arg };

    return each_process(prefix, tell, &t);
}

/* ---- starting ------------------------------------------------------------------------- */

/* The next device from number *n on that nobody uses, opened and locked; -ENODEV: there is none. */
static int claim_free(unsigned int *n, char device[LOOP_PATH_MAX])
{
    char path[64];

    for (;; (*n)++) {
        snprintf(path, sizeof(path), "/sys/block/nbd%u", *n);
        if (access(path, F_OK))
            return -ENODEV;
        strcat(path, "/pid");
        if (!access(path, F_OK))
            continue;
        snprintf(device, LOOP_PATH_MAX, "/dev/nbd%u", *n);
        int fd = open(device, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (!flock(fd, LOCK_EX | LOCK_NB) && access(path, F_OK))
            return fd;
        close(fd);
    }
}

/* In the child. It dies with the worker until qemu-nbd has gone to the background. */
static void run(const char *image, const char *format, bool read_only, const char *mark,
                const char *device, int err)
{
    char connect[64], description[LOOP_MARK_MAX + 20], form[32];
    char *argv[] = { PROGRAM, "--fork", "--discard=unmap", connect, description, form, NULL,
                     NULL,    NULL };
    int null = open("/dev/null", O_RDWR), i = 6;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(connect, sizeof(connect), CONNECT "%s", device);
    snprintf(description, sizeof(description), DESCRIPTION "%s", mark);
    snprintf(form, sizeof(form), "--format=%s", format);
    if (read_only)
        argv[i++] = "--read-only";
    argv[i] = (char *)image;
    dup2(null, 0);
    dup2(null, 1);
    dup2(err, 2);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    _exit(127);
}

/* The last line of what it has said: the cause. */
static void read_last_line(int fd, char *line, size_t bytes)
{
    char text[2048], *at;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    for (n = (ssize_t)strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    at = strrchr(text, '\n');
    at = at ? at + 1 : text;
    if (!strncmp(at, PROGRAM ": ", strlen(PROGRAM ": ")))
        at += strlen(PROGRAM ": ");
    snprintf(line, bytes, "%s", *at ? at : "it gives no reason");
}

/* Until it has gone to the background. */
static int wait_for(pid_t pid, int *status)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), rc;
    struct pollfd p = { .fd = fd, .events = POLLIN };

    if (fd < 0)
        return -errno;
    do
        rc = poll(&p, 1, START_MS);
    while (rc < 0 && errno == EINTR);
    close(fd);
    if (rc <= 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return rc > 0 ? 0 : -ETIMEDOUT;
}

static int start(const char *image, const char *format, bool read_only, const char *mark,
                 const char *device, char *why, size_t bytes)
{
    int err = memfd_create(PROGRAM, MFD_CLOEXEC), status = 0, rc;
    pid_t pid = err < 0 ? -1 : fork();

    if (pid == 0)
        run(image, format, read_only, mark, device, err);
    rc = pid < 0 ? -errno : wait_for(pid, &status);
    if (rc == -ETIMEDOUT) {
        snprintf(why, bytes, "it has not come up within %d s", START_MS / 1000);
    } else if (rc) {
        snprintf(why, bytes, "%s", strerror(-rc));
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        snprintf(why, bytes, "there is no program " PROGRAM ": install qemu-utils");
        rc = -ENOENT;
    } else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        read_last_line(err, why, bytes);
        rc = -EIO;
    }
    if (err >= 0)
        close(err);
    return rc;
}

int nbd_device_attach(const char *image, const char *format, bool read_only, const char *mark,
                      char device[LOOP_PATH_MAX], struct error *e)
{
    unsigned int n = 0;
    char why[400] = "";
    int fd, rc;

    if (access("/sys/block/nbd0", F_OK))
        return error_set(e, -ENODEV, "there are no NBD devices for %s: load the module nbd", image);
    fd = claim_free(&n, device);
    if (fd < 0)
        return error_set(
            e, -EBUSY,
            "no NBD device is free for %s: all %u are in use: load the module nbd with "
            "a larger nbds_max",
            image, n);
    rc = start(image, format, read_only, mark, device, why, sizeof(why));
    close(fd);
    if (!rc)
        return 0;
    nbd_device_release(mark, 0, NULL); /* it may have come half-way */
    return error_set(e, rc, PROGRAM " cannot serve %s: %s", image, why);
}

/* ---- ending --------------------------------------------------------------------------- */

/* It ends by itself once its device is disconnected; one that has not come to a device is told. */
static void end_one(pid_t pid, const char *mark, const char *device, void *arg)
{
    unsigned int *seen = arg;
    int fd = *device ? open(device, O_RDWR | O_CLOEXEC) : -1;

    (void)mark;
    if (fd < 0 || ioctl(fd, NBD_DISCONNECT) || ioctl(fd, NBD_CLEAR_SOCK))
        kill(pid, SIGTERM);
    if (fd >= 0)
        close(fd);
    (*seen)++;
}

static void count_one(pid_t pid, const char *mark, const char *device, void *arg)
{
    unsigned int *seen = arg;

    (void)pid;
    (void)mark;
    (void)device;
    (*seen)++;
}

int nbd_device_release(const char *prefix, unsigned int timeout_ms, struct error *e)
{
    int64_t deadline = now_ms() + timeout_ms;
    unsigned int seen = 0;
    int rc = each_process(prefix, end_one, &seen);

    while (!rc && seen) {
        if (now_ms() >= deadline)
            return error_set(e, -EBUSY,
                             "%u " PROGRAM " with the mark %s still write or are in use: they go "
                             "when they are done",
                             seen, prefix);
        pause_ms(POLL_MS);
        seen = 0;
        rc = each_process(prefix, count_one, &seen);
    }
    return rc ? error_set(e, rc, "cannot look for " PROGRAM " in /proc: %s", strerror(-rc)) : 0;
}
