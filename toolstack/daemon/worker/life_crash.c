/* SPDX-License-Identifier: MIT */
/*
 * What can be said of a guest that has crashed.
 *
 * Reads the guest's first vCPU, the hypervisor's console and the guest's console log. All of it
 * is the guest's to forge but the first: bytes that could move a terminal's cursor are left out.
 * Locks: none.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/sched.h>

#include "daemon/console_log.h"
#include "life.h"

#define TAIL_BYTES       3000u
#define HYPERVISOR_BYTES 16384u
#define HYPERVISOR_LINES 4

const char *life_reason_name(unsigned int reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "powered off",
        [SHUTDOWN_reboot] = "asked for a reboot",
        [SHUTDOWN_suspend] = "suspended itself",
        [SHUTDOWN_crash] = "crashed",
        [SHUTDOWN_watchdog] = "let its watchdog expire",
    };

    if (reason < sizeof(names) / sizeof(names[0]) && names[reason])
        return names[reason];
    return "ended for an unknown reason";
}

static void put_position(struct worker *w, domid_t domid, FILE *out)
{
    vcpu_guest_context_t *context = calloc(1, sizeof(*context));

    if (context && !domctl_get_vcpu_context(&w->control, domid, 0, context))
        fprintf(out, "\n  vCPU 0 stopped at RIP 0x%" PRIx64 ", RSP 0x%" PRIx64,
                (uint64_t)context->user_regs.rip, (uint64_t)context->user_regs.rsp);
    free(context);
}

static char *clean(char *text)
{
    char *out = text;

    for (char *in = text; *in; in++)
        if (*in == '\n' || *in == '\t' || isprint((unsigned char)*in))
            *out++ = *in;
    *out = '\0';
    return text;
}

/* The last lines of the hypervisor's console that name the domain. */
static void put_hypervisor(struct worker *w, domid_t domid, FILE *out)
{
    char *text = malloc(HYPERVISOR_BYTES + 1), *save = NULL, *found[HYPERVISOR_LINES] = { 0 };
    char vcpu[16], name[24], dom[16];
    uint32_t bytes = HYPERVISOR_BYTES, index = 0;
    unsigned int count = 0;

    if (!text || sysctl_read_console(&w->control, text, &bytes, false, false, &index)) {
        free(text);
        return;
    }
    text[bytes < HYPERVISOR_BYTES ? bytes : HYPERVISOR_BYTES] = '\0';
    snprintf(vcpu, sizeof(vcpu), "d%uv", domid);
    snprintf(name, sizeof(name), "omain %u ", domid);
    snprintf(dom, sizeof(dom), "d%u:", domid);
    for (char *line = strtok_r(clean(text), "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (strstr(line, vcpu) || strstr(line, name) || strstr(line, dom))
            found[count++ % HYPERVISOR_LINES] = line;
    for (unsigned int i = count > HYPERVISOR_LINES ? count - HYPERVISOR_LINES : 0; i < count; i++)
        fprintf(out, "\n  hypervisor: %.200s", found[i % HYPERVISOR_LINES]);
    free(text);
}

static void put_console(const char *name, uint64_t offset, FILE *out)
{
    char path[160], tail[TAIL_BYTES + 1], *at = tail, *save = NULL;
    struct stat st;

    console_log_path(name, path, sizeof(path));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t end = fstat(fd, &st) ? 0 : st.st_size;
    off_t from = end > (off_t)TAIL_BYTES ? end - (off_t)TAIL_BYTES : 0;
    bool cut = from > 0;
    if (offset <= (uint64_t)end && from <= (off_t)offset) {
        from = (off_t)offset; /* not what an earlier run has written */
        cut = false;
    }
    ssize_t n = pread(fd, tail, TAIL_BYTES, from);
    close(fd);
    tail[n > 0 ? n : 0] = '\0';
    if (cut && strchr(tail, '\n'))
        at = strchr(tail, '\n') + 1; /* not a part of a line */
    if (!*at)
        fputs("\n  it has written nothing to its console", out);
    for (char *line = strtok_r(clean(at), "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        fprintf(out, "\n  console: %s", line);
}

char *life_explain_crash(struct worker *w, domid_t domid, const char *name, uint64_t log_offset)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    put_position(w, domid, out);
    put_hypervisor(w, domid, out);
    put_console(name, log_offset, out);
    fclose(out);
    return text;
}
