/* SPDX-License-Identifier: MIT */
/*
 * xenstore-control: one control command to the daemon. Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

static int show_commands(struct xs_handle *xs)
{
    char *help = xs_control_command(xs, "help", NULL, 0);

    fprintf(stderr, "Command not supported. Valid commands are:\n%s\n", help ? help : "");
    free(help);
    return 3;
}

/* Arguments travel as strings behind the command. */
static char *join(int argc, char **argv, unsigned int *len)
{
    size_t bytes = 0;
    char *all;

    for (int i = 0; i < argc; i++)
        bytes += strlen(argv[i]) + 1;
    all = malloc(bytes + 1);
    *len = 0;
    for (int i = 0; all && i < argc; i++) {
        strcpy(all + *len, argv[i]);
        *len += (unsigned int)strlen(argv[i]) + 1;
    }
    return all;
}

static int run(struct xs_handle *xs, int argc, char **argv)
{
    unsigned int len;
    char *data = join(argc - 2, argv + 2, &len);
    char *reply = data ? xs_control_command(xs, argv[1], data, len) : NULL;
    int error = errno;

    free(data);
    if (reply) {
        puts(reply);
        free(reply);
        return 0;
    }
    if (error == EINVAL)
        return show_commands(xs);
    fprintf(stderr, "Error %d when trying to execute command.\n", error);
    return 3;
}

int main(int argc, char **argv)
{
    struct xs_handle *xs;
    int status;

    if (argc < 2) {
        fprintf(stderr, "Usage:\n%s <command> [<arg>...]\n", "xenstore-control");
        return 2;
    }
    xs = xs_open(0);
    if (!xs) {
        fprintf(stderr, "Failed to contact Xenstored.\n");
        return 1;
    }
    status = run(xs, argc, argv);
    xs_close(xs);
    return status;
}
