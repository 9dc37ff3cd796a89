/* SPDX-License-Identifier: MIT */
/*
 * Boot options. A file declares its own: BOOT_PARAM("dom0_mem", parse_fn). An unknown option is
 * reported, not fatal. Xen's spelling (docs/misc/xen-command-line): boolean forms "x", "no-x",
 * "x=0|1|yes|no|on|off|true|false|enable|disable".
 */
#ifndef HV_PARAMS_H
#define HV_PARAMS_H

#include <hv/lib.h>

struct boot_param {
    const char *name;
    int (*parse)(
        const char *value); /* text after '=', "" when there is none; "no" form: value "no" */
};
#define BOOT_PARAM(name, fn)                                                     \
    static const struct boot_param __used __section(".init.params") __aligned(8) \
        param_##fn = { name, fn }

void boot_params_parse(const char *cmdline);
extern char saved_cmdline[1024];
/** -1: not a boolean; else 0 or 1. "" counts as true. */
int parse_bool(const char *s);

#endif
