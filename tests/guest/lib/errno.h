/* SPDX-License-Identifier: MIT */
/* Xen's error numbers under the usual names, as the ABI header's x-macro lists them. */
#ifndef TEST_ERRNO_H
#define TEST_ERRNO_H

#define XEN_ERRNO(name, value) name = value,
enum test_errno {
#include <xen/errno.h>
};

#endif
