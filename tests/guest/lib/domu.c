/* SPDX-License-Identifier: MIT */
/*
 * Owns the building of test domains. Layout from VIRT_BASE: kernel where its ELF says, then the
 * memory list, start_info, console page, page tables, boot stack; the mapped part ends at a
 * multiple of 4 MiB with at least 512 KiB behind the stack.
 * Pages of the new domain are written through one window, mapped under its name.
 */
#include <xen/domctl.h>
#include <xen/sched.h>

#include <sdk/time.h>

#include "domu.h"
#include "test.h"

#define PAGES_MAX 8192
#define WINDOW 0x9000000000UL
#define CONSOLE_WINDOW (WINDOW + PAGE_SIZE)
#define MAPPED_ALIGN (4UL << 20)
#define MAPPED_SLACK (512UL << 10)
#define MS 1000000UL

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

static xen_pfn_t mfns[PAGES_MAX];
static struct xen_domctl op;

/* Page numbers of the parts behind the kernel. */
struct layout {
    unsigned long list, info, console, tables, l1_tables, stack, mapped;
};

static void must(long rc, const char *what)
{
    if (rc)
        test_error("%s: %ld", what, rc);
}

static long domctl(struct domu *domu, unsigned int cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = domu->id;
    return hc_domctl(&op);
}

static void *window(struct domu *domu, unsigned long pfn)
{
    must(hc_update_va_mapping_otherdomain(WINDOW, pte_make(mfns[pfn], PTE_RW_PAGE), UVMF_INVLPG,
                                          domu->id), "map a page of the new domain");
    return (void *)WINDOW;
}

static void window_close(void)
{
    must(hc_update_va_mapping(WINDOW, 0, UVMF_INVLPG), "unmap a page of the new domain");
}

static void create(struct domu *domu, unsigned int vcpus)
{
    memset(&op, 0, sizeof(op));
    op.u.createdomain.max_vcpus = vcpus;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 4;
    op.u.createdomain.max_maptrack_frames = 16;
    op.u.createdomain.grant_opts = 2;
    domu->id = 0;
    must(domctl(domu, XEN_DOMCTL_createdomain), "createdomain");
    domu->id = op.domain;
    memset(&op, 0, sizeof(op));
    op.u.max_vcpus.max = vcpus;
    must(domctl(domu, XEN_DOMCTL_max_vcpus), "max_vcpus");
    memset(&op, 0, sizeof(op));
    op.u.max_mem.max_memkb = domu->pages * 4 + 64;
    must(domctl(domu, XEN_DOMCTL_max_mem), "max_mem");
    memset(&op, 0, sizeof(op));
    op.u.tsc_info.tsc_mode = 2; /* never emulated */
    must(domctl(domu, XEN_DOMCTL_settscinfo), "settscinfo");
}

static void populate(struct domu *domu)
{
    struct xen_memory_reservation res = { .nr_extents = domu->pages, .domid = domu->id };
    long got;

    for (unsigned long pfn = 0; pfn < domu->pages; pfn++)
        mfns[pfn] = pfn;
    set_xen_guest_handle(res.extent_start, mfns);
    got = hc_memory_op(XENMEM_populate_physmap, &res);
    if (got != (long)domu->pages)
        test_error("populate_physmap: %ld of %lu", got, domu->pages);
}

/* One page of a segment: what the file has of it, zeroes for the rest. */
static void load_page(struct domu *domu, const uint8_t *elf, const struct elf_segment *seg,
                      unsigned long pfn)
{
    uint8_t *to = window(domu, pfn);

    for (unsigned long i = 0; i < PAGE_SIZE; i++) {
        unsigned long addr = pfn * PAGE_SIZE + i;

        if (addr >= seg->paddr && addr < seg->paddr + seg->filesz)
            to[i] = elf[seg->offset + addr - seg->paddr];
    }
}

/* Loads all segments; the first page behind the last. */
static unsigned long load(struct domu *domu, const uint8_t *elf)
{
    const struct elf_header *header = (const void *)elf;
    const struct elf_segment *seg = (const void *)(elf + header->phoff);
    unsigned long end = 0;

    if (memcmp(elf, "\177ELF", 4))
        test_error("the module is no ELF");
    for (unsigned long pfn = 0; pfn < domu->pages; pfn++)
        memset(window(domu, pfn), 0, PAGE_SIZE);
    for (unsigned int i = 0; i < header->phnum; i++, seg++) {
        if (seg->type != 1)
            continue;
        for (unsigned long pfn = seg->paddr / PAGE_SIZE;
             pfn * PAGE_SIZE < seg->paddr + seg->filesz; pfn++)
            load_page(domu, elf, seg, pfn);
        if (seg->paddr + seg->memsz > end)
            end = seg->paddr + seg->memsz;
    }
    return (end + PAGE_SIZE - 1) / PAGE_SIZE;
}

