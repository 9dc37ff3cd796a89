/* SPDX-License-Identifier: MIT */
/*
 * The state directory.
 *
 * Owns the files in /var/lib/domus. Workers of different domains touch different files; those of
 * one domain run one after the other. Locks: none.
 */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_BUILDING] = "building",
    [PHASE_RUNNING] = "running",
    [PHASE_SAVING] = "saving",
    [PHASE_ENDING] = "ending",
    [PHASE_PRESERVED] = "preserved",
    [PHASE_DUMPING] = "dumping",
};

static void path_of(const uint8_t uuid[16], const char *suffix, char path[128])
{
    char text[37];

    config_uuid_format(uuid, text);
    snprintf(path, 128, "%s/%s%s", DOMUS_STATE_DIR, text, suffix);
}

static int replace(const char *path, const char *text)
{
    char draft[136];
    size_t bytes = strlen(text);

    snprintf(draft, sizeof(draft), "%s.new", path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, bytes);
    int rc = n < 0 ? -errno : (size_t)n < bytes ? -ENOSPC : 0;
    close(fd);
    if (!rc && rename(draft, path))
        rc = -errno;
    if (rc)
        unlink(draft);
    return rc;
}

static int read_file(const char *path, char **text, size_t *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) || st.st_size > (off_t)CONFIG_MAX_BYTES) {
        close(fd);
        return -EFBIG;
    }
    *text = malloc((size_t)st.st_size + 1);
    ssize_t n = *text ? read(fd, *text, (size_t)st.st_size) : -1;
    int rc = n < 0 ? -errno : 0;
    close(fd);
    if (rc) {
        free(*text);
        return rc;
    }
    (*text)[n] = '\0';
    *bytes = (size_t)n;
    return 0;
}

static int fail(struct error *e, int rc, const char *action, const char *path)
{
    return error_set(e, rc, "cannot %s %s: %s: the folder must be there, writable and not full",
                     action, path, strerror(-rc));
}

int state_save(const struct domain_state *state, const struct domain_config *cfg, struct error *e)
{
    char path[128], line[160], *text;
    int rc;

    if (cfg) {
        path_of(state->uuid, ".cfg", path);
        text = config_format(cfg);
        rc = text ? replace(path, text) : -ENOMEM;
        free(text);
        if (rc)
            return fail(e, rc, "write", path);
    }
    path_of(state->uuid, ".state", path);
    snprintf(line, sizeof(line), "%s %u %llu %u %u %llu %d\n", phase_names[state->phase],
             state->domid, (unsigned long long)state->started, state->quick_ends, state->failures,
             (unsigned long long)state->failing_since, state->final);
    rc = replace(path, line);
    return rc ? fail(e, rc, "write", path) : 0;
}

int state_load(const uint8_t uuid[16], struct domain_state *state, struct error *e)
{
    char path[128], *text, phase[16];
    unsigned int domid;
    unsigned long long started, failing_since;
    int final;
    size_t bytes;

    memset(state, 0, sizeof(*state));
    memcpy(state->uuid, uuid, 16);
    path_of(uuid, ".state", path);
    int rc = read_file(path, &text, &bytes);
    if (rc)
        return fail(e, rc, "read", path);
    int n = sscanf(text, "%15s %u %llu %u %u %llu %d", phase, &domid, &started, &state->quick_ends,
                   &state->failures, &failing_since, &final);
    free(text);
    state->phase = PHASE_COUNT;
    for (int i = 0; n == 7 && i < PHASE_COUNT; i++)
        if (!strcmp(phase, phase_names[i]))
            state->phase = (enum domain_phase)i;
    if (state->phase == PHASE_COUNT || domid > DOMID_INVALID)
        return fail(e, -EINVAL, "understand", path);
    state->domid = (domid_t)domid;
    state->started = started;
    state->failing_since = failing_since;
    state->final = final;
    return 0;
}

int state_load_config(const uint8_t uuid[16], struct domain_config *cfg, struct error *e)
{
    struct config_error bad;
    char path[128], *text;
    size_t bytes;

    path_of(uuid, ".cfg", path);
    int rc = read_file(path, &text, &bytes);
    if (rc)
        return fail(e, rc, "read", path);
    rc = config_parse(text, bytes, cfg, &bad);
    free(text);
    return rc ? error_set(e, rc, "%s:%u: %s", path, bad.line, bad.text) : 0;
}

int state_save_origin(const uint8_t uuid[16], const char *origin, struct error *e)
{
    char path[128];

    path_of(uuid, ".origin", path);
    int rc = replace(path, origin);
    return rc ? fail(e, rc, "write", path) : 0;
}

char *state_load_origin(const uint8_t uuid[16])
{
    char path[128], *text;
    size_t bytes;

    path_of(uuid, ".origin", path);
    return read_file(path, &text, &bytes) ? NULL : text;
}

void state_remove(const uint8_t uuid[16])
{
    char path[128];

    path_of(uuid, ".cfg", path);
    unlink(path);
    path_of(uuid, ".origin", path);
    unlink(path);
    path_of(uuid, ".state", path);
    unlink(path); /* last: while it is there, somebody will look for the rest */
}

int state_each(void (*found)(const uint8_t uuid[16], void *arg), void *arg)
{
    DIR *dir = opendir(DOMUS_STATE_DIR);
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        uint8_t uuid[16];
        char text[37];

        if (strlen(entry->d_name) != 36 + 6 || strcmp(entry->d_name + 36, ".state"))
            continue;
        memcpy(text, entry->d_name, 36);
        text[36] = '\0';
        if (!config_uuid_parse(text, uuid))
            found(uuid, arg);
    }
    closedir(dir);
    return 0;
}
