/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables, read once at boot: RSDP from the loader's tag, the EFI configuration table or the
 * BIOS area; MADT, FADT, HPET, MCFG. Nothing here interprets AML: that is dom0's.
 * Facts: ACPI 6.4 chapters 5.2.5 to 5.2.12; IA-PC HPET 1.0a; PCI Firmware 3.2 (MCFG).
 */
#include <asm/frame.h>
#include <asm/platform.h>
#include <hv/boot.h>
#include <hv/printk.h>

struct sdt_header {
    char signature[4];
    u32 length;
    u8 revision, checksum;
    char oem_id[6], oem_table_id[8];
    u32 oem_revision, creator_id, creator_revision;
} __packed;

struct rsdp {
    char signature[8];
    u8 checksum;
    char oem_id[6];
    u8 revision;
    u32 rsdt;
    u32 length;
    u64 xsdt;
    u8 extended_checksum, reserved[3];
} __packed;

struct gas {
    u8 space, bit_width, bit_offset, access;
    u64 address;
} __packed;

struct acpi_info acpi_info;
#define MAX_TABLES 64
static const struct sdt_header *table[MAX_TABLES];
static u32 nr_tables;

static bool sum_is_zero(const void *p, size_t n)
{
    const u8 *b = p;
    u8 s = 0;

    while (n--)
        s = (u8)(s + *b++);
    return s == 0;
}

static void __init adopt_rsdp(const struct rsdp *r, paddr_t pa)
{
    if (memcmp(r->signature, "RSD PTR ", 8) || !sum_is_zero(r, 20))
        return;
    acpi_info.rsdp = pa;
    memcpy(boot_info.rsdp_copy, r, r->revision >= 2 ? sizeof(*r) : 20);
    boot_info.has_rsdp_copy = true;
}

/* ACPI 5.2.5.1: the first KiB of the EBDA, then 0xe0000..0xfffff, on 16-byte boundaries. */
static void __init scan_bios_area(void)
{
    const char *low = vmap_device(0, 0x100000, PAGE_HV_RO);
    u32 ebda;

    if (!low)
        return;
    ebda = (u32) * (const u16 *)(low + 0x40e) << 4;
    for (u32 a = ebda; ebda >= 0x400 && a < ebda + 1024 && a < 0xa0000 && !acpi_info.rsdp; a += 16)
        adopt_rsdp((const void *)(low + a), a);
    for (u32 a = 0xe0000; a < 0x100000 && !acpi_info.rsdp; a += 16)
        adopt_rsdp((const void *)(low + a), a);
    vunmap_device(low, 0x100000);
}

static const struct sdt_header *__init map_table(paddr_t pa)
{
    const struct sdt_header *h = vmap_device(pa, sizeof(*h), PAGE_HV_RO);
    u32 length;

    if (!h)
        return NULL;
    length = h->length;
    vunmap_device(h, sizeof(*h));
    if (length < sizeof(*h) || length > 0x400000)
        return NULL;
    h = vmap_device(pa, length, PAGE_HV_RO);
    if (h && !sum_is_zero(h, length)) {
        printk(LOG_WARN "ACPI: table %.4s at %#lx has a wrong checksum; ignored\n", h->signature,
               pa);
        vunmap_device(h, length);
        return NULL;
    }
    return h;
}

static void __init read_root_table(void)
{
    const struct rsdp *r = (const void *)boot_info.rsdp_copy;
    bool wide = r->revision >= 2 && r->xsdt;
    const struct sdt_header *root = map_table(wide ? r->xsdt : r->rsdt);
    u32 n, width = wide ? 8 : 4;

    if (!root)
        panic("ACPI: the root table is not readable; the machine cannot be described\n");
    nr_tables = 0;
    n = (root->length - (u32)sizeof(*root)) / width;
    for (u32 i = 0; i < n && nr_tables < MAX_TABLES; i++) {
        const char *entry = (const char *)(root + 1) + i * width;
        u64 pa = 0;

        memcpy(&pa, entry, width);
        table[nr_tables] = map_table(pa);
        if (table[nr_tables])
            nr_tables++;
    }
}

const void *acpi_find_table(const char sig[4])
{
    for (u32 i = 0; i < nr_tables; i++)
        if (!memcmp(table[i]->signature, sig, 4))
            return table[i];
    return NULL;
}

static void __init add_cpu(u32 apic_id, u32 acpi_id, u32 flags)
{
    u32 i = acpi_info.nr_cpus;

    if (!(flags & 1) || i == ARRAY_SIZE(acpi_info.cpu))
        return;
    for (u32 j = 0; j < i; j++)
        if (acpi_info.cpu[j].apic_id == apic_id)
            return; /* some firmware lists a processor as APIC and as x2APIC */
    acpi_info.cpu[i].apic_id = apic_id;
    acpi_info.cpu[i].acpi_id = acpi_id;
    acpi_info.cpu[i].enabled = true;
    acpi_info.nr_cpus++;
}

