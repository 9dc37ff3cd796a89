/* SPDX-License-Identifier: MIT */
/*
 * QEMU plugin (TCG plugin API, version 1) that counts what a machine executes: instructions by
 * address range, and those of the hypervisor that cost far more than one tick of the clock. Debian
 * has no header for the API, so the few functions that are used are declared here.
 *
 * -plugin costs.so,out=FILE maps FILE as an array of 64-bit words: the running counts, the number
 * of reports, and the reports. A guest brackets what it measures with marks, which are long NOPs:
 * START and STOP add up the counts between them, REPORT appends the sum and begins anew.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_INLINE_ADD_U64 };
enum { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*udata_fn)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*fn)(qemu_plugin_id_t, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *to,
                                              uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op, void *to,
                                                uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, udata_fn fn, int regs,
                                            void *data);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* The order is known to bench.py. */
enum { HYPERVISOR, KERNEL, USER, CR3, CR4, WRMSR, INVLPG, IRET, LOCKED, NR_COUNTS };
#define MAX_REPORTS 1024

struct output {
    uint64_t now[NR_COUNTS];
    uint64_t nr_reports;
    uint64_t report[MAX_REPORTS][NR_COUNTS];
};

static struct output *out;
static uint64_t begin[NR_COUNTS], sum[NR_COUNTS];

enum { MARK_START = 1, MARK_STOP, MARK_REPORT };

static void mark_start(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    memcpy(begin, out->now, sizeof(begin));
}

static void mark_stop(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    for (int i = 0; i < NR_COUNTS; i++)
        sum[i] += out->now[i] - begin[i];
}

static void mark_report(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    if (out->nr_reports < MAX_REPORTS)
        memcpy(out->report[out->nr_reports++], sum, sizeof(sum));
    memset(sum, 0, sizeof(sum));
}

/* Domus and Xen live in what the ABI reserves for them: 0xffff8000... to 0xffff87ff... */
static int range_of(uint64_t address)
{
    if (address >= 0xffff880000000000)
        return KERNEL;
    return address >= 0xffff800000000000 ? HYPERVISOR : USER;
}

/* A mark is `nopl 0x444d5500+n(%rax)`; 0 for anything else. */
static unsigned int mark_of(const uint8_t *code, size_t length)
{
    static const uint8_t nop[] = { 0x0f, 0x1f, 0x80 }, magic[] = { 0x55, 0x4d, 0x44 };

    if (length != 7 || memcmp(code, nop, sizeof(nop)) || memcmp(code + 4, magic, sizeof(magic)))
        return 0;
    return code[3];
}

static bool is_prefix(uint8_t byte)
{
    return (byte & 0xf0) == 0x40 || byte == 0x66 || byte == 0x67 || (byte | 1) == 0xf3 ||
           (byte & 0xe7) == 0x26 || (byte | 1) == 0x65;
}

/* Which count a costly instruction belongs to, or -1. Encodings: the processor manuals. */
static int cost_of(const uint8_t *code, size_t length)
{
    uint8_t op[4] = { 0 };
    size_t i = 0;

    for (; i < length && (is_prefix(code[i]) || code[i] == 0xf0); i++)
        if (code[i] == 0xf0)
            return LOCKED;
    memcpy(op, code + i, length - i < sizeof(op) ? length - i : sizeof(op));
    if (op[0] == 0xcf)
        return IRET;
    if ((op[0] | 1) == 0x87 && op[1] < 0xc0) /* XCHG with memory locks by itself */
        return LOCKED;
    if (op[0] != 0x0f)
        return -1;
    if (op[1] == 0x22)
        return (op[2] >> 3 & 7) == 3 ? CR3 : (op[2] >> 3 & 7) == 4 ? CR4 : -1;
    if (op[1] == 0x30)
        return WRMSR;
    if ((op[1] == 0x01 && op[2] < 0xc0 && (op[2] >> 3 & 7) == 7) ||
        (op[1] == 0x38 && op[2] == 0x82)) /* INVLPG, INVPCID */
        return INVLPG;
    return -1;
}

static void watch_insn(struct qemu_plugin_insn *insn, int range)
{
    static const udata_fn marks[] = { NULL, mark_start, mark_stop, mark_report };
    const uint8_t *code = qemu_plugin_insn_data(insn);
    size_t length = qemu_plugin_insn_size(insn);
    unsigned int mark = mark_of(code, length);
    int cost = range == HYPERVISOR ? cost_of(code, length) : -1;

    if (mark > 0 && mark <= MARK_REPORT)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, marks[mark], QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (cost >= 0)
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &out->now[cost], 1);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    int range = range_of(qemu_plugin_tb_vaddr(tb));
    size_t n = qemu_plugin_tb_n_insns(tb);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &out->now[range], n);
    for (size_t i = 0; i < n; i++)
        watch_insn(qemu_plugin_tb_get_insn(tb, i), range);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    const char *path = NULL;
    int fd;

    (void)info;
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], "out=", 4))
            path = argv[i] + 4;
    fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof(*out)))
        return 1;
    out = mmap(NULL, sizeof(*out), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (out == MAP_FAILED)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
