/* SPDX-License-Identifier: MIT */
/* console_io as the initial domain: write, read, and what it refuses. */
#include "test.h"

static void write_counts(void)
{
    static char text[4096];

    memset(text, '.', sizeof(text));
    text[sizeof(text) - 1] = '\n';
    CHECK_EQ(hc_console_io(CONSOLEIO_write, 0, text), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_write, 0, NULL), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_write, 1, text + sizeof(text) - 1), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_write, sizeof(text), text), 0);
}

/* As far as the text goes: the count may be larger than what is mapped. */
static void write_past_end(void)
{
    char *page = page_alloc(), *next = page_alloc();

    if (next != page + PAGE_SIZE)
        test_error("pool pages do not follow each other");
    CHECK_EQ(hc_update_va_mapping((unsigned long)next, 0, UVMF_INVLPG), 0);
    memset(page, '-', PAGE_SIZE);
    CHECK_EQ(hc_console_io(CONSOLEIO_write, 0x80000000UL, next - 4), -EFAULT);
    CHECK_EQ(page_protect(next, PTE_RW_PAGE), 0);
    page_free(next);
    page_free(page);
}

/* Zero bytes and control characters pass or are dropped, never end the text. */
static void write_binary(void)
{
    char bytes[] = "a\0b\x01" "c\n";

    CHECK_EQ(hc_console_io(CONSOLEIO_write, sizeof(bytes) - 1, bytes), 0);
}

static void write_bad_pointer(void)
{
    static const unsigned long pointers[] = { 0, UNMAPPED_VA, NONCANONICAL_VA, HYPERVISOR_VA };

    for (unsigned int i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        CHECK_EQ(hc_console_io(CONSOLEIO_write, 8, (void *)pointers[i]), -EFAULT);
}

/* Nobody typed anything. */
static void read_empty(void)
{
    char buffer[16];

    memset(buffer, 0x5a, sizeof(buffer));
    CHECK_EQ(hc_console_io(CONSOLEIO_read, sizeof(buffer), buffer), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_read, 0, buffer), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_read, 0x7fffffffUL, buffer), 0);
    CHECK_EQ(hc_console_io(CONSOLEIO_read, 0x80000000UL, buffer), -E2BIG);
    CHECK_EQ(buffer[0], 0x5a);
}

static void unknown(void)
{
    char buffer[4];

    CHECK_EQ(hc_console_io(2, sizeof(buffer), buffer), -ENOSYS);
    CHECK_EQ(hc_console_io(~0u, sizeof(buffer), buffer), -ENOSYS);
}

static const struct test tests[] = {
    { "write_counts", write_counts },
    { "write_binary", write_binary },
    { "write_bad_pointer", write_bad_pointer },
    { "write_past_end", write_past_end },
    { "read_empty", read_empty },
    { "unknown", unknown },
};

TEST_MAIN(tests)
