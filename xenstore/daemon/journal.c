/* SPDX-License-Identifier: MIT */
/*
 * The journal's file. Owns its mapping, its lock and its growth. The layout is private to one
 * version of the store: a file of another version is not read.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define MAGIC UINT64_C(0x31304a5358534d44) /* "DMSXSJ01" */

enum {
    FIRST_BYTES = 1024 * 1024,
    TIDY_BYTES = 4 * 1024 * 1024, /* growth over a fresh file that is tolerated in any case */
    RETRY_SECONDS = 10,
};

struct file_header {
    uint64_t magic;
    uint64_t committed; /* bytes that count, from the start of the file */
};

struct file {
    int fd;
    char *map;
    size_t size, tail;
};

static char *journal_path, *new_path;
static int lock_fd = -1;
static struct file past = { .fd = -1 };  /* to be replayed */
static struct file now = { .fd = -1 };   /* being written */
static size_t fresh_bytes;               /* of `now` when it was new */
static bool recording;
static time_t failed_at;                 /* 0: the journal is in order */

static void file_close(struct file *f)
{
    if (f->map)
        munmap(f->map, f->size);
    if (f->fd >= 0)
        close(f->fd);
    *f = (struct file){ .fd = -1 };
}

/* Takes the pages at once: a page that is missing later would kill the process. */
static int file_resize(struct file *f, size_t size)
{
    void *map;
    int rc = posix_fallocate(f->fd, 0, (off_t)size);

    if (rc)
        return -rc;
    map = f->map ? mremap(f->map, f->size, size, MREMAP_MAYMOVE)
                 : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    f->map = map;
    f->size = size;
    return 0;
}

static int file_create(struct file *f, const char *path)
{
    int rc;

    f->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return -errno;
    rc = file_resize(f, FIRST_BYTES);
    if (rc) {
        file_close(f);
        unlink(path);
        return rc;
    }
    f->tail = sizeof(struct file_header);
    ((struct file_header *)f->map)->magic = MAGIC;
    return 0;
}

static void file_commit(struct file *f)
{
    struct file_header *h = (struct file_header *)f->map;

    __atomic_store_n(&h->committed, f->tail, __ATOMIC_RELEASE);
}

/* Maps what a predecessor has left; a file that makes no sense is left alone and not replayed. */
static void open_past(void)
{
    struct stat st;
    const struct file_header *h;

    past.fd = open(journal_path, O_RDWR | O_CLOEXEC);
    if (past.fd < 0)
        return;
    if (fstat(past.fd, &st) == 0 && st.st_size >= (off_t)sizeof(*h)) {
        past.size = (size_t)st.st_size;
        past.map = mmap(NULL, past.size, PROT_READ, MAP_SHARED, past.fd, 0);
        h = (const struct file_header *)past.map;
        if (past.map != MAP_FAILED && h->magic == MAGIC && h->committed <= past.size) {
            past.tail = h->committed;
            return;
        }
        if (past.map == MAP_FAILED)
            past.map = NULL;
    }
    log_error("%s is not a journal of this version: the store starts empty", journal_path);
    file_close(&past);
}

int journal_open(const char *dir)
{
    char *lock_path;

    if (asprintf(&journal_path, "%s/journal", dir) < 0 ||
        asprintf(&new_path, "%s/journal.new", dir) < 0 ||
        asprintf(&lock_path, "%s/lock", dir) < 0)
        return -ENOMEM;
    lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(lock_path);
    if (lock_fd < 0)
        return -errno;
    if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    open_past();
    return 0;
}

bool journal_has_past(void)
{
    return past.fd >= 0;
}

void journal_replay(void (*f)(const struct journal_record *r))
{
    size_t begin = sizeof(struct file_header), bytes, done;

    bytes = past.tail > begin ? past.tail - begin : 0;
    done = journal_read(past.map + begin, bytes, f);
    if (done != bytes)
        log_error("%s is damaged at byte %zu: what follows is lost", journal_path, begin + done);
    file_close(&past);
}

