/* SPDX-License-Identifier: MIT */
/*
 * Saved domains' files: names, and the configuration at the beginning. domusd reads the rest.
 */
#include "saved_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "config/config_xl.h"
#include "stream/xl_file.h"

char *saved_file_path(const char *path)
{
    char folder[4096], *whole;

    if (!*path) {
        cmd_fail("the name of the file is empty");
        return NULL;
    }
    if (path[0] == '/')
        whole = strdup(path);
    else if (!getcwd(folder, sizeof(folder)) || asprintf(&whole, "%s/%s", folder, path) < 0)
        whole = NULL;
    if (!whole)
        cmd_fail("%s: the folder that it is in has no name any more, or memory is short", path);
    return whole;
}

static char *read_json(const char *path, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stream_in in;
    char *json = NULL;

    if (fd < 0) {
        error_set(e, -errno, "%s cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    if (!stream_in_open(&in, fd, path, e))
        xl_file_read(&in, &json, e);
    stream_in_close(&in);
    close(fd);
    return json;
}

char *saved_file_config(const char *path)
{
    struct domain_config cfg;
    struct config_error bad;
    struct error e;
    char *json, *text;
    int rc;

    error_clear(&e);
    json = read_json(path, &e);
    if (!json) {
        cmd_fail("%s", error_text(&e));
        return NULL;
    }
    rc = config_xl_parse(json, &cfg, &bad);
    free(json);
    if (rc) {
        cmd_fail("%s cannot be restored: %s", path, bad.text);
        return NULL;
    }
    text = config_format(&cfg);
    config_free(&cfg);
    if (!text)
        cmd_fail("there is not enough memory to read %s", path);
    return text;
}