static struct layout plan(struct domu *domu, unsigned long kernel_end)
{
    struct layout at = { .list = kernel_end };

    at.info = at.list + (domu->pages * 8 + PAGE_SIZE - 1) / PAGE_SIZE;
    at.console = at.info + 1;
    at.tables = at.console + 1;
    do {
        at.l1_tables++;
        at.stack = at.tables + 3 + at.l1_tables;
        at.mapped = (((at.stack + 1) * PAGE_SIZE + MAPPED_SLACK + MAPPED_ALIGN - 1) &
                     -MAPPED_ALIGN) / PAGE_SIZE;
    } while (at.l1_tables * 512 < at.mapped);
    if (at.mapped > domu->pages)
        test_error("%lu pages are too few: %lu needed", domu->pages, at.mapped);
    return at;
}

static uint64_t table_pte(unsigned long pfn)
{
    return pte_make(mfns[pfn], PTE_TABLE);
}

/* A new domain finds its upcalls masked on every vCPU. */
static void mask_upcalls(struct domu *domu, uint64_t shared)
{
    shared_info_t *info = (void *)WINDOW;

    must(hc_update_va_mapping_otherdomain(WINDOW, shared | PTE_RW_PAGE, UVMF_INVLPG, domu->id),
         "map the shared page");
    for (unsigned int v = 0; v < XEN_LEGACY_MAX_VCPUS; v++)
        info->vcpu_info[v].evtchn_upcall_mask = 1;
}

/* Root, level 3, level 2, then the level-1 tables; table pages are read-only. */
static void tables(struct domu *domu, const struct layout *at)
{
    uint64_t *table = window(domu, at->tables);

    table[table_index(VIRT_BASE, 4)] = table_pte(at->tables + 1);
    table = window(domu, at->tables + 1);
    table[table_index(VIRT_BASE, 3)] = table_pte(at->tables + 2);
    table = window(domu, at->tables + 2);
    for (unsigned long i = 0; i < at->l1_tables; i++)
        table[i] = table_pte(at->tables + 3 + i);
    for (unsigned long i = 0; i < at->l1_tables; i++) {
        table = window(domu, at->tables + 3 + i);
        for (unsigned long k = 0; k < 512 && i * 512 + k < at->mapped; k++) {
            unsigned long pfn = i * 512 + k;
            bool is_table = pfn >= at->tables && pfn < at->stack;

            table[k] = pte_make(mfns[pfn], is_table ? PTE_RO_PAGE : PTE_RW_PAGE);
        }
    }
}

static void memory_list(struct domu *domu, const struct layout *at)
{
    for (unsigned long pfn = 0; pfn < domu->pages; pfn += 512) {
        uint64_t *list = window(domu, at->list + pfn / 512);

        for (unsigned long i = 0; i < 512 && pfn + i < domu->pages; i++)
            list[i] = mfns[pfn + i];
    }
}

static uint64_t shared_info_of(struct domu *domu)
{
    memset(&op, 0, sizeof(op));
    must(domctl(domu, XEN_DOMCTL_getdomaininfo), "getdomaininfo");
    return op.u.getdomaininfo.shared_info_frame << PAGE_SHIFT;
}

static void console_connect(struct domu *domu, const struct layout *at, start_info_t *info)
{
    long port = event_alloc_unbound(domu->id, 0), here;

    if (port < 0)
        test_error("console port: %ld", port);
    here = event_bind_interdomain(domu->id, port);
    if (here < 0)
        test_error("console port here: %ld", here);
    domu->console_port = here;
    domu->console = (void *)CONSOLE_WINDOW;
    info->console.domU.evtchn = port;
    info->console.domU.mfn = mfns[at->console];
    must(hc_update_va_mapping_otherdomain(CONSOLE_WINDOW, pte_make(mfns[at->console], PTE_RW_PAGE),
                                          UVMF_INVLPG, domu->id), "map the console");
}

static void start_page(struct domu *domu, const struct layout *at, const char *command_line)
{
    uint64_t shared = shared_info_of(domu);
    start_info_t *info;

    mask_upcalls(domu, shared);
    info = window(domu, at->info);
    memcpy(info->magic, "xen-3.0-x86_64", 15);
    info->nr_pages = domu->pages;
    info->shared_info = shared;
    info->pt_base = VIRT_BASE + at->tables * PAGE_SIZE;
    info->nr_pt_frames = 3 + at->l1_tables;
    info->mfn_list = VIRT_BASE + at->list * PAGE_SIZE;
    memcpy(info->cmd_line, command_line, strlen(command_line) + 1);
    console_connect(domu, at, info);
}

