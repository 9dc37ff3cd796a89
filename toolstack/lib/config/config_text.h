/* SPDX-License-Identifier: MIT */
/* Writing a domain file's syntax; private to this folder. */
#ifndef TOOLSTACK_CONFIG_TEXT_H
#define TOOLSTACK_CONFIG_TEXT_H

#include <stdio.h>

/* A string in quotes, with what must be escaped escaped. */
void config_text_string(FILE *out, const char *text);

/* key = "value" and a line break. */
void config_text_setting(FILE *out, const char *key, const char *value);

#endif
