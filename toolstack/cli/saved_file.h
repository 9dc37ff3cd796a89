/* SPDX-License-Identifier: MIT */
/* The file of a saved domain, as far as the command has to do with it. */
#ifndef DOMUS_CLI_SAVED_FILE_H
#define DOMUS_CLI_SAVED_FILE_H

/* The path as domusd, which stands elsewhere, can use it; allocated. NULL after the sentence has
 * been printed. */
char *saved_file_path(const char *path);

/* The configuration in a saved domain's file, as the text of a domain's file; allocated. NULL after
 * the sentence has been printed. */
char *saved_file_config(const char *path);

#endif
