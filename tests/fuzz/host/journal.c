/* SPDX-License-Identifier: MIT */
/*
 * The journal that a store finds at its start: recovered from, whatever it says. The input is what
 * follows the file's header. Stands in for the journal's file.
 */
#include "xenstore/daemon/journal.h"

#include <stdlib.h>

#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/recover.h"
#include "store_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *records;
static size_t bytes;

void journal_replay(void (*f)(const struct journal_record *r))
{
    if (journal_read(records, bytes, f) > bytes)
        abort();
}

void journal_add(enum journal_type type, uint32_t domid, uint32_t number, const char *path,
                 uint32_t path_len, const void *data, uint32_t data_len)
{
    (void)type, (void)domid, (void)number, (void)path, (void)path_len, (void)data, (void)data_len;
}

void journal_change(enum journal_type type, const struct subject *who, const char *path,
                    uint32_t path_len, const void *data, uint32_t len)
{
    (void)type, (void)who, (void)path, (void)path_len, (void)data, (void)len;
}

void journal_perms(const struct subject *who, const char *path, uint32_t path_len,
                   const struct perms *perms)
{
    (void)who, (void)path, (void)path_len, (void)perms;
}

void journal_commit(void) {}

void journal_tidy(void) {}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + !size); /* of its own, so that a byte too far is noticed */

    if (!copy)
        return 0;
    for (size_t i = 0; i < size; i++)
        copy[i] = (char)data[i];
    records = copy;
    bytes = size;
    world_begin(NULL, 0);
    recover_tree();
    recover_domains();
    conn_round_end();
    world_end();
    free(copy);
    return 0;
}
