/* SPDX-License-Identifier: MIT */
/* The smallest guest: it starts, sees its start_info, prints and ends. */
#include "test.h"

static void start_info_magic(void)
{
    CHECK(!strncmp(start_info->magic, "xen-3.0-x86_64", 14));
    CHECK(start_info->nr_pages > 1024);
    printf("hello from %s, %lu pages, command line \"%s\"\n", start_info->magic,
           start_info->nr_pages, start_info->cmd_line);
}

static const struct test tests[] = {
    { "start_info_magic", start_info_magic },
};

TEST_MAIN(tests)
