/* SPDX-License-Identifier: MIT */
/* CPU pools. Locks: none. Facts: libxl keeps their names in /local/pool. */
#include "pool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/store.h"

#define POOLS   "/local/pool"
#define NO_POOL UINT32_MAX /* of a domain that is dying */

static bool has_name(struct worker *w, const char *id, const char *wanted)
{
    char *name = NULL;
    bool same = !store_read(w->xs, XBT_NULL, &name, POOLS "/%s/name", id) && !strcmp(name, wanted);

    free(name);
    return same;
}

static bool find_name(struct worker *w, const char *wanted, uint32_t *id)
{
    unsigned int count = 0;
    char **ids = xs_directory(w->xs, XBT_NULL, POOLS, &count);
    bool found = false;

    for (unsigned int i = 0; ids && !found && i < count; i++) {
        found = has_name(w, ids[i], wanted);
        if (found)
            *id = (uint32_t)strtoul(ids[i], NULL, 10);
    }
    free(ids);
    return found;
}

int pool_find(struct worker *w, const struct domain_config *cfg, uint32_t *id)
{
    char *end;

    *id = 0;
    if (!cfg->pool || find_name(w, cfg->pool, id))
        return 0;
    errno = 0;
    unsigned long number = strtoul(cfg->pool, &end, 10);
    if (!isdigit((unsigned char)cfg->pool[0]) || *end || errno || number >= UINT32_MAX)
        return error_set(&w->error, -ENOENT,
                         "there is no CPU pool '%s' for domain '%s': make it with xl "
                         "cpupool-create, or correct pool=",
                         cfg->pool, cfg->name);
    *id = (uint32_t)number;
    return 0;
}

int pool_note(struct worker *w, uint32_t id, struct domain_config *cfg)
{
    char *name = NULL;

    if (id == NO_POOL)
        return 0;
    if (id && store_read(w->xs, XBT_NULL, &name, POOLS "/%u/name", id) &&
        asprintf(&name, "%u", id) < 0)
        return -ENOMEM;
    free(cfg->pool);
    cfg->pool = name;
    return 0;
}
