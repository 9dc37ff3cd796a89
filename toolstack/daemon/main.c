/* SPDX-License-Identifier: MIT */
/*
 * domusd: the one owner of domains in dom0.
 *
 * Starts in this order: the lock (there is one domusd), the log, the devices, the socket (requests
 * wait), the recovery of what an earlier domusd has left, and then service. SIGTERM lets the jobs
 * at work finish; domains stay as they are. SIGKILL at any moment loses nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"
#include "console.h"
#include "domain.h"
#include "job.h"
#include "log.h"
#include "loop.h"
#include "paths.h"
#include "worker/work.h"

#define RECOVER_MS     300000
#define WATCH_AGAIN_MS 1000
#define STOP_MS        60000

static int ready_pipe = -1; /* tells the waiting parent how the start went */
static struct loop_source stop_signal = { .fd = -1 };
static struct loop_timer watch_timer, stop_timer;
static bool stopping;

/* ---- the start, seen from outside ----------------------------------------------------- */

static void report_ready(char status)
{
    if (ready_pipe < 0)
        return;
    ssize_t n = write(ready_pipe, &status, 1);
    (void)n;
    close(ready_pipe);
    ready_pipe = -1;
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (null > 2)
            close(null);
    }
}

/* Returns in the child; the parent waits until domusd serves, or has failed. */
static int go_to_background(void)
{
    int ends[2];
    char status = 1;

    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        close(ends[0]);
        ready_pipe = ends[1];
        setsid();
        return 0;
    }
    close(ends[1]);
    if (read(ends[0], &status, 1) != 1)
        status = 1;
    _exit(status);
}

static int take_lock(void)
{
    char pid[16];
    int fd = open(DOMUS_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        fprintf(stderr, "domusd: cannot open %s: %s\n", DOMUS_LOCK, strerror(errno));
        return -errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        ssize_t n = read(fd, pid, sizeof(pid) - 1);

        pid[n > 0 ? n : 0] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        fprintf(stderr, "domusd: another domusd runs already (process %s): stop that one first\n",
                pid[0] ? pid : "unknown");
        return -EBUSY;
    }
    int n = snprintf(pid, sizeof(pid), "%d\n", getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)n, 0) != n)
        fprintf(stderr, "domusd: cannot write %s: %s\n", DOMUS_LOCK, strerror(errno));
    return 0; /* held until the process ends */
}

static int make_folders(void)
{
    static const struct {
        const char *path;
        mode_t mode;
    } folders[] = {
        { DOMUS_RUN_DIR, 0755 },
        { DOMUS_STATE_DIR, 0700 },
        { DOMUS_LOG_DIR, 0750 },
    };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (mkdir(folders[i].path, folders[i].mode) && errno != EEXIST) {
            fprintf(stderr, "domusd: cannot make %s: %s\n", folders[i].path, strerror(errno));
            return -errno;
        }
    return 0;
}

/* ---- watching the store --------------------------------------------------------------- */

static void start_watching(struct loop_timer *timer);

static void watching_ended(struct job *job, int code, const char *text)
{
    (void)job;
    (void)code; /* job.c has logged it */
    (void)text;
    watch_timer.fire = start_watching;
    loop_arm(&watch_timer, WATCH_AGAIN_MS);
}

static void start_watching(struct loop_timer *timer)
{
    struct job job = { .name = "watch", .work = work_watch, .done = watching_ended };

    (void)timer;
    if (!stopping)
        job_submit(&job);
}

/* ---- recovery, service, end ----------------------------------------------------------- */

static void recovered(struct job *job, int code, const char *text)
{
    (void)job;
    if (code) {
        fprintf(stderr, "domusd: %s\n", text);
        report_ready(1);
        exit(1);
    }
    start_watching(NULL);
    conn_serve();
    log_line("domusd serves");
    report_ready(0);
}

static void check_stop(struct loop_timer *timer)
{
    static int64_t since;

    if (!since)
        since = loop_now_ms();
    if (job_count() == 0 || loop_now_ms() - since > STOP_MS)
        loop_stop();
    else
        loop_arm(timer, 100);
}

static void told_to_stop(struct loop_source *source, short revents)
{
    struct signalfd_siginfo info;

    (void)revents;
    while (read(source->fd, &info, sizeof(info)) > 0)
        ;
    if (stopping)
        return;
    stopping = true;
    log_line("domusd stops; the domains stay");
    conn_stop();
    stop_timer.fire = check_stop;
    loop_arm(&stop_timer, 0);
}

static int take_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    stop_signal.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (stop_signal.fd < 0)
        return -errno;
    stop_signal.events = POLLIN;
    stop_signal.ready = told_to_stop;
    return loop_add(&stop_signal);
}

static int start(bool foreground)
{
    struct job recovery = {
        .name = "recover", .timeout_ms = RECOVER_MS, .work = work_recover, .done = recovered
    };
    int rc = make_folders();

    if (!rc && !foreground)
        rc = go_to_background();
    if (!rc)
        rc = take_lock();
    if (rc)
        return rc;
    /* What goes wrong before service is for the user as well as for the log. */
    rc = consoles_init();
    if (!rc)
        rc = domains_init();
    if (rc)
        return rc;
    if (!foreground && log_open(DOMUS_LOG))
        fprintf(stderr, "domusd: cannot open %s: %s\n", DOMUS_LOG, strerror(errno));
    rc = take_signals();
    if (!rc)
        rc = job_init();
    if (!rc)
        rc = conn_listen(DOMUS_SOCKET);
    if (rc) {
        fprintf(stderr, "domusd: cannot start: %s\n", strerror(-rc));
        return rc;
    }
    job_submit(&recovery);
    return 0;
}

static void usage(FILE *out)
{
    fputs("usage: domusd [-f|--foreground]\n"
          "Owns the domains of this host; domus(1) is its client. See domusd(8).\n",
          out);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "foreground", no_argument, NULL, 'f' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool foreground = false;
    int c;

    while ((c = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
        if (c != 'f') {
            usage(c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
        foreground = true;
    }
    if (start(foreground)) {
        report_ready(1);
        return 1;
    }
    int rc = loop_run();
    job_kill_all();
    unlink(DOMUS_SOCKET);
    log_line("domusd ends%s%s", rc ? ": " : "", rc ? strerror(-rc) : "");
    return rc ? 1 : 0;
}