static void __init madt_ioapic(const u8 *e)
{
    u32 i = acpi_info.nr_ioapics, address, gsi;

    if (i == ARRAY_SIZE(acpi_info.ioapic))
        return;
    memcpy(&address, e + 4, 4);
    memcpy(&gsi, e + 8, 4);
    acpi_info.ioapic[i].id = e[2];
    acpi_info.ioapic[i].base = address;
    acpi_info.ioapic[i].gsi_base = gsi;
    acpi_info.nr_ioapics++;
}

static void __init madt_override(const u8 *e)
{
    u32 i = acpi_info.nr_overrides;

    if (i == ARRAY_SIZE(acpi_info.override))
        return;
    acpi_info.override[i].irq = e[3];
    memcpy(&acpi_info.override[i].gsi, e + 4, 4);
    acpi_info.override[i].polarity = e[8] & 3;
    acpi_info.override[i].trigger = e[8] >> 2 & 3;
    acpi_info.nr_overrides++;
}

static u32 __init word(const u8 *p)
{
    u32 v;

    memcpy(&v, p, 4);
    return v;
}

static void __init madt_entry(const u8 *e)
{
    switch (e[0]) {
    case 0:
        add_cpu(e[3], e[2], word(e + 4));
        break;
    case 1:
        madt_ioapic(e);
        break;
    case 2:
        madt_override(e);
        break;
    case 5:
        memcpy(&acpi_info.lapic_base, e + 4, 8);
        break;
    case 9:
        add_cpu(word(e + 4), word(e + 12), word(e + 8));
        break;
    default:
        break;
    }
}

static void __init read_madt(void)
{
    static const u8 min_length[10] = { 8, 12, 10, 0, 0, 12, 0, 0, 0, 16 };
    const struct sdt_header *h = acpi_find_table("APIC");
    const u8 *p, *end;

    if (!h || h->length < sizeof(*h) + 8)
        panic("ACPI: no MADT, so neither processors nor interrupt controllers are known\n");
    p = (const u8 *)(h + 1);
    end = (const u8 *)h + h->length;
    acpi_info.lapic_base = word(p);
    acpi_info.has_8259 = word(p + 4) & 1;
    for (p += 8; p + 2 <= end && p[1] >= 2 && p + p[1] <= end; p += p[1])
        if (p[0] < sizeof(min_length) && min_length[p[0]] && p[1] >= min_length[p[0]])
            madt_entry(p);
}

static void __init read_fadt(void)
{
    const struct sdt_header *h = acpi_find_table("FACP");
    const u8 *f = (const u8 *)h;

    if (!h || h->length < 112)
        return;
    memcpy(&acpi_info.sci_irq, f + 46, 2);
    acpi_info.smi_port = word(f + 48);
    acpi_info.pm1a_evt = word(f + 56);
    acpi_info.pm1a_cnt = word(f + 64);
    acpi_info.pm1b_cnt = word(f + 68);
    acpi_info.pm_timer_port = word(f + 76);
    acpi_info.pm1_evt_len = f[88];
    if (h->length >= 111)
        memcpy(&acpi_info.iapc_boot_arch, f + 109, 2);
    if (h->length >= 129) {
        struct gas reset;

        acpi_info.reset_flags = word(f + 112);
        memcpy(&reset, f + 116, sizeof(reset));
        acpi_info.reset_space = reset.space;
        acpi_info.reset_addr = reset.address;
        acpi_info.reset_width = reset.bit_width;
        acpi_info.reset_value = f[128];
    }
}

static void __init read_hpet(void)
{
    const struct sdt_header *h = acpi_find_table("HPET");
    struct gas base;

    if (!h || h->length < 56)
        return;
    memcpy(&base, (const u8 *)h + 40, sizeof(base));
    if (base.space == 0)
        acpi_info.hpet_base = base.address;
}

static void __init read_mcfg(void)
{
    const struct sdt_header *h = acpi_find_table("MCFG");
    const u8 *p;

    if (!h)
        return;
    for (p = (const u8 *)(h + 1) + 8; p + 16 <= (const u8 *)h + h->length; p += 16) {
        u32 i = acpi_info.nr_mmcfg;

        if (i == ARRAY_SIZE(acpi_info.mmcfg))
            return;
        memcpy(&acpi_info.mmcfg[i].base, p, 8);
        memcpy(&acpi_info.mmcfg[i].segment, p + 8, 2);
        acpi_info.mmcfg[i].first_bus = p[10];
        acpi_info.mmcfg[i].last_bus = p[11];
        acpi_info.nr_mmcfg++;
    }
}

void __init acpi_init(void)
{
    efi_find_rsdp();
    if (!boot_info.has_rsdp_copy)
        scan_bios_area();
    if (!boot_info.has_rsdp_copy)
        panic("ACPI: no RSDP from the loader, EFI or the BIOS area\n");
    read_root_table();
    read_madt();
    read_fadt();
    read_hpet();
    read_mcfg();
    printk(LOG_INFO "ACPI: %u tables, %u CPUs, %u I/O APICs, PM timer port %#x, HPET %#lx\n",
           nr_tables, acpi_info.nr_cpus, acpi_info.nr_ioapics, acpi_info.pm_timer_port,
           acpi_info.hpet_base);
}
