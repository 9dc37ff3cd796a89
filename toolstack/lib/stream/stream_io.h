/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a saved domain: read from a descriptor or from memory, written to a descriptor, counted
 * and summed up on the way.
 */
#ifndef TOOLSTACK_STREAM_IO_H
#define TOOLSTACK_STREAM_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct stream_in {
    const char *name; /* for messages */
    int fd;           /* -1: all there is, is in the buffer */
    uint8_t *buffer;
    size_t used, at; /* bytes in the buffer, and the next one */
    uint64_t offset; /* of the next byte, in the stream */
    uint64_t crc;    /* of all bytes read */
    bool own_buffer;
};

/* Reads from a descriptor, from where it stands. -ENOMEM with the error set. */
int stream_in_open(struct stream_in *in, int fd, const char *name, struct error *e);
/* Reads the bytes given, which stay the caller's. */
void stream_in_memory(struct stream_in *in, const void *bytes, size_t count, const char *name);
void stream_in_close(struct stream_in *in);

/* Reads exactly so many bytes. -ENODATA: the stream ends before; `what` says for the sentence in
 * the middle of what. */
int stream_in_read(struct stream_in *in, void *to, size_t count, const char *what, struct error *e);
/* Reads up to so many bytes; *got < count only at the end. */
int stream_in_read_some(struct stream_in *in, void *to, size_t count, size_t *got, struct error *e);

/* Stores "NAME is damaged at byte N: " and the rest. Returns -EBADMSG. */
int stream_in_bad(const struct stream_in *in, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct stream_out {
    const char *name;
    int fd;
    uint8_t *buffer;
    size_t used;
    uint64_t offset;
    uint64_t crc;
};

int stream_out_open(struct stream_out *out, int fd, const char *name, struct error *e);
int stream_out_write(struct stream_out *out, const void *bytes, size_t count, struct error *e);
/* Hands to the kernel what is still in the buffer. */
int stream_out_flush(struct stream_out *out, struct error *e);
void stream_out_close(struct stream_out *out);

#endif
