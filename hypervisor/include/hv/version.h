/* SPDX-License-Identifier: MIT */
/* What we are, and what XENVER_* tells guests and tools. */
#ifndef HV_VERSION_H
#define HV_VERSION_H

#define HV_VERSION "0.1"
#define HV_COMPILED_BY "domus"
#define HV_EXTRA_VERSION ".7-domus" /* XENVER_extraversion; with 4.17 gives 4.17.7-domus */
#ifdef __clang__
#define HV_COMPILER "clang " __clang_version__
#else
#define HV_COMPILER "gcc " __VERSION__
#endif

#endif
