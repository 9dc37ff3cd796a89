/* SPDX-License-Identifier: MIT */
/*
 * Builds dom0 from the boot modules: kernel (0) and ramdisk (1, optional). Everything ends up as a
 * guest could have made it: page tables are validated and pinned through the same checks, and vCPU
 * 0 gets its context through the same function. Boot CPU, interrupts on; panics with a sentence
 * when it cannot be.
 */
#include <asm/frame.h>
#include <asm/pv_mm.h>
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/boot_info.h>
#include <hv/errno.h>
#include <hv/grant_table.h>
#include <hv/kernel_unpack.h>
#include <hv/page_alloc.h>
#include <hv/printk.h>
#include <hv/softirq.h>
#include <image/unpack.h>
#include <xen/domctl.h>

#include "../hypercall_page.h"
#include "internal.h"

#define DOM0_MAX_EVENT_PORT  0x1ffff /* what FIFO events can have */
#define DOM0_GRANT_FRAMES    64
#define DOM0_MAPTRACK_FRAMES 1024

static const void *module_data(const struct boot_module *m)
{
    return paddr_to_virt(m->start);
}

/* GRUB's script puts a word there for loaders that drop the first one. */
static const char *dom0_cmdline(const char *s)
{
    static const char filler[] = "placeholder";

    while (*s == ' ')
        s++;
    if (!strncmp(s, filler, sizeof(filler) - 1) &&
        (s[sizeof(filler) - 1] == ' ' || !s[sizeof(filler) - 1]))
        s += sizeof(filler) - 1;
    while (*s == ' ')
        s++;
    return s;
}

/* The kernel as an ELF file: where the module lies, or unpacked. */
static void open_kernel(const struct boot_module *m, struct kernel_elf *elf)
{
    const void *file = module_data(m);
    struct image_payload payload;
    int rc;

    if (image_is_elf(file, m->bytes)) {
        *elf = (struct kernel_elf){ .elf = file, .bytes = m->bytes };
        return;
    }
    rc = kernel_unpack(file, m->bytes, elf);
    if (rc == -IMAGE_E_COMPRESSION && !image_find_payload(file, m->bytes, &payload))
        panic("dom0's kernel is compressed with %s: use gzip, lzma, xz, lz4, zstd, or none\n",
              payload.format_name);
    if (rc)
        panic("The first module is no kernel for dom0: %s\n", image_strerror(rc));
    printk(LOG_INFO "dom0's kernel unpacked: %lu KiB from %lu KiB\n", elf->bytes >> 10,
           m->bytes >> 10);
}

static struct domain *create(u64 nr_pages, unsigned int nr_vcpus)
{
    struct domain_create_params p = {
        .max_vcpus = nr_vcpus,
        .max_evtchn_port = DOM0_MAX_EVENT_PORT,
        .max_grant_frames = DOM0_GRANT_FRAMES,
        .max_maptrack_frames = DOM0_MAPTRACK_FRAMES,
        .grant_opts = XEN_DOMCTL_GRANT_version(grant_table_max_version()),
        .is_control = true,
        .is_hardware = true,
    };
    struct domain *d;
    int rc = domain_create(0, &p, &d);

    if (rc)
        panic("dom0 cannot be created: error %d\n", rc);
    d->max_pages = dom0_max_pages(nr_pages);
    hardware_domain = d;
    for (unsigned int i = 0; i < nr_vcpus; i++) {
        struct vcpu *v = vcpu_create(d, i);

        if (!v)
            panic("dom0's vCPU %u cannot be created\n", i);
        dom0_pin(v);
    }
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    return d;
}

static void load_segments(const struct dom0_memory *m, const struct pv_image *image,
                          const struct kernel_elf *k)
{
    for (unsigned int i = 0; i < image->nr_segments; i++) {
        const struct pv_segment *s = &image->segments[i];

        dom0_copy(m, s->phys, image_segment_bytes(image, i, k->elf), s->file_bytes);
        dom0_clear(m, s->phys + s->file_bytes, s->mem_bytes - s->file_bytes);
    }
}

static void pin_root(struct domain *d, u64 mfn)
{
    struct mmuext_op op = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = mfn };
    int rc;

    while ((rc = mmuext_pin(d, &op)) == -EINTR || rc == -ERESTART)
        softirq_run_pending_only();
    if (rc)
        panic("dom0's page tables are not acceptable: error %d\n", rc);
}

