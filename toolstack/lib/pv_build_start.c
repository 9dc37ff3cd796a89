/* SPDX-License-Identifier: MIT */
/*
 * What a guest finds at its first instruction, beside its memory: start_info, shared_info, rings
 * and their channels and grants, the first vCPU's registers.
 *
 * Owns nothing. ABI: <xen/xen.h> (start_info, shared_info, start of day), <xen/grant_table.h>
 * (reserved entries, version 1), <xen/arch-x86/xen.h> (vcpu_guest_context, flat selectors).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/grant_table.h>

#include "pv_build_internal.h"
#include "sys/foreign_map.h"

/* The text that 64-bit guests of Xen 3.0 and later expect. */
#define START_INFO_MAGIC "xen-3.0-x86_64"

#define EFLAGS_IF   0x200ull
#define DR6_DEFAULT 0xffff0ff0ull
#define DR7_DEFAULT 0x400ull

int build_channels(struct pv_build *build, struct error *e)
{
    const struct pv_build_config *config = &build->config;
    int rc = event_alloc_unbound(build->ctl, build->domid, config->xenstore_domid,
                                 &build->result.xenstore_port);

    if (rc == 0)
        rc = event_alloc_unbound(build->ctl, build->domid, config->console_domid,
                                 &build->result.console_port);
    if (rc)
        return build_fail(build, e, rc, "its store and console channels cannot be allocated: %s",
                          error_clause(rc));
    return 0;
}

static void fill_start_info(const struct pv_build *build, struct start_info *info)
{
    const struct pv_layout *layout = &build->layout;

    memcpy(info->magic, START_INFO_MAGIC, sizeof(START_INFO_MAGIC));
    info->nr_pages = build->nr_pages;
    info->shared_info = build->result.shared_info_frame << PAGE_SHIFT;
    info->flags = SIF_VIRT_P2M_4TOOLS | (layout->mod_start_is_pfn ? SIF_MOD_START_PFN : 0);
    info->store_mfn = build->result.xenstore_frame;
    info->store_evtchn = build->result.xenstore_port;
    info->console.domU.mfn = build->result.console_frame;
    info->console.domU.evtchn = build->result.console_port;
    info->pt_base = layout->pt_base;
    info->nr_pt_frames = layout->nr_pt_frames;
    info->mfn_list = layout->mfn_list;
    info->first_p2m_pfn = layout->first_p2m_pfn;
    info->nr_p2m_frames = layout->nr_p2m_frames;
    info->mod_start = layout->mod_start;
    info->mod_len = build->ramdisk_bytes;
    /* prepare has checked the length. */
    if (build->config.cmdline)
        memcpy(info->cmd_line, build->config.cmdline, strlen(build->config.cmdline) + 1);
}

static int clear_page(struct pv_build *build, const struct pv_region *region, struct error *e)
{
    void *page;
    int rc = build_map(build, region->pfn, 1, &page, e);

    if (rc)
        return rc;
    memset(page, 0, PAGE_BYTES);
    foreign_unmap(page, 1);
    return 0;
}

/* Also the rings and the stack, which a guest expects to be empty. */
int build_write_start_info(struct pv_build *build, struct error *e)
{
    const struct pv_layout *layout = &build->layout;
    void *page;
    int rc = clear_page(build, &layout->xenstore, e);

    if (rc == 0)
        rc = clear_page(build, &layout->console, e);
    if (rc == 0)
        rc = clear_page(build, &layout->stack, e);
    if (rc == 0)
        rc = build_map(build, layout->start_info.pfn, 1, &page, e);
    if (rc)
        return rc;
    build->result.xenstore_frame = build->frames[layout->xenstore.pfn];
    build->result.console_frame = build->frames[layout->console.pfn];
    memset(page, 0, PAGE_BYTES);
    fill_start_info(build, page);
    foreign_unmap(page, 1);
    return 0;
}

int build_hypercall_page(struct pv_build *build, struct error *e)
{
    const struct pv_image *image = &build->image;
    uint64_t pfn;
    int rc;

    if (!image->has_hypercall_page)
        return 0;
    /* The parser has checked that it lies within the image. */
    pfn = (image->hypercall_page - image->virt_base) >> PAGE_SHIFT;
    rc = domctl_hypercall_init(build->ctl, build->domid, build->frames[pfn]);
    if (rc)
        return build_fail(build, e, rc, "its hypercall page cannot be written: %s",
                          error_clause(rc));
    return 0;
}

