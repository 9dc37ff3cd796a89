/* SPDX-License-Identifier: MIT */
/* Runs a table of tests one by one; each in a catch, so that a stray trap costs one test. */
#include <xen/physdev.h>
#include <xen/sched.h>

#include <sdk/time.h>

#include "test.h"

/* QEMU's isa-debug-exit, where it is attached; nothing elsewhere. */
#define EXIT_PORT 0xf4

static const struct test *current;
static unsigned long main_rsp;
static bool in_test, reported;
static unsigned int failed;

_Noreturn extern void test_leave(unsigned long rsp);
extern void test_enter(void (*fn)(void), unsigned long *rsp);

asm(".text\n"
    "test_enter:\n"
    "    pushq %rbx\n    pushq %rbp\n    pushq %r12\n    pushq %r13\n    pushq %r14\n"
    "    pushq %r15\n    subq $8, %rsp\n    movq %rsp, (%rsi)\n    call *%rdi\n"
    "1:  addq $8, %rsp\n    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n"
    "    popq %rbp\n    popq %rbx\n    ret\n"
    "test_leave:\n"
    "    movq %rdi, %rsp\n    jmp 1b\n");

static void leave_test(void)
{
    reported = true;
    if (in_test)
        test_leave(main_rsp);
}

static void report(const char *kind, const char *format, va_list args)
{
    char text[400];

    vsnprintf(text, sizeof(text), format, args);
    printf("TEST %s: %s %s\n", current ? current->name : "start", kind, text);
}

_Noreturn static void test_exit(void)
{
    struct physdev_set_iopl iopl = { .iopl = 1 };

    audit_frames();
    printf("DONE\n");
    if (is_initial_domain()) {
        hc_physdev_op(PHYSDEVOP_set_iopl, &iopl);
        outl(failed ? 1 : 0, EXIT_PORT);
    }
    guest_shutdown(SHUTDOWN_poweroff);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    failed++;
    printf("TEST %s: FAIL %s:%d %s\n", current ? current->name : "start", file, line, text);
    leave_test();
    test_exit();
}

void test_skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("skip", format, args);
    va_end(args);
    leave_test();
    test_exit();
}

void test_error(const char *format, ...)
{
    va_list args;

    failed++;
    va_start(args, format);
    report("error", format, args);
    va_end(args);
    leave_test();
    test_exit();
}

void trap_unexpected(const struct trap_frame *frame)
{
    trap_print(frame);
    failed++;
    printf("TEST %s: FAIL %s:%d unexpected trap %lu error %lx at %lx\n",
           current ? current->name : "start", __FILE__, __LINE__, frame->vector,
           frame->error_code, frame->rip);
    leave_test();
    test_exit();
}

void test_check_eq(const char *file, int line, const char *what, long got, long want)
{
    if (got == want)
        return;
    if (got > -4096 && got < 4096 && want > -4096 && want < 4096)
        test_fail(file, line, "%s is %ld, want %ld", what, got, want);
    test_fail(file, line, "%s is 0x%lx, want 0x%lx", what, got, want);
}

void test_check_row(const char *file, int line, const char *row, const char *what, long got,
                    long want)
{
    if (got != want)
        test_fail(file, line, "%s: %s is %ld (0x%lx), want %ld (0x%lx)", row, what, got, got,
                  want, want);
}

void test_check_trap(const char *file, int line, unsigned int vector, unsigned long error)
{
    struct cpu *cpu = this_cpu();
    const struct trap_frame *frame = &cpu->seen.frame;

    if (!cpu->seen.hit)
        test_fail(file, line, "no trap, want vector %u", vector);
    if (cpu->seen.vector != vector || frame->error_code != error)
        test_fail(file, line, "trap %u error %lx at %lx, want %u error %lx", cpu->seen.vector,
                  frame->error_code, frame->rip, vector, error);
}

void test_check_no_trap(const char *file, int line)
{
    struct cpu *cpu = this_cpu();

    if (cpu->seen.hit)
        test_fail(file, line, "trap %u error %lx at %lx cr2 %lx", cpu->seen.vector,
                  cpu->seen.frame.error_code, cpu->seen.frame.rip, cpu->seen.cr2);
}

domid_t own_domid(void)
{
    static domid_t own;
    struct evtchn_status status = { .dom = DOMID_SELF };
    long port;

    if (own || is_initial_domain())
        return own;
    port = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
    status.port = port;
    if (port < 0 || hc_event_channel_op(EVTCHNOP_status, &status))
        test_error("cannot find our own number: %ld", port);
    event_close(port);
    own = status.u.unbound.dom;
    return own;
}

static void run_one(const struct test *test)
{
    current = test;
    reported = false;
    in_test = true;
    test_enter(test->run, &main_rsp);
    in_test = false;
    this_cpu()->fixup_rip = 0;
    this_cpu()->fixup_rsp = 0;
    upcalls_disable();
    if (!reported)
        printf("TEST %s: ok\n", test->name);
}

void test_main(const struct test *tests, unsigned int count)
{
    printf("PLAN %u\n", count);
    for (unsigned int i = 0; i < count; i++)
        run_one(&tests[i]);
    test_exit();
}
