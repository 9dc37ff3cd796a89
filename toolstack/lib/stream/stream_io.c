/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a saved domain.
 *
 * Owns the buffers. A reader or writer belongs to one thread. Locks: none.
 */
#include "stream_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>

#define BUFFER_BYTES (256u << 10)

/* ---- reading -------------------------------------------------------------------------- */

int stream_in_open(struct stream_in *in, int fd, const char *name, struct error *e)
{
    *in = (struct stream_in){ .name = name, .fd = fd, .own_buffer = true };
    in->buffer = malloc(BUFFER_BYTES);
    return in->buffer ? 0 : error_set(e, -ENOMEM, "there is not enough memory to read %s", name);
}

void stream_in_memory(struct stream_in *in, const void *bytes, size_t count, const char *name)
{
    *in = (struct stream_in){
        .name = name, .fd = -1, .buffer = (uint8_t *)(uintptr_t)bytes, .used = count
    };
}

void stream_in_close(struct stream_in *in)
{
    if (in->own_buffer)
        free(in->buffer);
    in->buffer = NULL;
}

/* Puts something into the empty buffer; nothing at the end of the stream. */
static int refill(struct stream_in *in, struct error *e)
{
    ssize_t n = 0;

    if (in->fd < 0)
        return 0;
    do
        n = read(in->fd, in->buffer, BUFFER_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_set(e, -errno, "%s cannot be read: %s", in->name, strerror(errno));
    in->used = (size_t)n;
    in->at = 0;
    return 0;
}

int stream_in_read_some(struct stream_in *in, void *to, size_t count, size_t *got, struct error *e)
{
    uint8_t *bytes = to;

    *got = 0;
    while (*got < count) {
        if (in->at == in->used) {
            int rc = refill(in, e);

            if (rc)
                return rc;
            if (in->at == in->used)
                break;
        }
        size_t now = count - *got < in->used - in->at ? count - *got : in->used - in->at;
        memcpy(bytes + *got, in->buffer + in->at, now);
        in->at += now;
        *got += now;
    }
    in->offset += *got;
    in->crc = lzma_crc64(bytes, *got, in->crc);
    return 0;
}

int stream_in_read(struct stream_in *in, void *to, size_t count, const char *what, struct error *e)
{
    size_t got;
    int rc = stream_in_read_some(in, to, count, &got, e);

    if (rc || got == count)
        return rc;
    return error_set(e, -ENODATA,
                     "%s is incomplete: it ends after %" PRIu64 " bytes, in the middle of %s: it "
                     "was cut off when it was saved or copied",
                     in->name, in->offset, what);
}

int stream_in_bad(const struct stream_in *in, struct error *e, const char *format, ...)
{
    char cause[ERROR_TEXT_BYTES / 2];
    va_list args;

    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    return error_set(e, -EBADMSG, "%s cannot be restored: %s (before byte %" PRIu64 ")", in->name,
                     cause, in->offset);
}

/* ---- writing -------------------------------------------------------------------------- */

int stream_out_open(struct stream_out *out, int fd, const char *name, struct error *e)
{
    *out = (struct stream_out){ .name = name, .fd = fd };
    out->buffer = malloc(BUFFER_BYTES);
    return out->buffer ? 0 : error_set(e, -ENOMEM, "there is not enough memory to write %s", name);
}

void stream_out_close(struct stream_out *out)
{
    free(out->buffer);
    out->buffer = NULL;
}

int stream_out_flush(struct stream_out *out, struct error *e)
{
    size_t done = 0;

    while (done < out->used) {
        ssize_t n = write(out->fd, out->buffer + done, out->used - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int rc = n < 0 ? -errno : -EIO;

            return error_set(e, rc, "%s cannot be written: %s", out->name, strerror(-rc));
        }
        done += (size_t)n;
    }
    out->used = 0;
    return 0;
}

int stream_out_write(struct stream_out *out, const void *bytes, size_t count, struct error *e)
{
    const uint8_t *from = bytes;

    out->crc = lzma_crc64(from, count, out->crc);
    out->offset += count;
    while (count) {
        size_t now = BUFFER_BYTES - out->used < count ? BUFFER_BYTES - out->used : count;

        memcpy(out->buffer + out->used, from, now);
        out->used += now;
        from += now;
        count -= now;
        if (out->used == BUFFER_BYTES) {
            int rc = stream_out_flush(out, e);

            if (rc)
                return rc;
        }
    }
    return 0;
}
