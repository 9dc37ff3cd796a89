/* SPDX-License-Identifier: MIT */
/*
 * How domains have died.
 *
 * Owns DOMUS_DEATHS, to which workers append whole lines. Of a crash it tells what can be told: it
 * reads a vCPU of the guest, the hypervisor's console and the guest's console log. All of it is
 * the guest's to forge but the first: bytes that could move a terminal's cursor are left out.
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
#include <time.h>
#include <unistd.h>

#include "daemon/console_log.h"
#include "daemon/log.h"
#include "death.h"
#include "inspect/kernel_symbols.h"
#include "paths.h"

#define TAIL_BYTES       3000u
#define HYPERVISOR_BYTES 16384u
#define HYPERVISOR_LINES 4

#define DEATHS_BYTES (1u << 20) /* of the file; then it is kept as .1 and begun anew */
#define DEATHS_SHOWN 200

/* ---- where it stopped ----------------------------------------------------------------- */

struct site {
    bool known;
    unsigned int vcpu;
    uint64_t rip, rsp;
    char symbol[120]; /* or empty */
};

/* The vCPU that was at work when the guest stopped, else the first. */
static unsigned int busy_vcpu(struct worker *w, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    struct xen_domctl_getvcpuinfo vcpu;

    if (domctl_get_info(&w->control, domid, &info))
        return 0;
    for (unsigned int i = 0; i <= info.max_vcpu_id && i < CONFIG_VCPUS_MAX; i++)
        if (!domctl_get_vcpu_info(&w->control, domid, i, &vcpu) && vcpu.online && !vcpu.blocked)
            return i;
    return 0;
}

static void find_site(struct worker *w, const struct death *death, struct site *site)
{
    vcpu_guest_context_t *context = calloc(1, sizeof(*context));

    memset(site, 0, sizeof(*site));
    site->vcpu = busy_vcpu(w, death->domid);
    if (context && !domctl_get_vcpu_context(&w->control, death->domid, site->vcpu, context)) {
        site->known = true;
        site->rip = context->user_regs.rip;
        site->rsp = context->user_regs.rsp;
        if (death->kernel)
            kernel_symbol_find(death->kernel, site->rip, site->symbol, sizeof(site->symbol));
    }
    free(context);
}

static void put_site(const struct site *site, FILE *out)
{
    if (!site->known)
        return;
    fprintf(out, "\n  vCPU %u stopped at RIP 0x%" PRIx64, site->vcpu, site->rip);
    if (site->symbol[0])
        fprintf(out, " (%s)", site->symbol);
    fprintf(out, ", RSP 0x%" PRIx64, site->rsp);
}

/* ---- what was said -------------------------------------------------------------------- */

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

/* ---- the account ---------------------------------------------------------------------- */

static char *explain(struct worker *w, const struct death *death, const struct site *site)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (!out)
        return NULL;
    put_site(site, out);
    put_hypervisor(w, death->domid, out);
    put_console(death->name, death->log_offset, out);
    fclose(out);
    return text;
}

char *death_explain(struct worker *w, const struct death *death)
{
    struct site site;

    if (worker_need_control(w))
        return NULL;
    find_site(w, death, &site);
    return explain(w, death, &site);
}

/* ---- the record ----------------------------------------------------------------------- */

static char *make_line(const struct death *death, const struct site *site, const char *details)
{
    struct json_out *out = json_out_new(false);
    int64_t now = (int64_t)time(NULL);
    char uuid[37], text[24];

    if (!out)
        return NULL;
    config_uuid_format(death->uuid, uuid);
    json_open_object(out, NULL);
    json_int(out, "time_s", now);
    json_string(out, "name", death->name);
    if (death->domid != DOMID_INVALID)
        json_int(out, "domid", death->domid);
    json_string(out, "uuid", uuid);
    json_string(out, "reason", death->reason);
    json_string(out, "action", death->action);
    if (death->started && now >= (int64_t)death->started)
        json_int(out, "lived_s", now - (int64_t)death->started);
    if (site->known) {
        json_int(out, "vcpu", site->vcpu);
        snprintf(text, sizeof(text), "0x%" PRIx64, site->rip);
        json_string(out, "rip", text);
    }
    if (site->symbol[0])
        json_string(out, "symbol", site->symbol);
    if (details && details[0])
        json_string(out, "details", details + 1); /* without the first line break */
    json_close_object(out);
    return json_take(out);
}

static void append(const char *line)
{
    struct stat st;
    char *whole;
    int fd;

    if (!stat(DOMUS_DEATHS, &st) && st.st_size >= (off_t)DEATHS_BYTES)
        rename(DOMUS_DEATHS, DOMUS_DEATHS ".1");
    fd = open(DOMUS_DEATHS, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int n = asprintf(&whole, "%s\n", line);
    if (fd < 0 || n < 0 || write(fd, whole, (size_t)n) != n)
        log_line("cannot write a death to %s: %s", DOMUS_DEATHS, strerror(errno));
    if (n >= 0)
        free(whole);
    if (fd >= 0)
        close(fd);
}

char *death_record(struct worker *w, const struct death *death)
{
    struct site site = { 0 };
    char *details = NULL, *line;

    if (death->crashed && !worker_need_control(w)) {
        find_site(w, death, &site);
        details = explain(w, death, &site);
    }
    line = make_line(death, &site, details);
    if (line)
        append(line);
    free(line);
    return details;
}

/* ---- the method ----------------------------------------------------------------------- */

struct deaths {
    char *lines[DEATHS_SHOWN]; /* a ring */
    size_t count;
};

static void read_deaths(const char *path, struct deaths *all)
{
    FILE *in = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;

    while (in && getline(&line, &room, in) > 0) {
        free(all->lines[all->count % DEATHS_SHOWN]);
        all->lines[all->count++ % DEATHS_SHOWN] = strdup(line);
    }
    free(line);
    if (in)
        fclose(in);
}

static void put_death(struct json_out *out, char *line)
{
    char err[100];
    yajl_val value = line ? json_parse(line, err, sizeof(err)) : NULL;

    if (value) /* a line that a full disk has cut is left out */
        json_value(out, NULL, value);
    yajl_tree_free(value);
}

int work_deaths(struct worker *w, void *args)
{
    struct json_out *out = json_out_new(false);
    struct deaths all = { .count = 0 };

    (void)args;
    if (!out)
        return error_set(&w->error, -ENOMEM, "there is not enough memory to answer");
    read_deaths(DOMUS_DEATHS ".1", &all);
    read_deaths(DOMUS_DEATHS, &all);
    json_open_object(out, NULL);
    json_open_array(out, "deaths");
    for (size_t i = all.count > DEATHS_SHOWN ? all.count - DEATHS_SHOWN : 0; i < all.count; i++)
        put_death(out, all.lines[i % DEATHS_SHOWN]);
    for (size_t i = 0; i < DEATHS_SHOWN; i++)
        free(all.lines[i]);
    json_close_array(out);
    json_close_object(out);
    return worker_take_result(w, out);
}
