/* SPDX-License-Identifier: MIT */
/* A guest user space of two pages, for tests that run code at the lower level. */
#ifndef USER_H
#define USER_H

#include <stdint.h>

#include <sdk/traps.h>

#define USER_CODE 0x400000UL
#define USER_DATA 0x401000UL
#define USER_STACK (USER_DATA + 4096)

/* The same two pages in the kernel's linear map, and the root of the user's tables. */
extern uint8_t *user_code_page, *user_data_page;
extern uint64_t *user_root;

/* Builds the tables and makes them the user root of this vCPU. */
void user_init(void);

/* Assembler text as bytes, between name and name_end. */
#define USER_TEXT(name_, text_)                                                      \
    extern const uint8_t name_[], name_##_end[];                                     \
    asm(".pushsection .rodata\n" #name_ ":\n" text_ "\n" #name_ "_end:\n.popsection\n")

/* Puts code into the page and runs it until it traps; flags are the iret hypercall's. */
#define USER_RUN(context_, name_) user_run_bytes(context_, name_, name_##_end - name_)
void user_run_bytes(struct user_context *context, const uint8_t *code, unsigned long length);

/* A context that starts at USER_CODE with flat selectors, interrupts on, registers zero. */
struct user_context user_context_new(void);

#endif
