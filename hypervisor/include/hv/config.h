/* SPDX-License-Identifier: MIT */
/*
 * Included before every hypervisor source file (-include). The image is linked statically at a
 * fixed address, so every symbol is ours: hidden visibility keeps references RIP-relative.
 */
#ifndef HV_CONFIG_H
#define HV_CONFIG_H

#ifndef __ASSEMBLY__
#ifndef HV_HOST_TEST
#pragma GCC visibility push(hidden)
#endif
#endif

#define MAX_CPUS 64            /* physical CPUs we bring up */
#define MAX_VCPUS 128          /* vCPUs a domain may have; the ABI allows up to 8192 */
#define HV_XEN_MAJOR 4         /* the ABI we speak (DESIGN D1) */
#define HV_XEN_MINOR 17

#endif
