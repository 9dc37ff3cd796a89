/* SPDX-License-Identifier: MIT */
/*
 * The inside of a worker process: its handles, and its talk with domusd.
 *
 * A worker does one thing and ends. Notes go to domusd as messages over a socket pair; domusd
 * answers with single bytes. Both ends are the same program, so messages are plain structures.
 */
#ifndef DOMUSD_WORKER_H
#define DOMUSD_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstore.h>

#include "config/config.h"
#include "control.h"
#include "device/netlink.h"
#include "error.h"
#include "json.h"

/* What domusd sends. */
#define WORKER_GO    'G' /* the console is held, or given up: go on */
#define WORKER_STOP  'S' /* it could not be held: give up */
#define WORKER_SPOKE 'C' /* the guest has written its first byte to the console */
#define WORKER_POKE  'P' /* a domain has ended somewhere: look again */
#define WORKER_END   'E' /* the domain is to be destroyed: do not wait for its guest */
#define WORKER_HURRY 'H' /* another job waits for this domain: do only what must be done */

/* What a worker sends. */
enum note_kind {
    NOTE_RESULT,  /* text: JSON */
    NOTE_ERROR,   /* code, text */
    NOTE_DOMAIN,  /* struct domain_note: a domain is there, or changed; with a console to hold it is
                   * answered by WORKER_GO or WORKER_STOP */
    NOTE_RELEASE, /* struct domain_note: let go of its console; answered by WORKER_GO */
    NOTE_GONE,    /* struct domain_note: it is no more */
    NOTE_EVENT,   /* nothing: the store says that a domain has ended */
    NOTE_COUNT
};

struct note_header {
    uint32_t kind;
    int32_t code;
    uint32_t bytes;
};

#define NOTE_MAX_BYTES (4u << 20)

enum domain_phase {
    PHASE_BUILDING,
    PHASE_RUNNING,   /* or paused: the hypervisor knows */
    PHASE_SAVING,    /* asked to suspend; to be resumed if nobody saves it any more */
    PHASE_ENDING,    /* being taken away */
    PHASE_PRESERVED, /* it has ended and is kept to be looked at */
    PHASE_DUMPING,   /* runs, but is paused while its core is written */
    PHASE_COUNT
};

struct domain_note {
    uint8_t uuid[16];
    char name[CONFIG_NAME_MAX];
    domid_t domid;
    uint8_t phase;
    bool hold_console;
    bool recall;           /* the console had an earlier domusd: its log is the backlog */
    uint32_t console_port; /* the guest's */
};

struct worker {
    int fd;                       /* to domusd */
    const char *name, *operation; /* for the logs of others */
    struct error error;           /* what the job failed with */
    char *details; /* lines behind that sentence, each begun by a line break; allocated */
    char *result;  /* JSON, allocated */
    struct control control;
    struct xs_handle *xs;
    struct netlink netlink;
    bool has_control, has_netlink;
    bool spoke, poked, released, refused, hurried, ending; /* bytes that have come */
};

/* Each opens once and returns 0, or -errno with the error set. */
int worker_need_control(struct worker *w);
int worker_need_store(struct worker *w);
int worker_need_netlink(struct worker *w);

/* Takes over `out` as the job's result. 0, or -ENOMEM with the error set. */
int worker_take_result(struct worker *w, struct json_out *out);

/* Sends a note; ends the process if domusd is not there any more. */
void worker_send(struct worker *w, enum note_kind kind, int code, const void *bytes, size_t count);
void worker_send_domain(struct worker *w, enum note_kind kind, const struct domain_note *note);

/* Takes the bytes that have come, without waiting. */
void worker_poll(struct worker *w);
/* Waits for WORKER_GO (0) or WORKER_STOP (-EIO). */
int worker_wait_go(struct worker *w);
/* Sleeps up to ms, less if a byte comes. */
void worker_sleep(struct worker *w, unsigned int ms);

/* Runs the job and ends the process; called in the child. */
void worker_main(int fd, const char *name, const char *operation,
                 int (*work)(struct worker *w, void *args), void *args) __attribute__((noreturn));

#endif