static void start_vcpu0(struct domain *d, const struct pv_image *image, const struct pv_layout *l,
                        u64 root)
{
    struct vcpu_guest_context *c = zalloc_obj(struct vcpu_guest_context);
    int rc;

    if (!c)
        panic("No memory for dom0's first context\n");
    c->flags = VGCF_in_kernel | VGCF_online;
    c->user_regs.rip = image->entry;
    c->user_regs.rsp = l->stack.va + PAGE_SIZE;
    c->user_regs.rsi = l->start_info.va;
    c->user_regs.rflags = 0x202;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = c->user_regs.rsp;
    c->ctrlreg[3] = root << PAGE_SHIFT;
    while ((rc = d->ops->vcpu_set_context(d->vcpu[0], c)) == -ERESTART)
        softirq_run_pending_only();
    if (rc)
        panic("dom0's first context is not acceptable: error %d\n", rc);
    hv_free(c);
}

static void compute_layout(const struct pv_image *image, u64 nr_pages, u64 ramdisk_bytes,
                           struct pv_layout *l)
{
    struct pv_layout_request request = {
        .image = image,
        .nr_pages = nr_pages,
        .ramdisk_bytes = ramdisk_bytes,
        .is_dom0 = true,
    };
    int rc = pv_layout_compute(&request, l);

    if (rc == -IMAGE_E_MEMORY_TOO_SMALL)
        panic("dom0 has %lu MiB but needs %lu MiB to start: raise dom0_mem=\n", nr_pages >> 8,
              (l->needed_pages >> 8) + 1);
    if (rc)
        panic("dom0's kernel asks for an impossible layout: %s\n", image_strerror(rc));
}

static void report(const struct pv_image *image, const struct pv_layout *l, u64 nr_pages)
{
    printk(LOG_INFO "dom0: %s %s, %lu MiB, entry %#lx\n", image->guest_os, image->guest_version,
           nr_pages >> 8, image->entry);
    printk(LOG_DEBUG "dom0: kernel %#lx-%#lx, start_info %#lx, p2m %#lx, %lu table frames\n",
           l->kernel.va, l->kernel.va + (l->kernel.pages << PAGE_SHIFT), l->start_info.va,
           l->mfn_list, l->nr_pt_frames);
}

/* Its contents have been copied. */
static void free_modules(void)
{
    for (u32 i = 0; i < boot_info.nr_modules && i < 2; i++) {
        struct boot_module *m = &boot_info.module[i];
        u64 start = PFN_UP(m->start) << PAGE_SHIFT;
        u64 end = PFN_DOWN(m->start + m->bytes) << PAGE_SHIFT;

        if (start < end)
            page_alloc_add_range(start, end);
        m->bytes = 0;
    }
}

struct domain *pv_build_dom0(void)
{
    const struct boot_module *kernel = &boot_info.module[0], *ramdisk = &boot_info.module[1];
    u64 ramdisk_bytes = boot_info.nr_modules > 1 ? ramdisk->bytes : 0;
    struct dom0_memory m;
    struct kernel_elf k;
    struct pv_image image;
    struct pv_layout l;
    u64 nr_pages, root;
    struct domain *d;
    int rc;

    if (!boot_info.nr_modules)
        panic("There is no module: the first one must be dom0's kernel\n");
    open_kernel(kernel, &k);
    rc = image_parse_elf(k.elf, k.bytes, &image);
    if (rc)
        panic("dom0's kernel cannot be used: %s\n", image_strerror(rc));
    nr_pages = dom0_nr_pages();
    compute_layout(&image, nr_pages, ramdisk_bytes, &l);
    report(&image, &l, nr_pages);

    d = create(nr_pages, dom0_nr_vcpus());
    dom0_memory_alloc(&m, d, nr_pages);
    load_segments(&m, &image, &k);
    kernel_unpack_release();
    if (ramdisk_bytes)
        dom0_copy(&m, l.ramdisk.pfn << PAGE_SHIFT, module_data(ramdisk), ramdisk_bytes);
    if (image.has_hypercall_page)
        pv_hypercall_page_fill(
            dom0_page(&m, (image.hypercall_page - image.virt_base) >> PAGE_SHIFT));
    dom0_write_p2m(&m, &l);
    dom0_write_start_info(&m, &l, ramdisk_bytes, dom0_cmdline(kernel->cmdline));
    dom0_write_tables(&m, &l);
    root = m.mfns[l.page_tables.pfn];
    pin_root(d, root);
    start_vcpu0(d, &image, &l, root);
    dom0_memory_free_map(&m);
    free_modules();
    return d;
}