/* Without room the store goes on; but a journal that misses something must not be replayed. */
static void give_up(const char *what, int rc)
{
    if (!failed_at)
        log_error("cannot %s %s: %s; until that works, the store does not survive being killed",
                  what, journal_path, strerror(-rc));
    failed_at = time(NULL);
    file_close(&now);
    unlink(journal_path);
    recording = false;
}

static bool reserve(size_t bytes)
{
    size_t size = now.size;
    int rc;

    if (now.tail + bytes <= now.size)
        return true;
    while (now.tail + bytes > size)
        size *= 2;
    rc = file_resize(&now, size);
    if (rc)
        give_up("extend", rc);
    return rc == 0;
}

void journal_add(enum journal_type type, uint32_t domid, uint32_t number, const char *path,
                 uint32_t path_len, const void *data, uint32_t data_len)
{
    struct journal_record_header h = { .type = type, .domid = domid, .number = number,
                                       .path_len = path_len, .data_len = data_len };
    char *to;

    if (!recording)
        return;
    h.bytes = (uint32_t)(sizeof(h) + path_len + data_len + 2 + 7) & ~7u;
    if (!reserve(h.bytes))
        return;
    to = now.map + now.tail;
    memcpy(to, &h, sizeof(h));
    to += sizeof(h);
    if (path_len)
        memcpy(to, path, path_len);
    to[path_len] = '\0';
    if (data_len)
        memcpy(to + path_len + 1, data, data_len);
    to[path_len + 1 + data_len] = '\0';
    now.tail += h.bytes;
}

void journal_change(enum journal_type type, const struct subject *who, const char *path,
                    uint32_t path_len, const void *data, uint32_t len)
{
    journal_add(type, who->domid, who->target, path, path_len, data, len);
}

void journal_perms(const struct subject *who, const char *path, uint32_t path_len,
                   const struct perms *perms)
{
    char text[256];
    size_t len;
    char *big;

    if (!recording)
        return;
    len = perms_format(perms, text, sizeof(text));
    if (len <= sizeof(text)) {
        journal_change(JOURNAL_PERMS, who, path, path_len, text, (uint32_t)len);
        return;
    }
    big = malloc(len);
    if (!big) {
        give_up("write", -ENOMEM);
        return;
    }
    perms_format(perms, big, len);
    journal_change(JOURNAL_PERMS, who, path, path_len, big, (uint32_t)len);
    free(big);
}

void journal_commit(void)
{
    if (recording)
        file_commit(&now);
}

/* Writes the present state to a new file, which then takes the place of the old one. If there is
 * no room, the old one, if there is one, goes on. */
static int renew(void)
{
    struct file old = now;
    bool was_recording = recording;
    int rc;

    now = (struct file){ .fd = -1 };
    rc = file_create(&now, new_path);
    if (!rc) {
        recording = true;
        snapshot_add();
        if (!recording) { /* give_up() has reported it */
            file_close(&old);
            unlink(new_path);
            return -ENOSPC;
        }
        file_commit(&now);
        rc = rename(new_path, journal_path) < 0 ? -errno : 0;
    }
    if (rc) {
        file_close(&now);
        now = old;
        recording = was_recording;
        return rc;
    }
    file_close(&old);
    fresh_bytes = now.tail;
    failed_at = 0;
    return 0;
}

void journal_start(void)
{
    int rc = renew();

    if (rc)
        give_up("write", rc);
}

void journal_tidy(void)
{
    int rc;

    if (!journal_path)
        return;
    if (!recording) {
        if (failed_at && time(NULL) - failed_at >= RETRY_SECONDS) {
            failed_at = time(NULL);
            if (renew() == 0)
                log_info("%s works again", journal_path);
        }
        return;
    }
    if (now.tail < fresh_bytes * 2 + TIDY_BYTES)
        return;
    rc = renew();
    if (rc) {
        log_error("cannot renew %s: %s", journal_path, strerror(-rc));
        fresh_bytes = now.tail; /* try again when it has doubled */
    }
}
