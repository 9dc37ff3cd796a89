/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor says about itself. Owns nothing. ABI: <xen/version.h>.
 */
#include "control.h"

#include <string.h>

static int get_struct(struct control *ctl, unsigned int cmd, void *arg, size_t bytes)
{
    memset(arg, 0, bytes);
    return privcmd_call_op(&ctl->privcmd, __HYPERVISOR_xen_version, cmd, arg, bytes, 0, NULL);
}

/* out has one byte more than the ABI's array, which need not be terminated. */
static int get_text(struct control *ctl, unsigned int cmd, char *out, size_t bytes)
{
    int rc = get_struct(ctl, cmd, out, bytes);

    out[bytes] = '\0';
    return rc;
}

static int get_compile_info(struct control *ctl, struct xen_version_info *info)
{
    struct xen_compile_info compile;
    int rc = get_struct(ctl, XENVER_compile_info, &compile, sizeof(compile));

    memcpy(info->compiler, compile.compiler, sizeof(compile.compiler));
    memcpy(info->compile_by, compile.compile_by, sizeof(compile.compile_by));
    memcpy(info->compile_domain, compile.compile_domain, sizeof(compile.compile_domain));
    memcpy(info->compile_date, compile.compile_date, sizeof(compile.compile_date));
    return rc;
}

static int get_numbers(struct control *ctl, struct xen_version_info *info)
{
    struct xen_platform_parameters platform;
    long result;
    int rc = privcmd_hypercall(&ctl->privcmd, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0,
                               &result);

    if (rc)
        return rc;
    info->major = (unsigned int)(result >> 16);
    info->minor = (unsigned int)(result & 0xffff);
    rc = privcmd_hypercall(&ctl->privcmd, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0,
                           &result);
    if (rc)
        return rc;
    info->page_size = (unsigned int)result;
    rc = get_struct(ctl, XENVER_platform_parameters, &platform, sizeof(platform));
    info->virt_start = platform.virt_start;
    return rc;
}

int xen_version_get(struct control *ctl, struct xen_version_info *info)
{
    const struct {
        unsigned int cmd;
        char *out;
        size_t bytes;
    } texts[] = {
        { XENVER_extraversion, info->extra, sizeof(info->extra) - 1 },
        { XENVER_capabilities, info->capabilities, sizeof(info->capabilities) - 1 },
        { XENVER_changeset, info->changeset, sizeof(info->changeset) - 1 },
        { XENVER_commandline, info->command_line, sizeof(info->command_line) - 1 },
    };
    int rc;

    memset(info, 0, sizeof(*info));
    rc = get_numbers(ctl, info);
    for (size_t i = 0; rc == 0 && i < sizeof(texts) / sizeof(texts[0]); i++)
        rc = get_text(ctl, texts[i].cmd, texts[i].out, texts[i].bytes);
    return rc ? rc : get_compile_info(ctl, info);
}
