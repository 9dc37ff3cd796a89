/* SPDX-License-Identifier: MIT */
/*
 * The ELF notes by which the domain builder knows a PV kernel, as stock Linux spells them.
 * A guest that wants other notes links its own file instead of this one.
 */
#include <sdk/notes.h>

NOTE_STRING(XEN_ELFNOTE_GUEST_OS, "domus-sdk")
NOTE_STRING(XEN_ELFNOTE_GUEST_VERSION, "1")
NOTE_STRING(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")
NOTE_STRING(XEN_ELFNOTE_LOADER, "generic")
NOTE_QUAD(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000)
NOTE_QUAD(XEN_ELFNOTE_PADDR_OFFSET, 0)
NOTE_QUAD(XEN_ELFNOTE_ENTRY, _start)
NOTE_QUAD(XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000)
NOTE_STRING(XEN_ELFNOTE_PAE_MODE, "yes")
NOTE_STRING(XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb")
NOTE_LONG(XEN_ELFNOTE_SUPPORTED_FEATURES, 1 << XENFEAT_dom0)
