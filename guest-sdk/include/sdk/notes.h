/* SPDX-License-Identifier: MIT */
/* Macros for the notes of a PV kernel; assembler only. */
#ifndef SDK_NOTES_H
#define SDK_NOTES_H

#include <xen/elfnote.h>
#include <xen/features.h>

#ifdef __ASSEMBLER__

.macro note_begin type, size
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4, \size, \type
    .asciz "Xen"
.endm

#define NOTE_QUAD(type, value) note_begin type, 8; .quad value; .popsection
#define NOTE_LONG(type, value) note_begin type, 4; .long value; .popsection
#define NOTE_STRING(type, text) \
    note_begin type, (2f - 1f); 1: .asciz text; 2: .balign 4; .popsection

#endif

#endif
