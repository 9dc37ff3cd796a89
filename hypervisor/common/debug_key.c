/* SPDX-License-Identifier: MIT */
/* Keys that print the hypervisor's state; typed on the console or sent by sysctl debug_keys. */
#include <hv/arch.h>
#include <hv/atomic.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/printk.h>
#include <hv/softirq.h>

static struct debug_key {
    void (*fn)(unsigned char key);
    const char *what;
} keys[128];

static void show_help(unsigned char key)
{
    (void)key;
    printk(LOG_ERR "Debug keys:\n");
    for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].fn)
            printk(LOG_ERR " '%c' (ascii %02x) %s\n", (char)i, i, keys[i].what);
}

static void reboot_key(unsigned char key)
{
    (void)key;
    printk(LOG_ERR "Reboot asked for by debug key\n");
    machine_restart(0);
}

static void crash_key(unsigned char key)
{
    (void)key;
    panic("Crash asked for by debug key\n");
}

void debug_key_register(char key, const char *what, void (*fn)(unsigned char key))
{
    keys[(unsigned char)key & 127] = (struct debug_key){fn, what};
}

void debug_key_handle(unsigned char key)
{
    static bool ready;

    if (!ready) {
        ready = true;
        debug_key_register('h', "show this help", show_help);
        debug_key_register('R', "reboot the machine", reboot_key);
        debug_key_register('C', "panic (test of the crash path)", crash_key);
    }
    if (key < ARRAY_SIZE(keys) && keys[key].fn) {
        printk(LOG_ERR "'%c' pressed\n", key);
        keys[key].fn(key);
    }
}

/* Dumps take locks that interrupts may have caught held. Keys typed faster than this are lost. */
static u8 typed_key;

static void handle_typed(void)
{
    u8 key = xchg(&typed_key, 0);

    if (key)
        debug_key_handle(key);
}

void debug_key_typed(unsigned char key)
{
    softirq_register(SOFTIRQ_CONSOLE, handle_typed);
    (void)xchg(&typed_key, key);
    softirq_raise(SOFTIRQ_CONSOLE);
}
