/* SPDX-License-Identifier: MIT */
/*
 * What the workers do: one function a job, called in the worker process.
 *
 * Each returns 0 with w->result (JSON) set or left NULL, or -errno with w->error set. Arguments are
 * the caller's memory, inherited by the fork.
 */
#ifndef DOMUSD_WORK_H
#define DOMUSD_WORK_H

#include "config/cpu_list.h"
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
    char origin[4096];        /* the file that it comes from, or empty */
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
    bool final;      /* it is not to be started again, whatever its file says */
};
int work_shutdown(struct worker *w, void *args);

/* tune/: changes to a domain that goes on running. */

/* work_memory.c. The result says what it has and shall have; with wait_ms the job waits until the
 * guest has followed, and the result holds a warning if it has not. */
struct work_memory_args {
    struct domain_ref ref;
    uint64_t kib;
    unsigned int wait_ms;
};
int work_mem_set(struct worker *w, void *args);
int work_mem_max(struct worker *w, void *args);

/* work_vcpu.c */
struct work_vcpu_set_args {
    struct domain_ref ref;
    unsigned int vcpus;
};
int work_vcpu_set(struct worker *w, void *args);
struct work_vcpu_pin_args {
    struct domain_ref ref;
    bool all, set_hard, set_soft;
    unsigned int vcpu; /* unless all */
    struct cpu_list hard, soft;
};
int work_vcpu_pin(struct worker *w, void *args);
struct work_sched_args {
    struct domain_ref ref;
    int weight, cap; /* < 0: as it is */
};
int work_sched(struct worker *w, void *args);

/* work_signal.c */
struct work_text_args {
    struct domain_ref ref;
    char text[CONFIG_NAME_MAX];
    unsigned int vcpu;
};
int work_rename(struct worker *w, void *args);
int work_sysrq(struct worker *w, void *args);
int work_trigger(struct worker *w, void *args);
int work_debug_keys(struct worker *w, void *args); /* char *: the keys */

/* work_stats.c, work_vcpu.c: what a user watches. char *: a domain as typed, or empty for all */
int work_vcpu_list(struct worker *w, void *args);
int work_sched_list(struct worker *w, void *args);
int work_stats(struct worker *w, void *args); /* NULL */
int work_why(struct worker *w, void *args);   /* work_why.c; not empty */

/* life_config.c: a struct domain_ref. Answers {name, domid, file, config}. */
int work_config(struct worker *w, void *args);

/* dump.c */
struct work_dump_args {
    struct domain_ref ref;
    bool live; /* do not pause it */
    char path[4096];
};
int work_dump_core(struct worker *w, void *args);
int work_dump_undo(struct worker *w, void *args); /* after a worker that was killed */

/* work_query.c: arguments are NULL unless said. */
int work_list(struct worker *w, void *args);
int work_info(struct worker *w, void *args);
int work_dmesg(struct worker *w, void *args); /* bool *: clear */

/* work_recover.c: what a domusd before us has left, its domains and its half-done work. */
int work_recover(struct worker *w, void *args);

/* work_watch.c: reports ends until the store goes away. */
int work_watch(struct worker *w, void *args);

/* attach/work_device.c, work_resize.c: devices of a running domain. */
struct work_device_args {
    struct domain_ref ref;
    bool is_disk;
    struct disk_spec disk;   /* to attach */
    struct vif_spec vif;     /* to attach */
    char which[64];          /* to detach: a disk's or card's name or number, a card's address */
    uint64_t bytes;          /* to resize: the size; 0: the one it has behind our back */
    bool revoke;             /* without asking the guest */
    bool wait;               /* until the guest has connected */
    unsigned int timeout_ms; /* for the guest */
};
int work_device_attach(struct worker *w, void *args);
int work_device_detach(struct worker *w, void *args);
/* which: a disk. */
int work_device_resize(struct worker *w, void *args);
/* What an interrupted job of this kind has left is finished or undone. */
int work_device_settle(struct worker *w, void *args);

/* attach/work_network.c: whether dom0's network is as the cards want it. */
int work_network_check(struct worker *w, void *args);

/* attach/work_device_list.c */
int work_device_list(struct worker *w, void *args);

#endif
