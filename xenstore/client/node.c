/* SPDX-License-Identifier: MIT */
/*
 * Calls on nodes: values, children, permissions. Owns nothing. Facts: Xen's
 * docs/misc/xenstore.txt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

/* Turns NUL-terminated strings into an array of pointers in front of a copy of them. */
static char **string_array(const char *strings, unsigned int len, unsigned int *num)
{
    unsigned int n = 0;
    char **array, *copy;

    for (unsigned int i = 0; i < len; i++)
        n += strings[i] == '\0';
    array = malloc(n * sizeof(char *) + len + 1);
    if (!array)
        return NULL;
    copy = (char *)(array + n);
    memcpy(copy, strings, len);
    copy[len] = '\0';
    for (unsigned int i = 0; i < n; i++) {
        array[i] = copy;
        copy += strlen(copy) + 1;
    }
    *num = n;
    return array;
}

/* A list that is gathered in parts. */
struct gathering {
    char *names;
    unsigned int len;
    char generation[24]; /* of the first part; another one means: start over */
};

/* Takes one part: generation, names, and an empty name at the end. 1: finished, 0: more to come,
 * -1: error in errno. */
static int gather(struct gathering *g, const char *part, unsigned int len)
{
    size_t head = strlen(part) + 1;
    bool last;
    char *bigger;

    if (head > len || head > sizeof(g->generation)) {
        errno = EIO;
        return -1;
    }
    if (g->len && strcmp(g->generation, part) != 0) {
        g->len = 0; /* it has changed meanwhile */
        return 0;
    }
    memcpy(g->generation, part, head);
    part += head;
    len -= (unsigned int)head;
    last = len == 0 || (part[len - 1] == '\0' && (len == 1 || part[len - 2] == '\0'));
    len -= last && len;
    bigger = realloc(g->names, g->len + len + 1);
    if (!bigger)
        return -1;
    g->names = bigger;
    memcpy(g->names + g->len, part, len);
    g->len += len;
    return last;
}

static char **directory_in_parts(struct xs_handle *h, xs_transaction_t t, const char *path,
                                 unsigned int *num)
{
    struct gathering g = { 0 };
    char **array = NULL;
    int state = 0;

    while (state == 0) {
        struct iovec part[2] = { part_string(path) };
        unsigned int len;
        char offset[16];
        char *reply;

        snprintf(offset, sizeof(offset), "%u", g.len);
        part[1] = part_string(offset);
        reply = talk(h, XS_DIRECTORY_PART, t, part, 2, &len);
        state = reply ? gather(&g, reply, len) : -1;
        free(reply);
    }
    if (state > 0)
        array = string_array(g.names ? g.names : "", g.len, num);
    free(g.names);
    return array;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
    unsigned int len;
    char *reply = talk_string(h, XS_DIRECTORY, t, path, &len);
    char **array;

    if (!reply)
        return errno == E2BIG ? directory_in_parts(h, t, path, num) : NULL;
    array = string_array(reply, len, num);
    free(reply);
    return array;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
    return talk_string(h, XS_READ, t, path, len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
              unsigned int len)
{
    struct iovec part[2] = { part_string(path),
                             { .iov_base = (void *)(uintptr_t)data, .iov_len = len } };

    return talk_ok(h, XS_WRITE, t, part, 2);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct iovec part = part_string(path);

    return talk_ok(h, XS_MKDIR, t, &part, 1);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct iovec part = part_string(path);

    return talk_ok(h, XS_RM, t, &part, 1);
}

bool xs_restrict(struct xs_handle *h, unsigned domid)
{
    (void)h;
    (void)domid;
    errno = ENOSYS;
    return false;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t,
                                          const char *path, unsigned int *num)
{
    struct xs_permissions *perms;
    unsigned int len, n = 0;
    char *reply = talk_string(h, XS_GET_PERMS, t, path, &len);

    if (!reply)
        return NULL;
    for (unsigned int i = 0; i < len; i++)
        n += reply[i] == '\0';
    perms = calloc(n ? n : 1, sizeof(*perms));
    if (perms && !xs_strings_to_perms(perms, n, reply)) {
        free(perms);
        perms = NULL;
    }
    free(reply);
    *num = n;
    return perms;
}

static char letter_of(unsigned int perms)
{
    return "nrwb"[perms & (XS_PERM_READ | XS_PERM_WRITE)];
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
                        struct xs_permissions *perms, unsigned int num_perms)
{
    struct iovec part[2] = { part_string(path) };
    size_t len = 0;
    char *text;
    bool ok;

    if (num_perms > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return false;
    }
    text = malloc((size_t)num_perms * 12 + 1);
    if (!text)
        return false;
    for (unsigned int i = 0; i < num_perms; i++)
        len += (size_t)sprintf(text + len, "%c%u", letter_of(perms[i].perms), perms[i].id) + 1;
    part[1] = (struct iovec){ .iov_base = text, .iov_len = len };
    ok = talk_ok(h, XS_SET_PERMS, t, part, 2);
    free(text);
    return ok;
}
