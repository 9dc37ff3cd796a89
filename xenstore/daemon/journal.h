/* SPDX-License-Identifier: MIT */
/*
 * The journal: what the store must still know after it was killed.
 *
 * A file in the run directory, mapped into memory, so that writing costs no system call and what
 * was written outlives the process. Records collect during a round; journal_commit() makes them
 * count, all together, before any reply or event of the round leaves. From time to time the file
 * is replaced by one that holds the present state only.
 *
 * What is recorded: changes of the tree, introduced domains, and of each connection by ring its
 * watches, transactions, indexes and bytes in flight. Clients of the socket lose their connection
 * with the process, so there is nothing of theirs to keep.
 */
#ifndef XENSTORE_DAEMON_JOURNAL_H
#define XENSTORE_DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/perm.h"

enum journal_type {
    JOURNAL_WRITE = 1,     /* acting domid; target; path, value */
    JOURNAL_MKDIR,         /* the same; path */
    JOURNAL_RM,            /* the same; path */
    JOURNAL_PERMS,         /* the same; path, permissions as on the wire */
    JOURNAL_INTRODUCE,     /* domid; remote port; mfn */
    JOURNAL_RELEASE,       /* domid */
    JOURNAL_TARGET,        /* domid; target */
    JOURNAL_SHUTDOWN,      /* domid; 1: its shutdown has been reported */
    JOURNAL_WATCH,         /* domid; bytes of home prefix; path, token */
    JOURNAL_UNWATCH,       /* domid; 0; path, token */
    JOURNAL_DROP_WATCHES,  /* domid */
    JOURNAL_DROP_TRANSACTIONS, /* domid */
    JOURNAL_START,         /* domid; transaction */
    JOURNAL_END,           /* domid; transaction */
    JOURNAL_RING,          /* domid; 0; struct journal_ring, partial request, new unsent bytes */
    JOURNAL_EVENT,         /* domid; 0; watched path, token, event's path: it has to wait */
};

/* The state of a ring at the end of a round. */
struct journal_ring {
    uint32_t req_cons, rsp_prod;
    uint32_t partial;  /* bytes of an incomplete request */
    uint32_t drop;     /* unsent bytes of earlier records that are gone */
    uint32_t append;   /* unsent bytes that are new */
    uint32_t events;   /* waiting events that have become bytes */
    uint32_t failed;
    uint32_t reserved;
};

/* One record as it is read back. */
struct journal_record {
    enum journal_type type;
    uint32_t domid;
    uint32_t number;      /* what the type's comment names second */
    const char *path;     /* first string, if the type has one */
    uint32_t path_len;
    const char *data;     /* what follows it */
    uint32_t data_len;
};

/* A record in the file; followed by the path and the data, each with a NUL. */
struct journal_record_header {
    uint32_t bytes; /* of the whole record, a multiple of 8 */
    uint32_t type;
    uint32_t domid;
    uint32_t number;
    uint32_t path_len;
    uint32_t data_len;
};

/* Calls f for each record of `bytes` bytes. Returns how many bytes made sense: all of them, or
 * where the damage begins. Strings lie within the bytes; what they say is for f to check. */
size_t journal_read(const char *records, size_t bytes, void (*f)(const struct journal_record *r));

/* Opens the journal in `dir` and takes its lock. -EBUSY: another store uses it; other errors are
 * those of the file system. An existing journal waits for journal_replay(). */
int journal_open(const char *dir);

/* Whether there is something to replay. */
bool journal_has_past(void);

/* Calls f for each committed record in order. Nothing is recorded meanwhile. */
void journal_replay(void (*f)(const struct journal_record *r));

/* Writes the present state to a new file and records from here on. Where there is no room for
 * that, the store works on without a journal and says so; it tries again later. */
void journal_start(void);

/* Appends a record: type, two numbers, a string (may be NULL) and data (may be NULL). */
void journal_add(enum journal_type type, uint32_t domid, uint32_t number, const char *path,
                 uint32_t path_len, const void *data, uint32_t data_len);

/* A change of the tree. */
void journal_change(enum journal_type type, const struct subject *who, const char *path,
                    uint32_t path_len, const void *data, uint32_t len);
void journal_perms(const struct subject *who, const char *path, uint32_t path_len,
                   const struct perms *perms);

/* Makes all records so far count. */
void journal_commit(void);

/* Replaces the file if it has grown enough to make that worth while. After journal_commit(). */
void journal_tidy(void);

/* Provided by snapshot.c: adds records that stand for the present state. */
void snapshot_add(void);

#endif
