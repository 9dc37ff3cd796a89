/* SPDX-License-Identifier: MIT */
/*
 * What dom0 asks about the firmware: XENPF_firmware_info and the EFI runtime. The BIOS is never
 * called, so there is nothing about disks and displays; EFI's facts are those that efi.c kept. Its
 * runtime services are not called either: nobody has given them an address space. No locks.
 * ABI: public platform.h; errors as Xen 4.17. Facts: UEFI 2.9, 7.2; IBM PC BIOS data area.
 */
#include "platform_internal.h"

#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/boot_info.h>
#include <hv/guest_access.h>

#define BDA_SHIFT_FLAGS 0x417

struct efi_memory_descriptor {
    u32 type, pad;
    u64 start, virtual_start, nr_pages, attribute;
};

static long efi_version(union xenpf_efi_info *info)
{
    info->version = efi_info.version;
    return 0;
}

static long efi_config_table(union xenpf_efi_info *info)
{
    info->cfg.addr = efi_info.config_table;
    info->cfg.nent = efi_info.nr_config;
    return 0;
}

static long efi_vendor(union xenpf_efi_info *info)
{
    u32 room = info->vendor.bufsz / sizeof(efi_info.vendor[0]), n = 0;

    info->vendor.revision = efi_info.fw_revision;
    while (n < room && n < ARRAY_SIZE(efi_info.vendor))
        if (!efi_info.vendor[n++])
            break;
    if (copy_to_guest_va((u64)info->vendor.name.p, efi_info.vendor, n * sizeof(efi_info.vendor[0])))
        return -EFAULT;
    return 0;
}

static long efi_mem_info(union xenpf_efi_info *info)
{
    const char *map = paddr_to_virt(boot_info.efi_mmap);

    if (!boot_info.efi_mmap || boot_info.efi_desc_size < sizeof(struct efi_memory_descriptor))
        return -ESRCH;
    for (u32 at = 0; at + boot_info.efi_desc_size <= boot_info.efi_mmap_bytes;
         at += boot_info.efi_desc_size) {
        const struct efi_memory_descriptor *m = (const void *)(map + at);
        u64 end = m->start + m->nr_pages * PAGE_SIZE, addr = info->mem.addr;

        if (addr < m->start || addr >= end)
            continue;
        info->mem.type = m->type;
        info->mem.attr = m->attribute;
        if (addr + info->mem.size < addr || addr + info->mem.size > end)
            info->mem.size = end - addr;
        return 0;
    }
    return -ESRCH;
}

static long efi_rt_version(union xenpf_efi_info *info)
{
    (void)info;
    return -EOPNOTSUPP;
}

static long efi_pci_rom(union xenpf_efi_info *info)
{
    (void)info;
    return -ENOENT; /* boot services would have had them, and the loader has ended those */
}

static long efi_apple_properties(union xenpf_efi_info *info)
{
    (void)info;
    return -ENODATA;
}

static long (*const efi_fn[])(union xenpf_efi_info *) = {
    [XEN_FW_EFI_VERSION] = efi_version,
    [XEN_FW_EFI_CONFIG_TABLE] = efi_config_table,
    [XEN_FW_EFI_VENDOR] = efi_vendor,
    [XEN_FW_EFI_MEM_INFO] = efi_mem_info,
    [XEN_FW_EFI_RT_VERSION] = efi_rt_version,
    [XEN_FW_EFI_PCI_ROM] = efi_pci_rom,
    [XEN_FW_EFI_APPLE_PROPERTIES] = efi_apple_properties,
};

static long efi(u32 index, union xenpf_efi_info *info)
{
    if (!efi_info.present)
        return -ENOSYS;
    if (index >= ARRAY_SIZE(efi_fn))
        return -EINVAL;
    return efi_fn[array_index_nospec(index, ARRAY_SIZE(efi_fn))](info);
}

/* The BIOS keeps the keyboard's lock keys where dom0 cannot tell them from memory. */
static long kbd_shift_flags(u32 index, u8 *flags)
{
    const u8 *low;

    if (index)
        return -ESRCH;
    *flags = 0;
    if (efi_info.present)
        return 0;
    low = vmap_device(0, PAGE_SIZE, PAGE_HV_RO);
    if (!low)
        return -ENOMEM;
    *flags = low[BDA_SHIFT_FLAGS];
    vunmap_device(low, PAGE_SIZE);
    return 0;
}

long platform_firmware_info(struct xen_platform_op *op, bool *copy_out)
{
    struct xenpf_firmware_info *f = &op->u.firmware_info;
    long rc;

    switch (f->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO: return -ESRCH;
    case XEN_FW_EFI_INFO: rc = efi(f->index, &f->u.efi_info); break;
    case XEN_FW_KBD_SHIFT_FLAGS: rc = kbd_shift_flags(f->index, &f->u.kbd_shift_flags); break;
    default: return -EINVAL;
    }
    *copy_out = !rc;
    return rc;
}

long platform_efi_runtime_call(struct xen_platform_op *op, bool *copy_out)
{
    (void)op;
    (void)copy_out;
    return efi_info.present ? -EOPNOTSUPP : -ENOSYS;
}
