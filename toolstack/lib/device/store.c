/* SPDX-License-Identifier: MIT */
/*
 * Short forms of xenstore calls.
 *
 * Owns nothing. Facts: the libxenstore interface. Locks: none; a handle serves one thread.
 */
#include "store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#define TRANSACTION_TRIES 100

/* Formats a path; use inside a variadic function whose last named argument is `format`. */
#define PATH_FROM(path, format)                              \
    char path[XENSTORE_ABS_PATH_MAX + 1];                    \
    do {                                                     \
        va_list ap_;                                         \
        va_start(ap_, format);                               \
        int n_ = vsnprintf(path, sizeof(path), format, ap_); \
        va_end(ap_);                                         \
        if (n_ < 0 || (size_t)n_ >= sizeof(path))            \
            return -ENAMETOOLONG;                            \
    } while (0)

static int failed(void)
{
    return errno ? -errno : -EIO;
}

int store_read(struct xs_handle *xs, xs_transaction_t t, char **value, const char *format, ...)
{
    unsigned int bytes;

    *value = NULL;
    PATH_FROM(path, format);
    errno = 0;
    *value = xs_read(xs, t, path, &bytes);
    return *value ? 0 : failed();
}

int store_read_number(struct xs_handle *xs, xs_transaction_t t, uint64_t *value, const char *format,
                      ...)
{
    char *text, *end;
    unsigned int bytes;

    PATH_FROM(path, format);
    errno = 0;
    text = xs_read(xs, t, path, &bytes);
    if (!text)
        return failed();
    errno = 0;
    *value = strtoull(text, &end, 10);
    int rc = end == text || *end || errno ? -EINVAL : 0;
    free(text);
    return rc;
}

int store_write(struct xs_handle *xs, xs_transaction_t t, const char *value, const char *format,
                ...)
{
    PATH_FROM(path, format);
    errno = 0;
    return xs_write(xs, t, path, value, (unsigned int)strlen(value)) ? 0 : failed();
}

int store_remove(struct xs_handle *xs, xs_transaction_t t, const char *format, ...)
{
    PATH_FROM(path, format);
    errno = 0;
    if (xs_rm(xs, t, path) || errno == ENOENT)
        return 0;
    return failed();
}

int store_make(struct xs_handle *xs, xs_transaction_t t, domid_t owner, domid_t reader,
               const char *format, ...)
{
    struct xs_permissions perms[2] = {
        { .id = owner, .perms = XS_PERM_NONE },
        { .id = reader, .perms = XS_PERM_READ },
    };

    PATH_FROM(path, format);
    errno = 0;
    if (!xs_mkdir(xs, t, path) ||
        !xs_set_permissions(xs, t, path, perms, reader == DOMID_INVALID ? 1 : 2))
        return failed();
    return 0;
}

bool store_exists(struct xs_handle *xs, const char *format, ...)
{
    unsigned int bytes;

    PATH_FROM(path, format);
    void *value = xs_read(xs, XBT_NULL, path, &bytes);
    free(value);
    return value;
}

int store_transact(struct xs_handle *xs,
                   int (*work)(struct xs_handle *xs, xs_transaction_t t, void *arg), void *arg)
{
    for (int i = 0; i < TRANSACTION_TRIES; i++) {
        xs_transaction_t t = xs_transaction_start(xs);

        if (t == XBT_NULL)
            return failed();
        int rc = work(xs, t, arg);
        errno = 0;
        if (xs_transaction_end(xs, t, rc != 0))
            return rc;
        if (rc)
            return rc;
        if (errno != EAGAIN)
            return failed();
    }
    return -EAGAIN;
}
