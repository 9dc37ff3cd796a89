/* SPDX-License-Identifier: MIT */
/* Processes in dom0 that map pages of other domains; private to domus why. */
#ifndef DOMUS_CLI_WHY_PROCESSES_H
#define DOMUS_CLI_WHY_PROCESSES_H

#include "json.h"

/* Adds the list "processes" of {pid, name, granted_pages, foreign_pages}. */
void why_put_processes(struct json_out *out);

#endif
