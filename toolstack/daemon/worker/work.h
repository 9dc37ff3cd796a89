/* SPDX-License-Identifier: MIT */
/*
 * What the workers do: one function a job, called in the worker process.
 *
 * Each returns 0 with w->result (JSON) set or left NULL, or -errno with w->error set. Arguments are
 * the caller's memory, inherited by the fork.
 */
#ifndef DOMUSD_WORK_H
#define DOMUSD_WORK_H

#include "worker.h"

/* Which domain: one of ours, or any other by what the user typed. */
struct domain_ref {
    bool ours;
    uint8_t uuid[16];           /* ours */
    char name[CONFIG_NAME_MAX]; /* ours: its name; otherwise as typed, a name or a number */
    domid_t domid;              /* ours */
    bool force;                 /* change a domain that is not ours */
};

/* work_create.c */
struct work_create_args {
    struct domain_config cfg; /* with a UUID and absolute paths */
    bool paused;              /* leave it paused */
    bool wait;                /* until its devices have connected */
    char *image;              /* the saved domain that it goes on as, or NULL */
};
int work_create(struct worker *w, void *args);

/* work_save.c */
struct work_save_args {
    struct domain_ref ref;
    char *path;      /* absolute */
    bool checkpoint; /* the guest goes on */
    bool paused;     /* it does when it is unpaused */
};
int work_save(struct worker *w, void *args);

/* work_end.c: a domain has ended, or is gone; what its configuration says happens. */
struct work_end_args {
    uint8_t uuid[16];
    char name[CONFIG_NAME_MAX];
    domid_t domid;
    bool exists;         /* the hypervisor still has it */
    unsigned int reason; /* SHUTDOWN_* */
};
int work_end(struct worker *w, void *args);

/* work_control.c: each takes a struct domain_ref, but for work_shutdown. */
int work_pause(struct worker *w, void *args);
int work_unpause(struct worker *w, void *args);
int work_destroy(struct worker *w, void *args);
struct work_shutdown_args {
    struct domain_ref ref;
    const char *how; /* "poweroff", "reboot" */
};
int work_shutdown(struct worker *w, void *args);

/* work_query.c: arguments are NULL unless said. */
int work_list(struct worker *w, void *args);
int work_info(struct worker *w, void *args);
int work_dmesg(struct worker *w, void *args); /* bool *: clear */

/* work_recover.c: what a domusd before us has left, its domains and its half-done work. */
int work_recover(struct worker *w, void *args);

/* work_watch.c: reports ends until the store goes away. */
int work_watch(struct worker *w, void *args);

#endif
