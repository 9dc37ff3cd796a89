/* SPDX-License-Identifier: MIT */
/*
 * Notes named "Xen" in a guest kernel's ELF file: how to load and start it.
 * Usable from assembler. Leaf; no locks. Facts: Xen 4.17 public ABI.
 */
#ifndef XEN_PUBLIC_ELFNOTE_H
#define XEN_PUBLIC_ELFNOTE_H

#define XEN_ELFNOTE_INFO               0  /* free text */
#define XEN_ELFNOTE_ENTRY              1  /* virtual address */
#define XEN_ELFNOTE_HYPERCALL_PAGE     2  /* virtual address of a page for us to fill */
#define XEN_ELFNOTE_VIRT_BASE          3  /* virtual address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET       4  /* what p_paddr is relative to */
#define XEN_ELFNOTE_XEN_VERSION        5  /* "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS           6
#define XEN_ELFNOTE_GUEST_VERSION      7
#define XEN_ELFNOTE_LOADER             8  /* "generic" */
#define XEN_ELFNOTE_PAE_MODE           9
#define XEN_ELFNOTE_FEATURES           10 /* "a|!b": needs a; works without b too */
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* "yes": append the symbol table */
#define XEN_ELFNOTE_HV_START_LOW       12 /* lowest address that we may use */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* mask and value pairs of entries with an mfn */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* 1: survives a suspend that returns 1 */
#define XEN_ELFNOTE_INIT_P2M           15 /* virtual address for the initial p2m */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* 1: takes an unmapped module, named by its pfn */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* bitmap of XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* physical address of the PVH entry */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* In core files of the hypervisor. */
#define XEN_ELFNOTE_CRASH_INFO 0x1000001
#define XEN_ELFNOTE_CRASH_REGS 0x1000002

/* In core files of domains. */
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
