/* SPDX-License-Identifier: MIT */
/* Builds small PV domains from an ELF in memory, as a toolstack would, and watches them. */
#ifndef DOMU_H
#define DOMU_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/event_channel.h>
#include <xen/io/console.h>
#include <xen/xen.h>

struct domu {
    domid_t id;
    unsigned long pages;
    struct xencons_interface *console; /* mapped here */
    evtchn_port_t console_port;        /* our end */
};

/*
 * Creates a paused domain of @pages pages with @vcpus vCPUs that will start @elf with
 * @command_line. A step that fails is a test error. The module of the initial domain will do.
 */
void domu_build(struct domu *domu, const void *elf, const char *command_line,
                unsigned long pages, unsigned int vcpus);

/* Lets it run; and what it has become: XEN_DOMINF_* flags, 0 if it is gone. */
void domu_unpause(struct domu *domu);
uint32_t domu_flags(struct domu *domu);

/*
 * Waits until it has shut down, passing its console on to ours; the shutdown code, or -1 if that
 * took longer than @timeout_ms.
 */
int domu_wait(struct domu *domu, unsigned int timeout_ms);

/* Ends it, with everything that we have of it. */
void domu_destroy(struct domu *domu);

/* The ELF that came as a module. */
const void *domu_module(void);

#endif
