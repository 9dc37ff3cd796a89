/* SPDX-License-Identifier: MIT */
/*
 * A domain as its file describes it: domus.cfg(5), in the syntax of xl.cfg(5).
 *
 * Pure: config_parse() opens nothing and asks nobody, so that whatever it says about a file is
 * the same on every machine. What the machine has (files, bridges, memory) is checked later.
 */
#ifndef TOOLSTACK_CONFIG_H
#define TOOLSTACK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config_syntax.h"
#include "disk_spec.h"
#include "vif_spec.h"

#define CONFIG_NAME_MAX  64 /* with the final NUL */
#define CONFIG_VCPUS_MAX 128
#define CONFIG_DISKS_MAX 64
#define CONFIG_VIFS_MAX  16

/* What to do when a domain has ended. */
enum config_action {
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_RENAME_RESTART,
    ACTION_PRESERVE,
    ACTION_COREDUMP_DESTROY,
    ACTION_COREDUMP_RESTART,
    ACTION_COUNT
};

/* The CPUs that vCPUs run on: one list for all, or (each) item i for vCPU i, and none beyond. Lists
 * are checked for their form. */
struct config_cpus {
    char **lists;
    size_t count; /* 0: not said */
    bool each;
};

/* More ends by crash or watchdog within the window than the limit, and it is not started again. */
#define CONFIG_RESTART_LIMIT    5
#define CONFIG_RESTART_WINDOW_S 300

struct domain_config {
    char name[CONFIG_NAME_MAX];
    uint8_t uuid[16];
    bool has_uuid;
    char *kernel;
    char *ramdisk; /* NULL: none */
    char *cmdline; /* never NULL after config_parse() */
    uint64_t memory_mib;
    uint64_t maxmem_mib;
    unsigned int vcpus;
    unsigned int maxvcpus;
    struct disk_spec *disks;
    size_t disk_count;
    struct vif_spec *vifs;
    size_t vif_count;
    enum config_action on_poweroff;
    enum config_action on_reboot;
    enum config_action on_crash;
    enum config_action on_watchdog;
    enum config_action on_soft_reset;
    unsigned int restart_limit; /* 0: none */
    unsigned int restart_window_s;
    unsigned int cpu_weight; /* 0: the scheduler's default */
    unsigned int cap;        /* per cent of a CPU; 0: none */
    struct config_cpus cpus, cpus_soft;
    char *pool; /* name or number of the CPU pool; NULL: Pool-0 */
    unsigned int tsc_mode;           /* as the ABI has it; 0: default */
    int max_grant_frames;            /* < 0: the hypervisor's default */
    int max_maptrack_frames;         /* < 0: the hypervisor's default */
    unsigned int max_grant_version;  /* 0: the best there is */
    unsigned int max_event_channels; /* 0: the builder's default */
    char **cpuid_texts;              /* as written, checked */
    size_t cpuid_count;
    int rtc_timeoffset_s; /* what the guest's clock differs from UTC */
    bool localtime;       /* and dom0's time zone besides */
};

/* Reads a file's text. 0; -EINVAL with the line and a sentence in *err (line 0: the file as a
 * whole); -ENOMEM likewise. On failure *cfg is empty. */
int config_parse(const char *text, size_t bytes, struct domain_config *cfg,
                 struct config_error *err);

/* The devices of a domain that changes: adding takes over the disk's strings, and fails with
 * -ENOSPC at the limits or -ENOMEM (then nothing is taken); removing frees. */
int config_add_disk(struct domain_config *cfg, struct disk_spec *disk);
void config_remove_disk(struct domain_config *cfg, size_t index);
int config_add_vif(struct domain_config *cfg, const struct vif_spec *vif);
void config_remove_vif(struct domain_config *cfg, size_t index);

/* Where the disk with this number, or the card with this number, is; the count if nowhere. */
size_t config_find_disk(const struct domain_config *cfg, uint32_t number);
size_t config_find_vif(const struct domain_config *cfg, uint32_t devid);

/* Numbers the cards that have no number yet: the lowest that are free. */
void config_number_vifs(struct domain_config *cfg);

/* Writes the text that config_parse() reads back to the same domain; allocated, NULL if memory is
 * short. */
char *config_format(const struct domain_config *cfg);

/* Makes the paths of kernel, ramdisk and disks absolute, seen from `folder`. 0 or -ENOMEM. */
int config_resolve_paths(struct domain_config *cfg, const char *folder);

/* Frees; harmless on a zeroed structure. */
void config_free(struct domain_config *cfg);

/* True if the text can name a domain; otherwise *why says what it lacks. */
bool config_name_ok(const char *name, const char **why);

/* "default", "always_emulate", ... for a tsc_mode */
const char *config_tsc_mode_name(unsigned int mode);

/* "rename-restart" */
const char *config_action_name(enum config_action action);

/* 16 bytes as 36 characters and NUL, and back (-EINVAL). */
void config_uuid_format(const uint8_t uuid[16], char text[37]);
int config_uuid_parse(const char *text, uint8_t uuid[16]);

/* The key that is nearest to a misspelt one, or NULL if none is near. */
const char *config_nearest_key(const char *key);

/* What xl knows a key for and domus does not: the remedy to print, or NULL if xl has no such
 * key. */
const char *config_foreign_key(const char *key);

#endif
