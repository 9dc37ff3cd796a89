/* SPDX-License-Identifier: MIT */
/*
 * bzip2 where libbz2 cannot be linked: in the hypervisor.
 */
#include "unpack_sink.h"

int unpack_bzip2(const uint8_t *data, size_t size, struct sink *sink)
{
    (void)data;
    (void)size;
    (void)sink;
    return -IMAGE_E_COMPRESSION;
}
