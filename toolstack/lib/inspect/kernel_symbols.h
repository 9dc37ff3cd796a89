/* SPDX-License-Identifier: MIT */
/* Names for addresses in a guest's kernel. */
#ifndef DOMUS_KERNEL_SYMBOLS_H
#define DOMUS_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes "function+0x1c" for an address: by the symbol table of the kernel, if that is an ELF
 * image that has one; else by the System.map beside it (System.map-X for vmlinuz-X, or X.map).
 * False if nothing names it. The files may be hostile. */
bool kernel_symbol_find(const char *kernel, uint64_t address, char *text, size_t bytes);

#endif
