/* SPDX-License-Identifier: MIT */
/*
 * The error that a user reads: one sentence that names the object, the action, the cause and
 * the remedy. Libraries fill it in; they never print.
 */
#ifndef DOMUS_ERROR_H
#define DOMUS_ERROR_H

#define ERROR_TEXT_BYTES 1024

struct error {
    int code; /* -errno; 0 while there is no error */
    char text[ERROR_TEXT_BYTES];
};

/* Makes *e empty. */
void error_clear(struct error *e);

/* Stores the sentence unless an earlier one is there already (the first cause counts), cut at a
 * character boundary if too long. code is -errno, never 0. Returns code. e may be NULL. */
int error_set(struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "format: " before the sentence that is there already. Returns e->code. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The sentence, or "no error". */
const char *error_text(const struct error *e);

/* What an -errno means when it came from the hypervisor, as a clause: "the hypervisor has not
 * enough free memory", ... Falls back on strerror(). Not thread-safe. */
const char *error_clause(int code);

#endif
