# SPDX-License-Identifier: MIT
"""gdb commands for a stopped hypervisor: domains, vcpus, frame MFN, cpus.

Loaded by `make debug`. They read the hypervisor's own structures, so they work at any place where
its page tables are loaded, a guest's included."""
import gdb

FRAME_TYPES = ["none", "L1", "L2", "L3", "L4", "descriptor", "?", "writable", "shared"]
RUNSTATE = ["running", "runnable", "blocked", "offline"]
FRAME_TABLE = 0xffff818000000000
PERCPU_AREA, PERCPU_STRIDE = 0xffff808000000000, 0x200000
STACK, STACK_SIZE = 0x30000, 0x8000


def all_domains():
    head = gdb.parse_and_eval("domain_list")
    dtype = gdb.lookup_type("struct domain")
    offset = [f.bitpos // 8 for f in dtype.fields() if f.name == "list"][0]
    link = head["next"]
    while int(link) != int(head.address):
        yield gdb.Value(int(link) - offset).cast(dtype.pointer()).dereference()
        link = link.dereference()["next"]


def vcpus_of(domain):
    for i in range(int(domain["max_vcpus"])):
        if int(domain["vcpu"][i]):
            yield domain["vcpu"][i].dereference()


class Domains(gdb.Command):
    """domains: one line a domain"""

    def __init__(self):
        super().__init__("domains", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        print("  id refs    pages      max vcpus paused state")
        for d in all_domains():
            state = ("dying" if int(d["dying"]) else "shut down" if d["is_shut_down"] else "alive")
            print(f"{int(d['domid']):4} {int(d['refcount']):4} {int(d['tot_pages']):8} "
                  f"{int(d['max_pages']):8} {int(d['max_vcpus']):5} "
                  f"{int(d['pause_count']):6} {state}"
                  f"  (struct domain *){int(d.address):#x}")


class Vcpus(gdb.Command):
    """vcpus: every vCPU with its state and, when it does not run, where it stands"""

    def __init__(self):
        super().__init__("vcpus", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        for d in all_domains():
            for v in vcpus_of(d):
                regs = v["arch"]["user_regs"]
                print(f"d{int(d['domid'])}v{int(v['vcpu_id'])} cpu {int(v['processor'])} "
                      f"{RUNSTATE[int(v['runstate']['state'])]:8} flags {int(v['pause_flags']):#x} "
                      f"pauses {int(v['pause_count'])} rip {int(regs['rip']):#x} "
                      f"(struct vcpu *){int(v.address):#x}")


class Frame(gdb.Command):
    """frame-of MFN: owner, references and type of a machine frame"""

    def __init__(self):
        super().__init__("frame-of", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        mfn = int(gdb.parse_and_eval(arg))
        ftype = gdb.lookup_type("struct frame")
        f = gdb.Value(FRAME_TABLE + mfn * ftype.sizeof).cast(ftype.pointer()).dereference()
        count, kind, owner = int(f["count"]), int(f["type"]), int(f["owner"])
        name = FRAME_TYPES[kind >> 60] if kind >> 60 < len(FRAME_TYPES) else "?"
        flags = [n for bit, n in ((59, "pinned"), (58, "validated"), (57, "validating"),
                                  (56, "partial"), (55, "locked")) if kind >> bit & 1]
        flags += [n for bit, n in ((63, "allocated"), (62, "hypervisor"), (61, "free"),
                                   (60, "broken"), (56, "extra")) if count >> bit & 1]
        print(f"frame {mfn:#x}: owner {'none' if not owner else f'domain {owner - 1}'}, "
              f"{count & ((1 << 56) - 1)} references, {kind & ((1 << 48) - 1)} uses as {name}, "
              f"{' '.join(flags)}")


class Cpus(gdb.Command):
    """cpus: what each processor runs"""

    def __init__(self):
        super().__init__("cpus", gdb.COMMAND_STATUS)

    def invoke(self, arg, from_tty):
        info = gdb.lookup_type("struct cpu_info")
        for cpu in range(int(gdb.parse_and_eval("nr_cpus"))):
            at = PERCPU_AREA + cpu * PERCPU_STRIDE + STACK + STACK_SIZE - info.sizeof
            c = gdb.Value(at).cast(info.pointer()).dereference()
            v = c["curr"].dereference()
            print(f"cpu {cpu}: d{int(v['domain']['domid'])}v{int(v['vcpu_id'])} cr3 "
                  f"{int(c['hw_cr3']):#x} guest rip {int(c['guest_regs']['rip']):#x}")


for command in (Domains, Vcpus, Frame, Cpus):
    command()
