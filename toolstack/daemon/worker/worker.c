/* SPDX-License-Identifier: MIT */
/*
 * The inside of a worker process.
 *
 * Owns the worker's handles, opened after the fork and never shared with domusd. Keeps the few
 * privileges that building domains takes and drops the others before the job begins, since it is
 * here that kernel images of guests are read. Locks: none, one thread.
 */
#include "worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/log.h"

int worker_need_control(struct worker *w)
{
    if (w->has_control)
        return 0;
    int rc = control_open(&w->control, &w->error);

    w->has_control = !rc;
    return rc;
}

int worker_need_store(struct worker *w)
{
    if (w->xs)
        return 0;
    errno = 0;
    /* In dom0 the kernel's device leads to the same store, and waits for it while it is dead. */
    w->xs = xs_open(XS_OPEN_SOCKETONLY);
    if (w->xs)
        return 0;
    return error_set(&w->error, -(errno ? errno : ENOENT),
                     "cannot reach xenstore: %s: start xenstored", strerror(errno));
}

int worker_need_netlink(struct worker *w)
{
    if (w->has_netlink)
        return 0;
    int rc = netlink_open(&w->netlink);

    w->has_netlink = !rc;
    return rc ? error_set(&w->error, rc, "cannot open a netlink socket: %s", strerror(-rc)) : 0;
}

int worker_take_result(struct worker *w, struct json_out *out)
{
    w->result = json_take(out);
    return w->result ? 0 : error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
}

/* ---- talking with domusd -------------------------------------------------------------- */

static void send_all(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;

    while (count) {
        ssize_t n = send(fd, at, count, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            _exit(1); /* domusd has gone; the next one clears up */
        at += n;
        count -= (size_t)n;
    }
}

void worker_send(struct worker *w, enum note_kind kind, int code, const void *bytes, size_t count)
{
    struct note_header header = { .kind = kind, .code = code, .bytes = (uint32_t)count };

    send_all(w->fd, &header, sizeof(header));
    send_all(w->fd, bytes, count);
}

void worker_send_domain(struct worker *w, enum note_kind kind, const struct domain_note *note)
{
    worker_send(w, kind, 0, note, sizeof(*note));
}

static void take_byte(struct worker *w, char byte)
{
    w->spoke |= byte == WORKER_SPOKE;
    w->poked |= byte == WORKER_POKE;
    w->released |= byte == WORKER_GO;
    w->refused |= byte == WORKER_STOP;
    w->hurried |= byte == WORKER_HURRY;
    w->ending |= byte == WORKER_END;
}

void worker_poll(struct worker *w)
{
    char bytes[64];
    ssize_t n;

    while ((n = recv(w->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < n; i++)
            take_byte(w, bytes[i]);
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        _exit(1);
}

void worker_sleep(struct worker *w, unsigned int ms)
{
    struct pollfd fd = { .fd = w->fd, .events = POLLIN };

    poll(&fd, 1, (int)ms);
    worker_poll(w);
}

int worker_wait_go(struct worker *w)
{
    while (!w->released && !w->refused)
        worker_sleep(w, 1000);
    int rc = w->refused ? -EIO : 0;
    w->released = w->refused = false;
    return rc;
}

/* ---- the process ---------------------------------------------------------------------- */

/* What is left: files of others (images), network (and for users' scripts that run iptables, raw
 * sockets), raw access for privcmd, loop devices, locked memory for hypercall buffers. */
static void drop_privileges(void)
{
    static const unsigned int kept[] = { CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_SYS_RAWIO,
                                         CAP_SYS_ADMIN,    CAP_IPC_LOCK,  CAP_NET_RAW };
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { 0 };

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        data[kept[i] / 32].permitted |= 1u << kept[i] % 32;
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (!(data[cap / 32].permitted & 1u << cap % 32))
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, data))
        log_line("a worker keeps its privileges: %s", strerror(errno));
}

/* Everything of domusd's goes but two descriptors and the standard ones: above all the lock, so
 * that a worker's last moments never keep the next domusd from starting. */
static void close_others(int a, int b)
{
    unsigned int low = (unsigned int)(a < b ? a : b), high = (unsigned int)(a < b ? b : a);

    if (low > 3)
        close_range(3, low - 1, 0);
    if (high > low + 1)
        close_range(low < 3 ? 3 : low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}

static void become_worker(int fd, const char *name)
{
    char title[16];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(title, sizeof(title), "domusd:%s", name);
    prctl(PR_SET_NAME, title);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
    close_others(fd, log_descriptor());
    drop_privileges();
}

/* What failed, and under which name it stands in domusd's log: a line in the log of the store and
 * of the hypervisor, as far as they can be reached. */
static void tell_logs(struct worker *w)
{
    char line[160];
    int n = snprintf(line, sizeof(line), "operation %s: %s failed: %s", w->operation, w->name,
                     strerror(-w->error.code));

    if (w->xs)
        free(xs_control_command(w->xs, "print", line, (unsigned int)n + 1));
    if (w->has_control)
        control_log(&w->control, line);
}

static void send_error(struct worker *w)
{
    char *text;

    tell_logs(w);

    if (w->details && asprintf(&text, "%s%s", w->error.text, w->details) >= 0)
        worker_send(w, NOTE_ERROR, w->error.code, text, strlen(text) + 1);
    else
        worker_send(w, NOTE_ERROR, w->error.code, w->error.text, strlen(w->error.text) + 1);
}

void worker_main(int fd, const char *name, const char *operation,
                 int (*work)(struct worker *w, void *args), void *args)
{
    struct worker w = { .fd = fd, .name = name, .operation = operation };
    pid_t parent = getppid();

    become_worker(fd, name);
    log_operation(operation);
    if (getppid() != parent)
        _exit(1); /* it died before we asked to die with it */
    int rc = work(&w, args);
    if (rc && !w.error.code)
        error_set(&w.error, rc, "%s failed: %s", name, strerror(-rc));
    if (rc)
        send_error(&w);
    else
        worker_send(&w, NOTE_RESULT, 0, w.result ? w.result : "null",
                    (w.result ? strlen(w.result) : 4) + 1);
    _exit(0);
}
