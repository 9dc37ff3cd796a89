/* SPDX-License-Identifier: MIT */
/*
 * domus: the command that talks to domusd. A table of verbs.
 *
 * Owns nothing: each verb is a request, or reads a file. Locks: none.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

const struct cmd cmds[] = {
    { "create", "[-c] [-p] [-n] [-q] [--no-wait] [--json] FILE [KEY=VALUE...]", "create a domain",
      "  -c, --console   then enter its console\n"
      "  -p, --paused    leave it paused\n"
      "  -n, --dry-run   only show what would be created\n"
      "  -q, --quiet     say nothing if all is well\n"
      "  --no-wait       do not wait until the guest has connected its devices\n"
      "  KEY=VALUE       stands for a line at the end of the file\n",
      cmd_create },
    { "list", "[--dead] [--json] [DOMAIN]", "list the domains",
      "  --dead          those that have ended, and how\n", cmd_list },
    { "events", "[-n COUNT] [-s SECONDS] [--json] [DOMAIN]",
      "show what happens to domains; ctrl-c ends it",
      "  -n, --count N   end after so many\n"
      "  -s, --seconds N end after so long\n",
      cmd_events },
    { "console", "[-a] DOMAIN", "enter the console of a domain; ctrl-] leaves it",
      "  -a, --all       first show all that is kept of what it has written\n", cmd_console },
    { "pause", "[--force] DOMAIN", "stop a domain for a while",
      "  --force         also a domain that was not made by domus\n", cmd_pause },
    { "unpause", "[--force] DOMAIN", "let a paused domain run",
      "  --force         also a domain that was not made by domus\n", cmd_pause },
    { "shutdown", "[-w] [-t SECONDS] [--force] DOMAIN|--all", "ask a domain to power off",
      "  -a, --all       all domains of domus, not to be started again; with -w, what\n"
      "                  has not ended in time is destroyed\n"
      "  -w, --wait      wait until it has ended\n"
      "  -t, --timeout SECONDS  but not longer (300)\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_shutdown },
    { "autostart", "[-n] [LIST]", "create the domains of a list (/etc/domus/autostart)",
      "  -n, --dry-run   only show what would be created\n", cmd_autostart },
    { "reboot", "[-w] [-t SECONDS] [--force] DOMAIN", "ask a domain to reboot",
      "  -w, --wait      wait until it has begun again\n"
      "  -t, --timeout SECONDS  but not longer (300)\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_shutdown },
    { "destroy", "[--force] DOMAIN", "end a domain at once",
      "  --force         also a domain that was not made by domus\n", cmd_pause },
    { "save", "[-c] [-p] [-q] [--json] DOMAIN FILE", "save a domain to a file, and end it",
      "  -c, --checkpoint  let it go on instead\n"
      "  -p, --paused    keep it, paused\n"
      "  -q, --quiet     say nothing if all is well\n",
      cmd_save },
    { "restore", "[-c] [-p] [-q] [--no-wait] [--json] [CONFIG] FILE",
      "let a saved domain go on; CONFIG takes the place of its own configuration",
      "  -c, --console   then enter its console\n"
      "  -p, --paused    leave it paused\n"
      "  -q, --quiet     say nothing if all is well\n"
      "  --no-wait       do not wait until the guest has connected its devices\n",
      cmd_restore },
    { "mem-set", "[-w] [-t SECONDS] [--force] [--json] DOMAIN SIZE",
      "set the memory that a domain shall use",
      "  -w, --wait      wait until its guest has followed\n"
      "  -t, --timeout SECONDS  but not longer (60)\n"
      "  --force         also a domain that was not made by domus\n"
      "  SIZE is in MiB, or ends in k, m, g or t\n",
      cmd_mem },
    { "mem-max", "[--force] DOMAIN SIZE", "limit the memory that a domain may have",
      "  --force         also a domain that was not made by domus\n"
      "  SIZE is in MiB, or ends in k, m, g or t\n",
      cmd_mem },
    { "vcpu-list", "[--json] [DOMAIN...]", "show virtual CPUs and where they run", "",
      cmd_vcpu_list },
    { "vcpu-set", "[--force] DOMAIN NUMBER", "set how many virtual CPUs a domain shall use",
      "  --force         also a domain that was not made by domus\n", cmd_vcpu_set },
    { "vcpu-pin", "[--force] DOMAIN VCPU|all CPUS|- [SOFT]",
      "choose the CPUs that virtual CPUs run on",
      "  --force         also a domain that was not made by domus\n"
      "  CPUS is where they may run, SOFT where they had better: all, 0-3,6 or 0-7,^2;\n"
      "  - leaves what is\n",
      cmd_vcpu_pin },
    { "sched", "[-w WEIGHT] [-c CAP] [--force] [--json] [DOMAIN]",
      "show or set the domains' shares of the CPUs",
      "  -w, --weight N  how much beside others (1 to 65535; 256 is normal)\n"
      "  -c, --cap N     at most so many per cent of one CPU (0: no limit)\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_sched },
    { "rename", "[--force] DOMAIN NAME", "give a domain another name",
      "  --force         also a domain that was not made by domus\n", cmd_rename },
    { "domid", "[--json] NAME", "show the number of a domain", "", cmd_domid },
    { "domname", "[--json] NUMBER", "show the name of a domain", "", cmd_domid },
    { "uptime", "[--json] [DOMAIN...]", "show how long domains have been running", "", cmd_uptime },
    { "sysrq", "[--force] DOMAIN LETTER", "press a magic SysRq key in a Linux guest",
      "  --force         also a domain that was not made by domus\n", cmd_sysrq },
    { "trigger", "[--force] DOMAIN nmi|reset|init|power|sleep [VCPU]",
      "send an event to a virtual CPU",
      "  --force         also a domain that was not made by domus\n", cmd_trigger },
    { "why", "[--json] DOMAIN", "show what still holds a domain that is dying", "", cmd_why },
    { "top", "[-b] [-d SECONDS] [-n TIMES] [--json]", "watch what the domains use",
      "  -b, --batch     print one table below the other (also if this is no terminal)\n"
      "  -d, --delay SECONDS  between two of them (3)\n"
      "  -n, --times N   end after so many\n",
      cmd_top },
    { "debug-keys", "[--json] KEYS", "have the hypervisor print its state; h lists the keys", "",
      cmd_debug_keys },
    { "dump-core", "[-L] [--force] [--json] DOMAIN FILE",
      "write a domain's memory and registers to a file",
      "  -L, --live      let it run meanwhile\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_dump_core },
    { "block-attach", "[--no-wait] [-t SECONDS] [--json] DOMAIN DISK...",
      "attach a disk to a running domain",
      "  DISK            as in disk=, in one word or several: /srv/a.img,raw,xvdb,w\n"
      "  --no-wait       do not wait until the guest has connected it\n"
      "  -t, --timeout SECONDS  wait at most so long (30), then undo it\n",
      cmd_device_attach },
    { "block-detach", "[--force] [-t SECONDS] [--json] DOMAIN DISK", "take a disk from a domain",
      "  DISK            its name, as xvdb, or its number\n"
      "  --force         at once, without asking the guest\n"
      "  -t, --timeout SECONDS  how long the guest may take (30)\n",
      cmd_device_detach },
    { "block-list", "[--json] DOMAIN", "show the disks of a domain", "", cmd_device_list },
    { "block-resize", "[-t SECONDS] [--json] DOMAIN DISK [SIZE]",
      "let a disk grow while it is used",
      "  SIZE            of an image in a file: bytes, or a number with K, M, G or T; left out, "
      "the\n"
      "                  guest is told of the size that file or device has now\n"
      "  -t, --timeout SECONDS  how long to wait until the guest knows (30)\n",
      cmd_block_resize },
    { "network-attach", "[--no-wait] [-t SECONDS] [--json] DOMAIN [CARD...]",
      "attach a network card to a running domain",
      "  CARD            as in vif=, in one word or several: bridge=br0 mac=00:16:3e:00:00:01\n"
      "  --no-wait       do not wait until the guest has connected it\n"
      "  -t, --timeout SECONDS  wait at most so long (30), then undo it\n",
      cmd_device_attach },
    { "network-detach", "[--force] [-t SECONDS] [--json] DOMAIN CARD",
      "take a network card from a domain",
      "  CARD            its number, address or vifname\n"
      "  --force         at once, without asking the guest\n"
      "  -t, --timeout SECONDS  how long the guest may take (30)\n",
      cmd_device_detach },
    { "network-list", "[--json] DOMAIN", "show the network cards of a domain", "",
      cmd_device_list },
    { "network-check", "[--json]", "look whether dom0's network is as the guests' cards want it",
      "", cmd_network_check },
    { "info", "[--json]", "show the host", "", cmd_info },
    { "dmesg", "[-c] [--json]", "show the hypervisor's log", "  -c, --clear     and empty it\n",
      cmd_dmesg },
    { "config", "[--json] DOMAIN", "show the file of a domain as it is now", "", cmd_config },
    { "diff", "[--json] DOMAIN [FILE]",
      "show in what a domain differs from a file (the one it was created from)", "", cmd_diff },
    { "check", "[--json] FILE", "check a domain's file without creating anything", "", cmd_check },
    { "trace", "[--hypercalls] [-d ID] [-s SECONDS] [--json]",
      "show hypercalls as they happen; ctrl-c ends it",
      "  --hypercalls    what is traced (the default, and all there is so far)\n"
      "  -d, --domain ID    only of this domain\n"
      "  -s, --seconds N    end after so long\n",
      cmd_trace },
    { "help", "[VERB]", "show the verbs, or one of them", "", cmd_help },
};
const unsigned int cmd_count = sizeof(cmds) / sizeof(cmds[0]);

const struct cmd *cmd_find(const char *name)
{
    for (unsigned int i = 0; i < cmd_count; i++)
        if (!strcmp(cmds[i].name, name))
            return &cmds[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct cmd *cmd;

    if (argc < 2) {
        cmd_help(NULL, 1, argv);
        return CMD_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return cmd_help(NULL, 1, argv);
    cmd = cmd_find(argv[1]);
    if (!cmd) {
        cmd_fail("there is no verb '%s': see domus help", argv[1]);
        return CMD_USAGE;
    }
    return cmd->run(cmd, argc - 1, argv + 1);
}
