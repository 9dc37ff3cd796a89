/* SPDX-License-Identifier: MIT */
/*
 * Console on a graphics screen, as UEFI and VBE leave one: text in a font of our own, twice the
 * size where there is room. What stands on the screen is remembered in memory, since reading a
 * framebuffer is slow, and only cells that change are drawn. dom0 takes the screen over when it
 * runs. Locks: the console's output lock.
 */
#include <asm/frame.h>
#include <asm/page.h>
#include <asm/platform.h>
#include <hv/boot_info.h>
#include <hv/console.h>
#include <hv/page_alloc.h>

#include "font.h"

#define CELL_WIDTH  (FONT_COLUMNS + 1)
#define CELL_HEIGHT 8
#define MIN_COLUMNS 80
#define MAX_CELLS   65536U

static u8 *pixels;
static char *text; /* rows * columns */
static u32 columns, rows, scale, at_column, at_row;
static u32 pixel_bytes, foreground;
static bool is_in_use, is_drawing;

/* Three quarters of full brightness in a channel. */
static u32 channel(unsigned int position, unsigned int size)
{
    return size && size <= 16 && position < 32 ? ((1U << size) - 1) * 3 / 4 << position : 0;
}

static void put_pixel(u8 *at, u32 value)
{
    for (u32 i = 0; i < pixel_bytes; i++)
        *(volatile u8 *)(at + i) = (u8)(value >> (8 * i));
}

static void draw(u32 row, u32 column, char c)
{
    u8 index = (u8)c >= FONT_FIRST && (u8)c <= FONT_LAST ? (u8)c - FONT_FIRST : '?' - FONT_FIRST;
    u32 width = CELL_WIDTH * scale, height = CELL_HEIGHT * scale;

    for (u32 y = 0; y < height; y++) {
        u8 *at = pixels + (u64)(row * height + y) * boot_info.fb.pitch +
                 (u64)column * width * pixel_bytes;

        for (u32 x = 0; x < width; x++, at += pixel_bytes) {
            u8 dots = x / scale < FONT_COLUMNS ? font[index][x / scale] : 0;

            put_pixel(at, dots >> (y / scale) & 1 ? foreground : 0);
        }
    }
}

static void set_cell(u32 row, u32 column, char c)
{
    char *cell = &text[row * columns + column];

    if (*cell == c)
        return;
    *cell = c;
    if (is_drawing)
        draw(row, column, c);
}

/* By a quarter of the screen: cells are drawn that much less often than line by line. */
static void scroll(void)
{
    u32 step = MAX(rows / 4, 1U);

    for (u32 row = 0; row < rows; row++)
        for (u32 column = 0; column < columns; column++)
            set_cell(row, column,
                     row + step < rows ? text[(row + step) * columns + column] : ' ');
    at_row -= step;
}

static void new_line(void)
{
    at_column = 0;
    if (++at_row == rows)
        scroll();
}

static void framebuffer_write(const char *s, size_t n)
{
    if (!is_in_use)
        return;
    for (; n; n--, s++) {
        if (*s == '\n') {
            new_line();
        } else if (*s == '\r') {
            at_column = 0;
        } else {
            if (at_column == columns)
                new_line();
            set_cell(at_row, at_column++, *s);
        }
    }
}

static const struct console_device framebuffer_device = {
    .name = "framebuffer", .write = framebuffer_write,
};

/* Sizes that make sense, and the screen in reach. */
static bool prepare(void)
{
    u64 bytes = (u64)boot_info.fb.pitch * boot_info.fb.height;

    pixel_bytes = (boot_info.fb.bpp + 7U) / 8;
    if (pixel_bytes < 2 || pixel_bytes > 4 || !boot_info.fb.base ||
        boot_info.fb.pitch < (u64)boot_info.fb.width * pixel_bytes)
        return false;
    scale = boot_info.fb.width >= 2 * CELL_WIDTH * MIN_COLUMNS ? 2 : 1;
    columns = boot_info.fb.width / (CELL_WIDTH * scale);
    rows = boot_info.fb.height / (CELL_HEIGHT * scale);
    if (columns < 2 || rows < 2 || (u64)columns * rows > MAX_CELLS)
        return false;
    foreground = channel(boot_info.fb.red_pos, boot_info.fb.red_size) |
                 channel(boot_info.fb.green_pos, boot_info.fb.green_size) |
                 channel(boot_info.fb.blue_pos, boot_info.fb.blue_size);
    if (!foreground)
        foreground = ~0U; /* white in every layout */
    text = hv_zalloc_array(columns, rows);
    pixels = text ? vmap_device(boot_info.fb.base, bytes, PAGE_HV_WC) : NULL;
    return pixels;
}

void framebuffer_console_init(void)
{
    if (!prepare()) {
        hv_free(text);
        text = NULL;
        return;
    }
    memset(text, ' ', (size_t)columns * rows);
    is_in_use = true;
    console_register(&framebuffer_device); /* which writes what was said so far */
    is_drawing = true;
    memset(pixels, 0, (size_t)boot_info.fb.pitch * boot_info.fb.height);
    for (u32 row = 0; row < rows; row++)
        for (u32 column = 0; column < columns; column++)
            if (text[row * columns + column] != ' ')
                draw(row, column, text[row * columns + column]);
}

void framebuffer_console_release(void)
{
    is_in_use = false; /* the window stays: somebody may be writing */
}
