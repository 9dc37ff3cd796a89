/* SPDX-License-Identifier: MIT */
/*
 * Reads and checks a domain's file without domusd.
 *
 * Opens what the file names, for reading only. Locks: none.
 */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "pv_build.h"

int config_file_read(const char *path, char **text, size_t *bytes)
{
    struct stat st;
    size_t used = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *text = NULL;
    if (fd < 0)
        return cmd_fail("cannot open the domain file %s: %s", path, strerror(errno));
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return cmd_fail("%s is a directory: name a domain file", path);
    }
    *text = malloc(CONFIG_MAX_BYTES + 2);
    while (*text && used <= CONFIG_MAX_BYTES &&
           (n = read(fd, *text + used, CONFIG_MAX_BYTES + 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    if (!*text)
        return cmd_fail("there is not enough memory to read %s", path);
    (*text)[used] = '\0';
    *bytes = used;
    return CMD_OK;
}

static int check_build(const struct domain_config *cfg)
{
    struct pv_build_config config;
    struct pv_build *build;
    struct error e;

    error_clear(&e);
    pv_build_config_init(&config);
    config.name = cfg->name;
    config.kernel = cfg->kernel;
    config.ramdisk = cfg->ramdisk;
    config.cmdline = cfg->cmdline;
    config.memory_kib = cfg->memory_mib * 1024;
    config.maxmem_kib = cfg->maxmem_mib * 1024;
    config.vcpus = cfg->vcpus;
    config.maxvcpus = cfg->maxvcpus;
    if (pv_build_prepare(&config, &build, &e))
        return cmd_fail("%s", error_text(&e));
    pv_build_free(build);
    return CMD_OK;
}

static int check_disks(const struct domain_config *cfg)
{
    for (size_t i = 0; i < cfg->disk_count; i++) {
        const struct disk_spec *disk = &cfg->disks[i];

        if (access(disk->target, disk->read_only ? R_OK : R_OK | W_OK))
            return cmd_fail("the image %s of disk %s cannot be used: %s: correct disk=",
                            disk->target, disk->vdev, strerror(errno));
    }
    return CMD_OK;
}

int config_file_check(const char *path, const char *text, size_t bytes, struct domain_config *cfg)
{
    struct config_error err;
    char folder[4096];
    int status;

    if (config_parse(text, bytes, cfg, &err))
        return err.line ? cmd_fail("%s:%u: %s", path, err.line, err.text)
                        : cmd_fail("%s: %s", path, err.text);
    if (!getcwd(folder, sizeof(folder)) || config_resolve_paths(cfg, folder)) {
        config_free(cfg);
        return cmd_fail("cannot tell where the paths of %s begin", path);
    }
    status = check_build(cfg);
    if (status == CMD_OK)
        status = check_disks(cfg);
    if (status != CMD_OK)
        config_free(cfg);
    return status;
}
