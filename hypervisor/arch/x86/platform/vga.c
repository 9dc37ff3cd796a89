/* SPDX-License-Identifier: MIT */
/* VGA text console: 80x25 at 0xb8000, scrolled in memory; or the framebuffer's, where the screen is
 * in a graphics mode. dom0 takes the screen over when it runs.
 */
#include <asm/cpu.h>
#include <asm/page.h>
#include <asm/platform.h>
#include <hv/boot_info.h>
#include <hv/console.h>
#include <hv/params.h>

#define COLS      80
#define ROWS      25
#define ATTR      0x0700
#define TEXT_BASE 0xb8000

static u16 *screen;
static unsigned int column, row;
static bool keep, is_graphics;

/* vga=keep: go on printing after dom0 has started. Other values choose modes, which GRUB has set.
 */
static int parse_vga(const char *s)
{
    keep = strstr(s, "keep") != NULL;
    return 0;
}
BOOT_PARAM("vga", parse_vga);

static void new_line(void)
{
    column = 0;
    if (++row < ROWS)
        return;
    row = ROWS - 1;
    memmove(screen, screen + COLS, COLS * (ROWS - 1) * 2);
    for (unsigned int i = 0; i < COLS; i++)
        screen[row * COLS + i] = ATTR | ' ';
}

static void vga_write(const char *s, size_t n)
{
    if (!screen)
        return;
    for (; n; n--, s++) {
        if (*s == '\n') {
            new_line();
            continue;
        }
        if (*s == '\r') {
            column = 0;
            continue;
        }
        if (column == COLS)
            new_line();
        screen[row * COLS + column++] = (u16)(ATTR | (u8)*s);
    }
}

static const struct console_device vga_device = { .name = "vga", .write = vga_write };

void vga_console_init(void)
{
    is_graphics = boot_info.fb.present && !boot_info.fb.is_text;
    if (is_graphics || boot_info.is_efi)
        return; /* nothing to see in text memory */
    screen = paddr_to_virt(TEXT_BASE);
    for (unsigned int i = 0; i < COLS * ROWS; i++)
        screen[i] = ATTR | ' ';
    console_register(&vga_device);
}

void vga_console_init_graphics(void)
{
    if (is_graphics)
        framebuffer_console_init();
}

void vga_console_release(void)
{
    if (keep)
        return;
    screen = NULL;
    framebuffer_console_release();
}
