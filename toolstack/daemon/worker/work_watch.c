/* SPDX-License-Identifier: MIT */
/*
 * The job that listens to the store for domains that end.
 *
 * Runs in a worker for as long as the store does: domusd itself never waits for the store.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

int work_watch(struct worker *w, void *args)
{
    struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
    int rc = worker_need_store(w);

    (void)args;
    if (rc)
        return rc;
    if (!xs_watch(w->xs, "@releaseDomain", "end"))
        return error_set(&w->error, -errno, "cannot watch the store: %s", strerror(errno));
    fds[0].fd = xs_fileno(w->xs);
    fds[1].fd = w->fd;
    for (;;) {
        char **event;
        bool seen = false;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return error_set(&w->error, -errno, "poll: %s", strerror(errno));
        if (fds[1].revents)
            worker_poll(w);
        errno = 0;
        while ((event = xs_check_watch(w->xs))) {
            seen = true;
            free(event);
        }
        if (errno != EAGAIN)
            return error_set(&w->error, -EPIPE, "the store has gone away: %s", strerror(errno));
        if (seen)
            worker_send(w, NOTE_EVENT, 0, NULL, 0);
    }
}
