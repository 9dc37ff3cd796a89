/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a saved domain's file, as xl writes it: a header and the configuration. And
 * its end: what domus adds.
 */
#ifndef TOOLSTACK_XL_FILE_H
#define TOOLSTACK_XL_FILE_H

#include "stream_io.h"

/* Writes header and configuration (JSON text). */
int xl_file_write(struct stream_out *out, const char *json, struct error *e);

/* Reads them; *json is allocated and ends with a NUL. */
int xl_file_read(struct stream_in *in, char **json, struct error *e);

/* Writes the checksum of all that was written before it. */
int xl_file_write_trailer(struct stream_out *out, struct error *e);

/* Behind the stream: nothing, as xl leaves it, or a checksum, which must be right, and nothing. */
int xl_file_check_trailer(struct stream_in *in, struct error *e);

#endif
