/* SPDX-License-Identifier: MIT */
/*
 * Helpers of the client library that need no handle. Owns the buffer of xs_daemon_socket().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenstore.h>

const char *xs_daemon_rundir(void)
{
    const char *dir = getenv("XENSTORED_RUNDIR");

    return dir ? dir : "/run/xenstored";
}

const char *xs_daemon_socket(void)
{
    static char path[PATH_MAX];
    const char *given = getenv("XENSTORED_PATH");

    if (given)
        return given;
    snprintf(path, sizeof(path), "%s/socket", xs_daemon_rundir());
    return path;
}

const char *xs_daemon_socket_ro(void)
{
    return xs_daemon_socket();
}

bool xs_write_all(int fd, const void *data, unsigned int len)
{
    const char *from = data;

    while (len) {
        ssize_t n = write(fd, from, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        from += n;
        len -= (unsigned int)n;
    }
    return true;
}

static bool string_to_perm(const char *s, struct xs_permissions *p)
{
    static const char letters[] = "nrwb"; /* position = XS_PERM_* */
    const char *letter = *s ? strchr(letters, *s) : NULL;
    char *end;

    if (!letter)
        return false;
    p->perms = (unsigned int)(letter - letters);
    p->id = (unsigned int)strtoul(s + 1, &end, 10);
    return s[1] && *end == '\0';
}

bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num, const char *strings)
{
    for (unsigned int i = 0; i < num; i++) {
        if (!string_to_perm(strings, &perms[i])) {
            errno = EINVAL;
            return false;
        }
        strings += strlen(strings) + 1;
    }
    return true;
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t len = strlen(parent);

    if (strcmp(parent, "/") == 0)
        return child[0] == '/';
    return strncmp(parent, child, len) == 0 && (child[len] == '\0' || child[len] == '/');
}
