/* SPDX-License-Identifier: MIT */
/* The old name of the x86 part of the ABI; kept because guests include it. Leaf; no locks. */
#include "xen.h"
