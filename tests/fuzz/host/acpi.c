/* SPDX-License-Identifier: MIT */
/*
 * The firmware's tables: the input is all of memory. Its first byte chooses where the RSDP comes
 * from, a tag or the EFI system table at 36. Checksums are put right when a table is mapped.
 */
#include "hv/hv_host.h"

#include <asm/frame.h>
#include <asm/platform.h>

#define MAPPINGS 1024

struct boot_info boot_info;

static const u8 *memory;
static size_t memory_bytes;
static struct { void *at; } mapping[MAPPINGS];
static unsigned int nr_mappings;

static void set_sum(u8 *table, size_t n, unsigned int at)
{
    u8 sum = 0;

    table[at] = 0;
    for (size_t i = 0; i < n; i++)
        sum = (u8)(sum + table[i]);
    table[at] = (u8)-sum;
}

void *vmap_device(paddr_t pa, u64 bytes, u64 flags)
{
    u8 *copy;

    (void)flags;
    if (pa > memory_bytes || bytes > memory_bytes - pa || nr_mappings == MAPPINGS)
        return NULL;
    copy = malloc(bytes + !bytes);
    if (!copy)
        return NULL;
    memcpy(copy, memory + pa, bytes);
    if (bytes >= 36)
        set_sum(copy, bytes, 9);
    mapping[nr_mappings++].at = copy;
    return copy;
}

void vunmap_device(const void *va, u64 bytes)
{
    (void)bytes;
    for (unsigned int i = 0; i < nr_mappings; i++) {
        if (mapping[i].at != va)
            continue;
        free(mapping[i].at);
        mapping[i] = mapping[--nr_mappings];
        return;
    }
    abort();
}

static void check(void)
{
    if (acpi_info.nr_cpus > ARRAY_SIZE(acpi_info.cpu) ||
        acpi_info.nr_ioapics > ARRAY_SIZE(acpi_info.ioapic) ||
        acpi_info.nr_overrides > ARRAY_SIZE(acpi_info.override) ||
        acpi_info.nr_mmcfg > ARRAY_SIZE(acpi_info.mmcfg))
        abort();
    for (u32 i = 0; i < acpi_info.nr_cpus; i++)
        for (u32 j = 0; j < i; j++)
            if (acpi_info.cpu[i].apic_id == acpi_info.cpu[j].apic_id)
                abort();
    (void)acpi_find_table("DMAR");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 40)
        return 0;
    memory = data;
    memory_bytes = size;
    memset(&acpi_info, 0, sizeof(acpi_info));
    memset(&boot_info, 0, sizeof(boot_info));
    boot_info.is_efi = data[0] & 1;
    boot_info.efi_system_table = 36;
    boot_info.has_rsdp_copy = data[0] & 2;
    memcpy(boot_info.rsdp_copy, data, sizeof(boot_info.rsdp_copy));
    if (!setjmp(hv_panic)) {
        acpi_init();
        check();
    }
    while (nr_mappings)
        free(mapping[--nr_mappings].at);
    return 0;
}
