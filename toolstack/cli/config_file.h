/* SPDX-License-Identifier: MIT */
/* A domain's file, as the verbs read it. */
#ifndef DOMUS_CLI_CONFIG_FILE_H
#define DOMUS_CLI_CONFIG_FILE_H

#include <stddef.h>

#include "config/config.h"

/* Reads a whole file into an allocated, NUL-terminated text, and puts `count` settings (key=value)
 * behind it, which then hold. A status; not CMD_OK after the sentence has been printed. */
int config_file_read(const char *path, char *const *settings, int count, char **text,
                     size_t *bytes);

/* Complains of what a file has wrong; returns CMD_FAILED. */
int config_file_fail(const char *path, const struct config_error *err);

/* Reads the text, and looks at what it names: kernel, ramdisk, disks. Nothing needs domusd. */
int config_file_check(const char *path, const char *text, size_t bytes, struct domain_config *cfg);

/* Prints it for programs, and for people what would be created. */
void config_print_json(const struct domain_config *cfg);
void config_print_plan(const struct domain_config *cfg);

#endif
