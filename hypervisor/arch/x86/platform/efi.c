/* SPDX-License-Identifier: MIT */
/*
 * What EFI left behind, for a dom0 that must find its tables: configuration table, vendor and
 * version of the firmware. GRUB has exited boot services; nobody has called SetVirtualAddressMap,
 * so pointers are machine addresses. Facts: UEFI 2.9 chapters 4.3 and 4.6.
 */
#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/boot.h>
#include <hv/printk.h>

struct efi_table_header { u64 signature; u32 revision, header_size, crc32, reserved; };
struct efi_system_table {
    struct efi_table_header header;
    u64 vendor;         /* CHAR16 * */
    u32 revision, pad;
    u64 pointers[8];    /* three console handles and protocols, runtime services, boot services */
    u64 nr_tables;
    u64 tables;
};
struct efi_config_entry { u8 guid[16]; u64 address; };

static const u8 acpi20_guid[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                   0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
static const u8 acpi10_guid[16] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
                                   0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};

struct efi_info efi_info;

static bool __init copy_from_machine(void *dst, u64 pa, size_t n)
{
    const void *p = vmap_device(pa, n, PAGE_HV_RO);

    if (!p)
        return false;
    memcpy(dst, p, n);
    vunmap_device(p, n);
    return true;
}

static void __init take_rsdp(u64 address)
{
    if (copy_from_machine(boot_info.rsdp_copy, address, sizeof(boot_info.rsdp_copy))) {
        boot_info.has_rsdp_copy = true;
        boot_info.rsdp = address;
    }
}

static void __init read_config_table(const struct efi_system_table *st)
{
    for (u64 i = 0; i < st->nr_tables && i < 256; i++) {
        struct efi_config_entry e;

        if (!copy_from_machine(&e, st->tables + i * sizeof(e), sizeof(e)))
            return;
        if (!memcmp(e.guid, acpi20_guid, 16))
            take_rsdp(e.address);
        else if (!memcmp(e.guid, acpi10_guid, 16) && !boot_info.has_rsdp_copy)
            take_rsdp(e.address);
    }
}

void __init efi_find_rsdp(void)
{
    struct efi_system_table st;

    if (!boot_info.is_efi || !copy_from_machine(&st, boot_info.efi_system_table, sizeof(st)))
        return;
    efi_info.present = true;
    efi_info.version = st.header.revision;
    efi_info.fw_revision = st.revision;
    efi_info.config_table = st.tables;
    efi_info.nr_config = (u32)st.nr_tables;
    (void)copy_from_machine(efi_info.vendor, st.vendor, sizeof(efi_info.vendor) - 2);
    read_config_table(&st);
}
