/* SPDX-License-Identifier: MIT */
/*
 * What domus says when something is wrong: a sentence to standard error and, if --json was given,
 * an object to standard output, as domusd's errors have it.
 *
 * Owns the knowledge whether such an object is still to be printed: there is one at most, so that
 * standard output holds one value. Locks: none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "cmd.h"

static bool object_wanted;

void cmd_want_object(void)
{
    object_wanted = true;
}

bool cmd_take_object(void)
{
    bool wanted = object_wanted;

    object_wanted = false;
    return wanted;
}

void cmd_print_object(int status, const char *sentence)
{
    struct json_out *out = cmd_take_object() ? json_out_new(true) : NULL;

    if (!out)
        return;
    json_open_object(out, NULL);
    json_open_object(out, "error");
    json_int(out, "code", status);
    json_string(out, "message", sentence);
    json_close_object(out);
    json_close_object(out);
    client_print_out(out);
}

static void say(const char *format, va_list ap)
{
    fflush(stdout);
    fputs("domus: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
}

void cmd_warn(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    say(format, ap);
    va_end(ap);
}

int cmd_fail(const char *format, ...)
{
    char *sentence;
    va_list ap;

    va_start(ap, format);
    say(format, ap);
    va_end(ap);
    va_start(ap, format);
    if (vasprintf(&sentence, format, ap) >= 0) {
        cmd_print_object(CMD_FAILED, sentence);
        free(sentence);
    }
    va_end(ap);
    return CMD_FAILED;
}
