/* SPDX-License-Identifier: MIT */
/*
 * The client library of the store. The names and prototypes are those of Xen's xenstore.h, so that
 * programs compile against either.
 *
 * A handle may be used by several threads; calls on it take turns. Functions that return a pointer
 * return NULL with errno, those that return bool false with errno. Results are freed with one
 * free().
 *
 * If the daemon is restarted, a handle that talks to its socket connects again by itself: watches
 * are set anew (and fire once), open transactions end in EAGAIN, calls outside transactions are
 * sent again.
 */
#ifndef XENSTORE_H
#define XENSTORE_H

#include <xenstore_lib.h>

#define XBT_NULL 0

/* Accepted and ignored. */
#define XS_OPEN_READONLY (1UL << 0)
/* Through the daemon's socket or not at all. (libxenstore ignores it.) */
#define XS_OPEN_SOCKETONLY (1UL << 1)

/* After xs_unwatch() no event of that watch is delivered any more, not even one that was already
 * received. */
#define XS_UNWATCH_FILTER (1UL << 2)

struct xs_handle;
typedef uint32_t xs_transaction_t;

/* Connects to the daemon's socket, or, where there is none, through the kernel's /dev/xen/xenbus.
 * flags: any of these. */
struct xs_handle *xs_open(unsigned long flags);

/* Ends a handle; NULL is allowed. */
void xs_close(struct xs_handle *xsh);

/* Older names of the same. */
struct xs_handle *xs_daemon_open(void);
struct xs_handle *xs_domain_open(void);
struct xs_handle *xs_daemon_open_readonly(void);
void xs_daemon_close(struct xs_handle *h);

/* Frees a handle in a forked child without a word to the daemon. */
void xs_daemon_destroy_postfork(struct xs_handle *h);

/* The names of a node's children, in one block; *num tells how many. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num);

/* A node's value, with a NUL behind it that *len (may be NULL) does not count. */
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len);

/* Sets a node's value; creates the node and its ancestors. */
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
              unsigned int len);

/* Creates an empty node unless it exists. */
bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path);

/* Removes a node and all below it. */
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);

/* Always false: the protocol has no such operation any more. */
bool xs_restrict(struct xs_handle *h, unsigned domid);

/* A node's permissions; the first entry names the owner and everybody else's rights. */
struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
                                          const char *path, unsigned int *num);
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
                        struct xs_permissions *perms, unsigned int num_perms);

/* Asks for an event whenever something at or below `path` changes, and for one right away. */
bool xs_watch(struct xs_handle *h, const char *path, const char *token);
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token);

/* A descriptor that polls readable while an event waits. */
int xs_fileno(struct xs_handle *h);

/* The next event: result[XS_WATCH_PATH] and result[XS_WATCH_TOKEN]. xs_check_watch() fails with
 * EAGAIN if none waits, xs_read_watch() waits for one and sets *num to 2. */
char **xs_check_watch(struct xs_handle *h);
char **xs_read_watch(struct xs_handle *h, unsigned int *num);

/* Starts a transaction; XBT_NULL on failure. Ending it fails with EAGAIN if somebody else has
 * changed what it used: start over then. */
xs_transaction_t xs_transaction_start(struct xs_handle *h);
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort);

/* For toolstacks; see INTRODUCE, SET_TARGET, RESUME, RELEASE in the protocol's description. */
bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
                         unsigned int eventchn);
bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target);
bool xs_resume_domain(struct xs_handle *h, unsigned int domid);
bool xs_release_domain(struct xs_handle *h, unsigned int domid);

/* "/local/domain/<domid>". */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid);

/* Whether child is parent or below it, by comparing strings. */
bool xs_path_is_subpath(const char *parent, const char *child);

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid);

/* Sends a control command with its data; the answer is a string. */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len);
char *xs_debug_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len);

/* The event channel by which a guest wants to be asked to suspend, or a negative number. */
int xs_suspend_evtchn_port(int domid);

#endif
