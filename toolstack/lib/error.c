/* SPDX-License-Identifier: MIT */
/*
 * Error sentences. Owns nothing; no locks (an error belongs to one operation of one thread).
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_clear(struct error *e)
{
    if (!e)
        return;
    e->code = 0;
    e->text[0] = '\0';
}

/* A cut must not leave half a UTF-8 character. */
static void cut_cleanly(char *text)
{
    size_t len = strlen(text), start = len;

    if (len < ERROR_TEXT_BYTES - 1)
        return;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && ((unsigned char)text[start - 1] & 0x80))
        text[start - 1] = '\0';
}

int error_set(struct error *e, int code, const char *format, ...)
{
    va_list args;

    if (!e || e->code)
        return code;
    e->code = code;
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    cut_cleanly(e->text);
    return code;
}

int error_prefix(struct error *e, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES], sentence[ERROR_TEXT_BYTES + 2] = ": ";
    va_list args;
    size_t len;

    if (!e)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    len = strlen(text);
    memcpy(sentence + 2, e->text, sizeof(e->text));
    memccpy(text + len, sentence, '\0', sizeof(text) - len);
    text[sizeof(text) - 1] = '\0';
    memcpy(e->text, text, sizeof(text));
    cut_cleanly(e->text);
    return e->code;
}

const char *error_text(const struct error *e)
{
    return e && e->code ? e->text : "no error";
}

static const struct {
    int code;
    const char *clause;
} clauses[] = {
    { ENOMEM, "the hypervisor has not enough free memory" },
    { EPERM, "the hypervisor does not permit it to this domain" },
    { EACCES, "the hypervisor speaks another version of the control interface" },
    { ESRCH, "there is no such domain" },
    { EINVAL, "the hypervisor found the request invalid" },
    { ENOSYS, "the hypervisor does not know this operation" },
    { EOPNOTSUPP, "the hypervisor does not support it" },
    { ENOSPC, "a limit of the hypervisor is exhausted" },
    { EBUSY, "it is in use" },
    { EEXIST, "it exists already" },
    { EFAULT, "the hypervisor could not read the request" },
};

const char *error_clause(int code)
{
    for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
        if (clauses[i].code == -code)
            return clauses[i].clause;
    return strerror(-code);
}
