/* SPDX-License-Identifier: MIT */
/*
 * Processes in dom0 that map pages of other domains.
 *
 * Reads /proc, which takes root with all its privileges: so it is done here and not in a worker of
 * domusd. The kernel does not tell whose pages they are. Locks: none.
 */
#include "why_processes.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

/* Pages that a process has mapped through gntdev and privcmd. */
static void count_pages(const char *pid, uint64_t *granted, uint64_t *foreign)
{
    char path[64], line[512];
    uint64_t from, to;

    *granted = *foreign = 0;
    snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
    FILE *in = fopen(path, "re");
    while (in && fgets(line, sizeof(line), in)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
            continue;
        if (strstr(line, "/dev/xen/gntdev"))
            *granted += (to - from) / PAGE_BYTES;
        else if (strstr(line, "/dev/xen/privcmd"))
            *foreign += (to - from) / PAGE_BYTES;
    }
    if (in)
        fclose(in);
}

static void put_process(struct json_out *out, const char *pid)
{
    char path[64], name[32] = "";
    uint64_t granted, foreign;

    count_pages(pid, &granted, &foreign);
    if (!granted && !foreign)
        return;
    snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
    FILE *in = fopen(path, "re");
    if (in && fgets(name, sizeof(name), in))
        name[strcspn(name, "\n")] = '\0';
    if (in)
        fclose(in);
    json_open_object(out, NULL);
    json_int(out, "pid", strtoll(pid, NULL, 10));
    json_string(out, "name", name);
    json_int(out, "granted_pages", (int64_t)granted);
    json_int(out, "foreign_pages", (int64_t)foreign);
    json_close_object(out);
}

void why_put_processes(struct json_out *out)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    json_open_array(out, "processes");
    while (dir && (entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]))
            put_process(out, entry->d_name);
    if (dir)
        closedir(dir);
    json_close_array(out);
}