/* The frame is the hypervisor's, and zeroed; events start masked on every vCPU it has room for. */
int build_shared_info(struct pv_build *build, struct error *e)
{
    struct xen_domctl_getdomaininfo info;
    struct shared_info *shared;
    void *page;
    int rc = domctl_get_info(build->ctl, build->domid, &info);

    if (rc)
        return build_fail(build, e, rc, "its state cannot be read: %s", error_clause(rc));
    build->result.shared_info_frame = info.shared_info_frame;
    rc = foreign_map(&build->ctl->privcmd, build->domid, &build->result.shared_info_frame, 1,
                     PROT_READ | PROT_WRITE, &page);
    if (rc)
        return build_fail(build, e, rc, "its shared_info page cannot be mapped: %s",
                          error_clause(rc));
    shared = page;
    for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    foreign_unmap(page, 1);
    return 0;
}

static void grant_page(grant_entry_v1_t *entry, domid_t domid, xen_pfn_t frame)
{
    entry->domid = domid;
    entry->frame = (uint32_t)frame;
    /* The flags make the entry valid, and so come last. */
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
}

/* Lets store and console map their rings by grant instead of by privilege. */
int build_seed_grants(struct pv_build *build, struct error *e)
{
    const struct pv_build_config *config = &build->config;
    grant_entry_v1_t *table;
    void *page;
    int rc = foreign_map_resource(&build->ctl->privcmd, build->domid, XENMEM_resource_grant_table,
                                  XENMEM_resource_grant_table_id_shared, 0, 1,
                                  PROT_READ | PROT_WRITE, &page);

    if (rc)
        return build_fail(build, e, rc, "its grant table cannot be mapped: %s", error_clause(rc));
    table = page;
    if (build->result.console_frame > UINT32_MAX || build->result.xenstore_frame > UINT32_MAX) {
        foreign_unmap(page, 1);
        return build_fail(build, e, -ERANGE,
                          "its rings lie above 16 TiB, where grants of version 1 "
                          "do not reach");
    }
    grant_page(&table[GNTTAB_RESERVED_CONSOLE], config->console_domid, build->result.console_frame);
    grant_page(&table[GNTTAB_RESERVED_XENSTORE], config->xenstore_domid,
               build->result.xenstore_frame);
    foreign_unmap(page, 1);
    return 0;
}

static void fill_context(const struct pv_build *build, vcpu_guest_context_t *context)
{
    const struct pv_layout *layout = &build->layout;
    struct cpu_user_regs *regs = &context->user_regs;
    uint64_t root = build->frames[layout->page_tables.pfn];

    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel | VGCF_online;
    regs->rip = build->image.entry;
    regs->rsp = layout->stack.va + layout->stack.pages * PAGE_BYTES;
    regs->rsi = layout->start_info.va;
    regs->rflags = EFLAGS_IF;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->ds = regs->es = regs->fs = regs->gs = FLAT_KERNEL_DS;
    context->kernel_ss = regs->ss;
    context->kernel_sp = regs->rsp;
    context->ctrlreg[3] = xen_pfn_to_cr3(root);
    context->debugreg[6] = DR6_DEFAULT;
    context->debugreg[7] = DR7_DEFAULT;
}

/* No frame of the tables may be mapped writable any more: pinning makes them page tables. */
int build_first_vcpu(struct pv_build *build, struct error *e)
{
    vcpu_guest_context_t context;
    int rc =
        mmuext_pin_table(build->ctl, build->domid, 4, build->frames[build->layout.page_tables.pfn]);

    if (rc)
        return build_fail(build, e, rc, "its page tables were refused: %s", error_clause(rc));
    fill_context(build, &context);
    rc = domctl_set_vcpu_context(build->ctl, build->domid, 0, &context);
    if (rc)
        return build_fail(build, e, rc, "its first virtual CPU was refused: %s", error_clause(rc));
    return 0;
}
