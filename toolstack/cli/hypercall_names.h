/* SPDX-License-Identifier: MIT */
/* Names of hypercall numbers, generated from hypervisor/common/hypercall.c. */
#ifndef DOMUS_CLI_HYPERCALL_NAMES_H
#define DOMUS_CLI_HYPERCALL_NAMES_H

/* Never NULL: "?" for a number without a call. */
const char *hypercall_name(unsigned int number);

#endif
