/* SPDX-License-Identifier: MIT */
/*
 * NS16550 UART as console. Options com1= and com2=, Xen's spelling: baud[/clock][,DPS[,io[,irq]]]
 * with DPS data bits, parity, stop bits ("8n1"); baud "auto" keeps the divisor that is set.
 * Output is polled (it must work in a panic), input comes by interrupt.
 *
 * Facts: National Semiconductor PC16550D data sheet.
 */
#include <asm/cpu.h>
#include <asm/platform.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/params.h>
#include <hv/printk.h>

#define CLOCK_HZ 1843200
enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6 };
#define LSR_DR 0x01
#define LSR_THRE 0x20
#define LSR_TEMT 0x40 /* shift register empty too */

struct uart {
    u16 io;
    u8 irq;
    bool configured, present;
    u32 baud, clock;
    u8 lcr;
};
static struct uart uarts[2] = {
    {.io = 0x3f8, .irq = 4, .clock = CLOCK_HZ, .lcr = 3},
    {.io = 0x2f8, .irq = 3, .clock = CLOCK_HZ, .lcr = 3},
};
static struct uart *active;

static int parse_com(struct uart *u, const char *s)
{
    if (!strncmp(s, "auto", 4)) {
        u->baud = 0;
        s += 4;
    } else {
        u->baud = (u32)strtou64(s, &s, 10);
        if (!u->baud)
            return -1;
    }
    if (*s == '/')
        u->clock = (u32)strtou64(s + 1, &s, 0) << 4;
    if (*s == ',' && s[1] >= '5' && s[1] <= '8' && s[2] && s[3]) {
        u8 parity = s[2] == 'o' ? 0x08 : s[2] == 'e' ? 0x18 : s[2] == 'm' ? 0x28 :
                    s[2] == 's' ? 0x38 : 0;

        u->lcr = (u8)((s[1] - '5') | parity | (s[3] == '2' ? 4 : 0));
        s += 4;
    }
    if (*s == ',' && s[1] >= '0' && s[1] <= '9')
        u->io = (u16)strtou64(s + 1, &s, 0);
    if (*s == ',' && s[1] >= '0' && s[1] <= '9')
        u->irq = (u8)strtou64(s + 1, &s, 0);
    u->configured = true;
    if (*s)
        printk(LOG_WARN "com%u=: \"%s\" not understood; I/O port 0x%x, interrupt %u\n",
               u == &uarts[0] ? 1 : 2, s, u->io, u->irq);
    return 0;
}
static int parse_com1(const char *s) { return parse_com(&uarts[0], s); }
BOOT_PARAM("com1", parse_com1);
static int parse_com2(const char *s) { return parse_com(&uarts[1], s); }
BOOT_PARAM("com2", parse_com2);

static bool wants_vga, wants_com[2], said;

/* console=vga,com1,com2,none */
static int parse_console(const char *s)
{
    said = true;
    while (*s) {
        size_t n = strchr(s, ',') ? (size_t)(strchr(s, ',') - s) : strlen(s);

        if (n == 4 && !strncmp(s, "com1", 4))
            wants_com[0] = true;
        else if (n == 4 && !strncmp(s, "com2", 4))
            wants_com[1] = true;
        else if (n == 3 && !strncmp(s, "vga", 3))
            wants_vga = true;
        else if (n != 4 || strncmp(s, "none", 4))
            printk(LOG_WARN "console=%s: device not known\n", s);
        s += n + (s[n] == ',');
    }
    return 0;
}
BOOT_PARAM("console", parse_console);

static void put_raw(char c)
{
    /* A stuck transmitter must not stop the machine: bounded wait. */
    for (unsigned int i = 0; i < 100000 && !(inb(active->io + LSR) & LSR_THRE); i++)
        __asm__ volatile("pause");
    outb(active->io + THR, (u8)c);
}

static void serial_write(const char *s, size_t n)
{
    for (; n; n--, s++) {
        if (*s == '\n')
            put_raw('\r');
        put_raw(*s);
    }
}

static void serial_flush(void)
{
    for (unsigned int i = 0; i < 1000000 && !(inb(active->io + LSR) & LSR_TEMT); i++)
        __asm__ volatile("pause");
}

static const struct console_device serial_device = {
    .name = "serial",
    .write = serial_write,
    .flush = serial_flush,
};

static void serial_interrupt(void *data)
{
    (void)data;
    for (unsigned int i = 0; i < 64 && inb(active->io + LSR) & LSR_DR; i++)
        console_rx((char)inb(active->io + RBR));
    (void)inb(active->io + IIR);
}

static void setup(struct uart *u)
{
    /* No UART there: the scratch of LCR does not hold. */
    outb(u->io + LCR, 0x1b);
    if (inb(u->io + LCR) != 0x1b)
        return;
    u->present = true;
    outb(u->io + IER, 0);
    if (u->baud) {
        u16 div = (u16)(u->clock / (u->baud * 16));

        outb(u->io + LCR, 0x80);
        outb(u->io, (u8)div);
        outb(u->io + 1, (u8)(div >> 8));
    }
    outb(u->io + LCR, u->lcr);
    outb(u->io + FCR, 0x07);
    outb(u->io + MCR, 0x0b); /* DTR, RTS, OUT2: interrupts reach the bus */
}

void console_devices_init(void)
{
    if (!said)
        wants_vga = true; /* Xen's default: vga, com1 when configured */
    for (int i = 0; i < 2; i++) {
        if (!(wants_com[i] || (!said && uarts[i].configured)) || active)
            continue;
        setup(&uarts[i]);
        if (!uarts[i].present)
            continue;
        active = &uarts[i];
        console_register(&serial_device);
    }
    if (wants_vga)
        vga_console_init();
}

bool serial_owns_port(u32 port)
{
    return active && port >= active->io && port < active->io + 8u;
}

int serial_irq(void)
{
    return active ? active->irq : -1;
}

void serial_init_irq(void)
{
    if (!active)
        return;
    if (irq_request_hv(active->irq, serial_interrupt, NULL)) {
        printk(LOG_WARN "Serial console: interrupt %u is not available; no input\n", active->irq);
        return;
    }
    outb(active->io + IER, 0x01);
    (void)inb(active->io + RBR);
    (void)inb(active->io + IIR);
}
