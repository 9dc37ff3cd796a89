/* SPDX-License-Identifier: MIT */
/*
 * domus: the command that talks to domusd. A table of verbs.
 *
 * Owns nothing: each verb is a request, or reads a file. Locks: none.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

const struct cmd cmds[] = {
    { "create", "[-c] [-p] [-n] [-q] [--no-wait] [--json] FILE", "create a domain",
      "  -c, --console   then enter its console\n"
      "  -p, --paused    leave it paused\n"
      "  -n, --dry-run   only check the file, as `domus check` does\n"
      "  -q, --quiet     say nothing if all is well\n"
      "  --no-wait       do not wait until the guest has connected its devices\n",
      cmd_create },
    { "list", "[--json] [DOMAIN]", "list the domains", "", cmd_list },
    { "console", "[-a] DOMAIN", "enter the console of a domain; ctrl-] leaves it",
      "  -a, --all       first show all that is kept of what it has written\n", cmd_console },
    { "pause", "[--force] DOMAIN", "stop a domain for a while",
      "  --force         also a domain that was not made by domus\n", cmd_pause },
    { "unpause", "[--force] DOMAIN", "let a paused domain run",
      "  --force         also a domain that was not made by domus\n", cmd_pause },
    { "shutdown", "[-w] [-t SECONDS] [--force] DOMAIN", "ask a domain to power off",
      "  -w, --wait      wait until it has ended\n"
      "  -t, --timeout SECONDS  but not longer (300)\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_shutdown },
    { "reboot", "[-w] [-t SECONDS] [--force] DOMAIN", "ask a domain to reboot",
      "  -w, --wait      wait until it has begun again\n"
      "  -t, --timeout SECONDS  but not longer (300)\n"
      "  --force         also a domain that was not made by domus\n",
      cmd_shutdown },
    { "destroy", "[--force] DOMAIN", "end a domain at once",
      "  --force         also a domain that was not made by domus\n", cmd_destroy },
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
    { "info", "[--json]", "show the host", "", cmd_info },
    { "dmesg", "[-c] [--json]", "show the hypervisor's log", "  -c, --clear     and empty it\n",
      cmd_dmesg },
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

static void print_usage(FILE *out, const struct cmd *cmd)
{
    fprintf(out, "usage: domus %s %s\n", cmd->name, cmd->arguments);
}

int cmd_usage(const struct cmd *cmd)
{
    print_usage(stderr, cmd);
    return CMD_USAGE;
}

int cmd_option(const struct cmd *cmd, int argc, char **argv, const char *letters,
               const struct option *options, int *status)
{
    int c = getopt_long(argc, argv, letters, options, NULL);

    if (c == 'h') {
        print_usage(stdout, cmd);
        printf("%c%s.\n%s", cmd->summary[0] - 'a' + 'A', cmd->summary + 1, cmd->options);
        *status = CMD_OK;
        return -2;
    }
    if (c == '?') {
        *status = cmd_usage(cmd);
        return -2;
    }
    return c;
}

int cmd_fail(const char *format, ...)
{
    va_list ap;

    fflush(stdout);
    fputs("domus: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    return CMD_FAILED;
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
