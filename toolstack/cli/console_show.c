/* SPDX-License-Identifier: MIT */
/*
 * A guest's console on the user's terminal.
 *
 * Owns the terminal's mode while it runs and puts it back however it ends. The guest's bytes go to
 * the terminal as they are, which is what a console is. Locks: none.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"

#define ESCAPE_BYTE 0x1d /* ctrl-] */
#define LINGER_MS   500  /* after the end of a script's input: what comes still belongs to it */

static struct termios saved;
static volatile sig_atomic_t is_raw;

static void restore_terminal(void)
{
    if (is_raw)
        tcsetattr(0, TCSAFLUSH, &saved);
    is_raw = 0;
}

static void end_by_signal(int number)
{
    restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

static void make_raw(void)
{
    struct termios raw;

    if (tcgetattr(0, &saved))
        return; /* not a terminal */
    raw = saved;
    cfmakeraw(&raw);
    atexit(restore_terminal);
    signal(SIGTERM, end_by_signal);
    signal(SIGHUP, end_by_signal);
    signal(SIGINT, end_by_signal);
    is_raw = 1;
    tcsetattr(0, TCSAFLUSH, &raw);
}

static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count) {
        ssize_t n = write(fd, bytes, count);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        count -= (size_t)n;
    }
    return true;
}

enum shown { SHOWN_MORE, SHOWN_ENDED, SHOWN_NOBODY };

/* From the socket to the terminal. */
static enum shown show_some(int fd)
{
    char bytes[8192];
    ssize_t n = read(fd, bytes, sizeof(bytes));

    if (n <= 0)
        return SHOWN_ENDED;
    return write_all(1, bytes, (size_t)n) ? SHOWN_MORE : SHOWN_NOBODY;
}

enum typed { TYPED_MORE, TYPED_LEAVE, TYPED_END };

/* From the terminal to the socket, up to the byte that leaves. */
static enum typed type_some(int fd)
{
    char bytes[1024], *leave;
    ssize_t n = read(0, bytes, sizeof(bytes));

    if (n <= 0)
        return TYPED_END;
    leave = memchr(bytes, ESCAPE_BYTE, (size_t)n);
    if (!write_all(fd, bytes, leave ? (size_t)(leave - bytes) : (size_t)n))
        return TYPED_LEAVE;
    return leave ? TYPED_LEAVE : TYPED_MORE;
}

/* True if the user has left, false if the console has ended. */
static bool relay(int fd)
{
    struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = 0, .events = POLLIN } };

    for (;;) {
        int n = poll(fds, 2, fds[1].fd < 0 ? LINGER_MS : -1);

        if (n < 0 && errno != EINTR)
            return true;
        if (n == 0)
            return true;
        if (n > 0 && fds[0].revents) {
            enum shown shown = show_some(fd);

            if (shown != SHOWN_MORE)
                return shown == SHOWN_NOBODY;
        }
        if (n > 0 && fds[1].revents) {
            enum typed typed = type_some(fd);

            if (typed == TYPED_LEAVE)
                return true;
            if (typed == TYPED_END)
                fds[1].fd = -1;
        }
    }
}

int console_show(const char *domain, long backlog, int (*begun)(void *arg), void *arg)
{
    struct json_out *params;
    struct client_answer *answer;
    int fd = client_connect(), status;

    if (fd < 0)
        return CMD_FAILED;
    params = client_params();
    json_string(params, "domain", domain);
    json_int(params, "backlog", backlog);
    answer = client_call_on(fd, "console", params, false);
    status = answer && begun ? begun(arg) : answer ? CMD_OK : CMD_FAILED;
    client_free(answer);
    if (status != CMD_OK) {
        close(fd);
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    make_raw();
    bool left = relay(fd);
    restore_terminal();
    close(fd);
    fprintf(stderr, left ? "\n" : "\ndomus: the domain has ended\n");
    return CMD_OK;
}