static void context(struct domu *domu, const struct layout *at, uint64_t entry)
{
    static vcpu_guest_context_t ctx;

    memset(&ctx, 0, sizeof(ctx));
    ctx.flags = VGCF_IN_KERNEL | VGCF_online;
    ctx.user_regs.rip = entry;
    ctx.user_regs.rsp = VIRT_BASE + (at->stack + 1) * PAGE_SIZE;
    ctx.user_regs.rsi = VIRT_BASE + at->info * PAGE_SIZE;
    ctx.user_regs.rflags = EFLAGS_IF;
    ctx.user_regs.cs = FLAT_KERNEL_CS;
    ctx.user_regs.ss = ctx.kernel_ss = FLAT_KERNEL_SS;
    ctx.user_regs.ds = ctx.user_regs.es = ctx.user_regs.fs = ctx.user_regs.gs = FLAT_KERNEL_DS;
    ctx.kernel_sp = ctx.user_regs.rsp;
    ctx.ctrlreg[3] = mfns[at->tables] << PAGE_SHIFT;
    memset(&op, 0, sizeof(op));
    op.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &ctx);
    must(domctl(domu, XEN_DOMCTL_setvcpucontext), "setvcpucontext");
}

static void pin_root(struct domu *domu, const struct layout *at)
{
    struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE };

    pin.arg1.mfn = mfns[at->tables];
    must(hc_mmuext_op(&pin, 1, NULL, domu->id), "pin the root");
}

void domu_build(struct domu *domu, const void *elf, const char *command_line,
                unsigned long pages, unsigned int vcpus)
{
    struct layout at;

    if (pages > PAGES_MAX)
        test_error("%lu pages are too many", pages);
    domu->pages = pages;
    must(page_map(root_table(), WINDOW, 0), "window");
    create(domu, vcpus);
    populate(domu);
    at = plan(domu, load(domu, elf));
    memory_list(domu, &at);
    start_page(domu, &at, command_line);
    tables(domu, &at);
    window_close();
    pin_root(domu, &at);
    context(domu, &at, ((const struct elf_header *)elf)->entry);
}

void domu_unpause(struct domu *domu)
{
    memset(&op, 0, sizeof(op));
    must(domctl(domu, XEN_DOMCTL_unpausedomain), "unpausedomain");
}

uint32_t domu_flags(struct domu *domu)
{
    memset(&op, 0, sizeof(op));
    return domctl(domu, XEN_DOMCTL_getdomaininfo) ? 0 : op.u.getdomaininfo.flags;
}

/* Copies what the domain has written since to our console. */
static void console_pump(struct domu *domu)
{
    volatile struct xencons_interface *ring = domu->console;
    char text[256];
    size_t length = 0;

    while (ring->out_cons != ring->out_prod && length < sizeof(text)) {
        text[length++] = ring->out[MASK_XENCONS_IDX(ring->out_cons, ring->out)];
        barrier();
        ring->out_cons++;
    }
    if (length) {
        console_write(text, length);
        event_send(domu->console_port);
    }
}

int domu_wait(struct domu *domu, unsigned int timeout_ms)
{
    uint64_t end = time_now_ns() + timeout_ms * MS;
    uint32_t flags;

    do {
        struct sched_poll poll = { .nr_ports = 1, .timeout = time_now_ns() + 5 * MS };
        evtchn_port_t port = domu->console_port;

        event_clear(port);
        flags = domu_flags(domu);
        console_pump(domu);
        if (!flags || flags & XEN_DOMINF_shutdown)
            continue;
        set_xen_guest_handle(poll.ports, &port);
        hc_sched_op(SCHEDOP_poll, &poll);
    } while (!(flags & XEN_DOMINF_shutdown) && time_now_ns() < end);
    while (domu->console->out_cons != domu->console->out_prod)
        console_pump(domu);
    if (!(flags & XEN_DOMINF_shutdown))
        return -1;
    return flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

void domu_destroy(struct domu *domu)
{
    must(hc_update_va_mapping(CONSOLE_WINDOW, 0, UVMF_INVLPG), "unmap the console");
    must(event_close(domu->console_port), "close the console");
    memset(&op, 0, sizeof(op));
    must(domctl(domu, XEN_DOMCTL_destroydomain), "destroydomain");
}

const void *domu_module(void)
{
    if (!start_info->mod_len)
        test_error("no module was given");
    return (const void *)start_info->mod_start;
}
