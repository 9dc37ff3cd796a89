/* SPDX-License-Identifier: MIT */
/*
 * Kernel and ramdisk files. Owns the kernel's bytes and the ramdisk's descriptor of a build.
 *
 * Files are read, never mapped: one that shrinks meanwhile is an error, not a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pv_build_internal.h"

/* Far above any kernel, and low enough to allocate without thinking. */
#define MAX_FILE_BYTES     (1ull << 30)
#define MAX_UNPACKED_BYTES (1ull << 30)

static void *heap_alloc(void *ctx, size_t bytes)
{
    (void)ctx;
    return malloc(bytes);
}

static void heap_free(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

static const struct image_allocator heap = { heap_alloc, heap_free, NULL };

/* Opens a regular file; what: "kernel", "ramdisk". */
static int open_regular(struct pv_build *build, const char *what, const char *path, int *fd,
                        uint64_t *bytes, struct error *e)
{
    struct stat st;
    int rc;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 && errno == ENOENT)
        return build_fail(build, e, -ENOENT, "%s %s does not exist; correct \"%s\" in its file",
                          what, path, what);
    if (*fd < 0) {
        rc = -errno;
        return build_fail(build, e, rc, "%s %s cannot be opened: %s; make it readable for root",
                          what, path, strerror(-rc));
    }
    rc = fstat(*fd, &st) ? -errno : 0;
    if (rc == 0 && !S_ISREG(st.st_mode))
        rc = build_fail(build, e, -EINVAL, "%s %s is not a regular file; name one", what, path);
    else if (rc == 0 && st.st_size == 0)
        rc = build_fail(build, e, -EINVAL, "%s %s is empty; restore it", what, path);
    else if (rc == 0 && (uint64_t)st.st_size > MAX_FILE_BYTES)
        rc = build_fail(build, e, -EFBIG, "%s %s has more than 1 GiB; name a %s instead", what,
                        path, what);
    else if (rc)
        build_fail(build, e, rc, "%s %s cannot be examined: %s", what, path, strerror(-rc));
    if (rc) {
        close(*fd);
        *fd = -1;
        return rc;
    }
    *bytes = (uint64_t)st.st_size;
    return 0;
}

static int read_all(int fd, void *buffer, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t n = pread(fd, (char *)buffer + done, bytes - done, (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        done += (size_t)n;
    }
    return 0;
}

static const char *remedy(int err)
{
    switch (-err) {
    case IMAGE_E_TRUNCATED:
    case IMAGE_E_CORRUPT:
        return "copy or install it again";
    case IMAGE_E_COMPRESSION:
        return "use one compressed with gzip, bzip2, lzma, xz, lz4 or zstd, or not at all";
    case IMAGE_E_NO_XEN_NOTES:
        return "use one built with CONFIG_XEN_PV";
    default:
        return "name a 64-bit kernel with Xen PV support";
    }
}

static int unpack_kernel(struct pv_build *build, size_t bytes, struct error *e)
{
    const char *path = build->config.kernel;
    struct image_payload payload;
    int rc = image_unpack(build->kernel_file, bytes, MAX_UNPACKED_BYTES, &heap, &build->kernel);

    if (rc == -IMAGE_E_COMPRESSION && image_find_payload(build->kernel_file, bytes, &payload) == 0)
        return build_fail(build, e, -EINVAL,
                          "kernel %s cannot be unpacked: it is compressed with %s "
                          "and that is not supported; %s",
                          path, payload.format_name, remedy(rc));
    if (rc)
        return build_fail(build, e, -EINVAL, "kernel %s cannot be unpacked: %s; %s", path,
                          image_strerror(rc), remedy(rc));
    rc = image_parse_elf(build->kernel.elf, build->kernel.size, &build->image);
    if (rc)
        return build_fail(build, e, -EINVAL, "kernel %s cannot be used: %s; %s", path,
                          image_strerror(rc), remedy(rc));
    return 0;
}

int build_read_kernel(struct pv_build *build, struct error *e)
{
    const char *path = build->config.kernel;
    uint64_t bytes;
    int fd, rc;

    rc = open_regular(build, "kernel", path, &fd, &bytes, e);
    if (rc)
        return rc;
    build->kernel_file = malloc(bytes);
    rc = build->kernel_file ? read_all(fd, build->kernel_file, bytes) : -ENOMEM;
    close(fd);
    if (rc)
        return build_fail(build, e, rc, "kernel %s cannot be read: %s", path, strerror(-rc));
    return unpack_kernel(build, bytes, e);
}

int build_open_ramdisk(struct pv_build *build, struct error *e)
{
    if (!build->config.ramdisk)
        return 0;
    return open_regular(build, "ramdisk", build->config.ramdisk, &build->ramdisk_fd,
                        &build->ramdisk_bytes, e);
}

void build_close_files(struct pv_build *build)
{
    image_unpack_free(&heap, &build->kernel);
    free(build->kernel_file);
    build->kernel_file = NULL;
    if (build->ramdisk_fd >= 0)
        close(build->ramdisk_fd);
    build->ramdisk_fd = -1;
}
