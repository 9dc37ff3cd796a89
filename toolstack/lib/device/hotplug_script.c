/* SPDX-License-Identifier: MIT */
/*
 * Runs users' scripts.
 *
 * Owns the process it starts, in a process group of its own. Facts: the contract of xl's hotplug
 * scripts. Locks: none.
 */
#include "hotplug_script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT_MS 40000 /* what xl grants */
#define SCRIPT_PATH \
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/xen-4.17/bin"

int hotplug_script_check(const char *path, const char *label, struct error *e)
{
    struct stat st;

    if (stat(path, &st) || (!S_ISREG(st.st_mode) && (errno = EINVAL)) || access(path, X_OK))
        return error_set(e, -errno, "the script %s of %s cannot be run: %s: correct script=", path,
                         label, strerror(errno));
    return 0;
}

static void run(const struct device *dev, const struct hotplug_script *script, int said)
{
    char path[DEVICE_PATH_MAX], *argv[4] = { (char *)script->path, (char *)script->action };
    int null = open("/dev/null", O_RDWR);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, 0);
    dup2(said, 1);
    dup2(said, 2);
    device_backend_path(dev, path);
    clearenv();
    setenv("PATH", SCRIPT_PATH, 1);
    setenv("script", script->path, 1);
    setenv("XENBUS_TYPE", dev->kind, 1);
    setenv("XENBUS_PATH", path + strlen("/local/domain/0/"), 1);
    setenv("XENBUS_BASE_PATH", "backend", 1);
    if (script->interface) {
        setenv("vif", script->interface, 1);
        setenv("dev", script->interface, 1);
        argv[2] = "type_if=vif";
    }
    execv(script->path, argv);
    dprintf(2, "%s\n", strerror(errno));
    _exit(127);
}

/* Until it has ended. Its group goes with it, should it leave somebody behind who holds on. */
static int await(pid_t pid, int *status)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), rc = 0;
    struct pollfd p = { .fd = fd, .events = POLLIN };

    if (fd >= 0) {
        do
            rc = poll(&p, 1, SCRIPT_MS);
        while (rc < 0 && errno == EINTR);
        close(fd);
    }
    if (rc <= 0)
        kill(-pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return rc > 0 ? 0 : -ETIMEDOUT;
}

static char *last_line(char *text)
{
    size_t len = strlen(text);

    while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
        text[--len] = '\0';
    char *at = strrchr(text, '\n');
    return at ? at + 1 : text;
}

/* What it has left as its reason in the store, else the last thing it has said. */
static int report(struct xs_handle *xs, const struct device *dev,
                  const struct hotplug_script *script, int rc, int status, int said,
                  struct error *e)
{
    char path[DEVICE_PATH_MAX], text[1024], how[48], *reason;
    ssize_t n = pread(said, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    device_backend_path(dev, path);
    if (rc == -ETIMEDOUT)
        snprintf(how, sizeof(how), "did not end within %d s", SCRIPT_MS / 1000);
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof(how), "died by signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
    store_read(xs, XBT_NULL, &reason, "%s/hotplug-error", path);
    rc = rc ? rc : -EIO;
    error_set(e, rc, "the script %s %s of %s %s: %.300s", script->path, script->action, dev->label,
              how,
              reason && *reason ? reason
              : *text           ? last_line(text)
                                : "it gives no reason");
    free(reason);
    return rc;
}

static int check_status(struct xs_handle *xs, const struct device *dev,
                        const struct hotplug_script *script, struct error *e)
{
    char path[DEVICE_PATH_MAX], *status;
    int rc = 0;

    device_backend_path(dev, path);
    store_read(xs, XBT_NULL, &status, "%s/hotplug-status", path);
    if (!status || strcmp(status, "connected"))
        rc =
            error_set(e, -EIO,
                      "the script %s %s of %s ended well but did not write hotplug-status=connected"
                      " to %s: correct it",
                      script->path, script->action, dev->label, path);
    free(status);
    return rc;
}

int hotplug_script_run(struct xs_handle *xs, const struct device *dev,
                       const struct hotplug_script *script, bool with_status, struct error *e)
{
    int said = memfd_create("script", MFD_CLOEXEC), status = 0, rc;
    pid_t pid = said < 0 ? -1 : fork();

    if (pid == 0)
        run(dev, script, said);
    if (pid < 0) {
        rc = error_set(e, -errno, "the script %s of %s cannot be started: %s", script->path,
                       dev->label, strerror(errno));
    } else {
        rc = await(pid, &status);
        if (rc || !WIFEXITED(status) || WEXITSTATUS(status))
            rc = report(xs, dev, script, rc, status, said, e);
        else if (with_status)
            rc = check_status(xs, dev, script, e);
    }
    if (said >= 0)
        close(said);
    return rc;
}
