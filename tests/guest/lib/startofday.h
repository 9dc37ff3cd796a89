/* SPDX-License-Identifier: MIT */
/* Checks of the initial state that hold for every kernel, whatever its notes say. */
#ifndef STARTOFDAY_H
#define STARTOFDAY_H

void startofday_registers(void);
void startofday_stack(void);
void startofday_memory_list(void);
void startofday_page_tables(void);
void startofday_mapped_end(void);
void startofday_fields(void);
void startofday_shared_info(void);
void startofday_cr3(void);

/* The rows of these checks in a test table. */
#define STARTOFDAY_TESTS                           \
    { "registers", startofday_registers },         \
    { "stack", startofday_stack },                 \
    { "memory_list", startofday_memory_list },     \
    { "page_tables", startofday_page_tables },     \
    { "mapped_end", startofday_mapped_end },       \
    { "fields", startofday_fields },               \
    { "shared_info", startofday_shared_info },     \
    { "cr3", startofday_cr3 }

#endif
