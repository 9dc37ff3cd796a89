/* SPDX-License-Identifier: MIT */
/*
 * xenstored: start-up, the background, the end. Owns the pid file and the rest of the process;
 * everything else has its own file. Environment: XENSTORED_RUNDIR names the folder of the socket
 * (default /run/xenstored), as for Debian's clients.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn_socket.h"
#include "domain.h"
#include "journal.h"
#include "log.h"
#include "loop.h"
#include "ops.h"
#include "options.h"
#include "recover.h"

static struct options options;
static struct loop_source signals = { .fd = -1 };

static void __attribute__((noreturn)) die(const char *what, int rc)
{
    log_error("%s: %s", what, strerror(-rc));
    exit(1);
}

/* Goes to the background. The parent stays until the child is ready, so that whoever started the
 * daemon can use it at once; *ready_fd is where the child says so. */
static void detach(int *ready_fd)
{
    int fd[2];
    char byte;
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        die("cannot go to the background", -errno);
    if (pid > 0) {
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(fd[0]);
    *ready_fd = fd[1];
    setsid();
    if (chdir("/") < 0)
        die("cannot change to /", -errno);
    umask(027);
}

static void close_std(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        die("cannot open /dev/null", -errno);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    close(null);
}

/* The file stays open and locked while the daemon lives, which keeps a second one out. */
static void write_pid_file(const char *name)
{
    char text[16];
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    if (fd < 0)
        die(name, -errno);
    if (lockf(fd, F_TLOCK, 0) < 0) {
        log_error("%s is locked: another xenstored is running", name);
        exit(1);
    }
    if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)len) != len)
        die(name, -errno);
}

static void signal_ready(struct loop_source *src, uint32_t events)
{
    struct signalfd_siginfo info;

    (void)events;
    if (read(src->fd, &info, sizeof(info)) != sizeof(info))
        return;
    log_info("ended by signal %u", info.ssi_signo);
    loop_stop();
}

static void watch_signals(void)
{
    sigset_t set;
    int rc;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = (struct loop_source){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                                    .ready = signal_ready };
    rc = signals.fd < 0 ? -errno : loop_add(&signals, EPOLLIN);
    if (rc)
        die("cannot wait for signals", rc);
}

static const char *run_dir(void)
{
    const char *dir = getenv("XENSTORED_RUNDIR");

    return dir ? dir : "/run/xenstored";
}

/* As many clients as the system lets us have. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            log_error("cannot raise the limit of open files: %s", strerror(errno));
    }
}

static void start_service(void)
{
    const char *dir = run_dir();
    char path[4096];
    bool recovering;
    int rc;

    raise_limits();
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        die(dir, -errno);
    rc = loop_init();
    if (!rc)
        rc = ops_init();
    if (rc)
        die("cannot start", rc);
    watch_signals();
    rc = journal_open(dir);
    if (rc == -EBUSY) {
        log_error("another xenstored serves %s", dir);
        exit(1);
    }
    if (rc)
        die(dir, rc);
    recovering = journal_has_past() && !options.no_recovery;
    if (recovering)
        recover_tree();
    if (!options.no_domains && domain_init(options.keep_orphans) != 0)
        exit(1);
    if (recovering && !options.no_domains)
        recover_domains();
    journal_start();
    snprintf(path, sizeof(path), "%s/socket", dir);
    rc = conn_socket_listen(path);
    if (rc)
        die(path, rc);
}

int main(int argc, char **argv)
{
    int ready_fd = -1;
    uint32_t seed = 0;
    int rc;

    options_parse(&options, argc, argv);
    log_open(true);
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed = (uint32_t)getpid();
    path_seed(seed);
    if (!options.foreground)
        detach(&ready_fd);
    if (options.pid_file)
        write_pid_file(options.pid_file);
    if (options.print_pid) {
        printf("%d\n", (int)getpid());
        fflush(stdout);
    }
    if (options.trace_file && (rc = log_trace_file(options.trace_file)) != 0)
        die(options.trace_file, rc);
    start_service();
    if (!options.foreground) {
        if (write(ready_fd, "", 1) != 1)
            log_error("whoever started xenstored has gone");
        close(ready_fd);
        close_std();
        log_open(false);
    }
    loop_run(conn_round_end);
    conn_socket_close();
    if (options.pid_file)
        unlink(options.pid_file);
    return 0;
}
