/* SPDX-License-Identifier: MIT */
/* What hypervisor sources need around them on the host: hv_host.c. */
#ifndef FUZZ_HV_HOST_H
#define FUZZ_HV_HOST_H

#include <setjmp.h>
#include <stdlib.h>

#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/printk.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A panic() of the code under test comes back here: set before it is called. */
extern jmp_buf hv_panic;

#endif
