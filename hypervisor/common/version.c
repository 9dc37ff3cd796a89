/* SPDX-License-Identifier: MIT */
/*
 * hypercall xen_version(cmd, arg). What identifies the machine's owner (command line, build id)
 * is for privileged domains; others read "<denied>". ABI: public version.h and features.h.
 */
#include <hv/sections.h>
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/params.h>
#include <hv/version.h>
#include <xen/features.h>
#include <xen/version.h>

static const char denied[] = "<denied>";

static long copy_string(u64 arg, const char *s, size_t field)
{
    char buf[1024] = {0};

    strlcpy(buf, s, MIN(field, sizeof(buf)));
    return copy_to_guest_va(arg, buf, field) ? -EFAULT : 0;
}

static long get_version(u64 arg)
{
    (void)arg;
    return HV_XEN_MAJOR << 16 | HV_XEN_MINOR;
}

static long get_extraversion(u64 arg)
{
    return copy_string(arg, HV_EXTRA_VERSION, sizeof(xen_extraversion_t));
}

static long get_compile_info(u64 arg)
{
    struct xen_compile_info info = {0};

    strlcpy(info.compiler, HV_COMPILER, sizeof(info.compiler));
    strlcpy(info.compile_by, HV_COMPILED_BY, sizeof(info.compile_by));
    strlcpy(info.compile_domain, HV_COMPILED_BY, sizeof(info.compile_domain));
    strlcpy(info.compile_date, HV_VERSION, sizeof(info.compile_date));
    return copy_to_guest_va(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long get_capabilities(u64 arg)
{
    char buf[sizeof(xen_capabilities_info_t)] = {0};

    arch_capabilities_string(buf, sizeof(buf));
    return copy_to_guest_va(arg, buf, sizeof(buf)) ? -EFAULT : 0;
}

static long get_changeset(u64 arg)
{
    return copy_string(arg, "domus " HV_VERSION, sizeof(xen_changeset_info_t));
}

static long get_platform_parameters(u64 arg)
{
    struct xen_platform_parameters p = {.virt_start = HV_VIRT_START};

    return copy_to_guest_va(arg, &p, sizeof(p)) ? -EFAULT : 0;
}

static long get_features(u64 arg)
{
    struct xen_feature_info fi;

    if (copy_from_guest_va(&fi, arg, sizeof(fi)))
        return -EFAULT;
    if (fi.submap_idx >= XENFEAT_NR_SUBMAPS)
        return -EINVAL;
    fi.submap = arch_xen_features(current->domain, fi.submap_idx);
    return copy_to_guest_va(arg, &fi, sizeof(fi)) ? -EFAULT : 0;
}

static long get_pagesize(u64 arg)
{
    return arg ? -EINVAL : (long)PAGE_SIZE;
}

static long get_guest_handle(u64 arg)
{
    return copy_to_guest_va(arg, current->domain->handle, sizeof(current->domain->handle))
               ? -EFAULT : 0;
}

static long get_commandline(u64 arg)
{
    bool may = is_control_domain(current->domain);

    return copy_string(arg, may ? saved_cmdline : denied, sizeof(xen_commandline_t));
}

/* The linker's note: name "GNU", then the hash (see hypervisor.lds.S). */
extern const u32 build_id_note[];

static long get_build_id(u64 arg)
{
    struct xen_build_id head;
    u32 bytes;

    if (!is_control_domain(current->domain))
        return -EPERM;
    if (build_id_note[2] != 3)
        return -ENODATA;
    bytes = build_id_note[1];
    if (!arg)
        return bytes;
    if (copy_from_guest_va(&head, arg, sizeof(head)))
        return -EFAULT;
    if (!head.len)
        return -EINVAL;
    if (bytes > head.len)
        return -ENOBUFS;
    if (copy_to_guest_va(arg + offsetof(struct xen_build_id, buf), &build_id_note[4], bytes))
        return -EFAULT;
    return bytes;
}

static long (*const ops[])(u64 arg) = {
    [XENVER_version] = get_version,
    [XENVER_extraversion] = get_extraversion,
    [XENVER_compile_info] = get_compile_info,
    [XENVER_capabilities] = get_capabilities,
    [XENVER_changeset] = get_changeset,
    [XENVER_platform_parameters] = get_platform_parameters,
    [XENVER_get_features] = get_features,
    [XENVER_pagesize] = get_pagesize,
    [XENVER_guest_handle] = get_guest_handle,
    [XENVER_commandline] = get_commandline,
    [XENVER_build_id] = get_build_id,
};

HC(xen_version)
{
    unsigned int cmd = (unsigned int)a1;

    (void)a3; (void)a4; (void)a5;
    if (cmd >= ARRAY_SIZE(ops) || !ops[array_index_nospec(cmd, ARRAY_SIZE(ops))])
        return -ENOSYS;
    return ops[array_index_nospec(cmd, ARRAY_SIZE(ops))](a2);
}
