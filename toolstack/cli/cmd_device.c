/* SPDX-License-Identifier: MIT */
/* domus block-attach, block-detach, block-list, block-resize and network-attach, network-detach,
 * network-list, network-check. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cmd.h"

struct device_options {
    bool force, no_wait, json;
    long timeout;
};

static bool is_block(const struct cmd *cmd)
{
    return !strncmp(cmd->name, "block", 5);
}

static bool read_options(const struct cmd *cmd, int argc, char **argv, int least, int most,
                         struct device_options *how, int *status)
{
    const struct cmd_option options[] = {
        CMD_SWITCH("force", 'f', &how->force),
        CMD_SWITCH("no-wait", 0, &how->no_wait),
        CMD_NUMBER("timeout", 't', &how->timeout, "timeout", 1, 86400),
        CMD_END,
    };

    *how = (struct device_options){ .timeout = 30 };
    return cmd_read(cmd, argc, argv, options, &how->json, least, most, status);
}

static struct json_out *make_params(const char *domain, const struct device_options *how)
{
    struct json_out *params = client_params();

    json_string(params, "domain", domain);
    json_int(params, "timeout", how->timeout);
    return params;
}

static int call(const struct cmd *cmd, struct json_out *params, const struct device_options *how)
{
    struct client_answer *answer = client_call(cmd->name, params, how->json);

    if (answer && how->json)
        client_print_json(client_result(answer));
    client_free(answer);
    return answer ? CMD_OK : CMD_FAILED;
}

/* The words of a description may stand in one argument or in several. */
static char *join(char **words, int count)
{
    size_t bytes = 1;
    char *text;

    for (int i = 0; i < count; i++)
        bytes += strlen(words[i]) + 1;
    text = calloc(1, bytes);
    for (int i = 0; text && i < count; i++) {
        strcat(text, i ? "," : "");
        strcat(text, words[i]);
    }
    return text;
}

int cmd_device_attach(const struct cmd *cmd, int argc, char **argv)
{
    struct device_options how;
    char folder[4096], *spec;
    int status;

    if (!read_options(cmd, argc, argv, is_block(cmd) ? 2 : 1, -1, &how, &status))
        return status;
    spec = join(argv + optind + 1, argc - optind - 1);
    if (!spec)
        return cmd_fail("there is not enough memory");
    struct json_out *params = make_params(argv[optind], &how);
    json_string(params, is_block(cmd) ? "disk" : "vif", spec);
    json_string(params, "folder", getcwd(folder, sizeof(folder)) ? folder : "/");
    json_bool(params, "no_wait", how.no_wait);
    free(spec);
    return call(cmd, params, &how);
}

int cmd_device_detach(const struct cmd *cmd, int argc, char **argv)
{
    struct device_options how;
    int status;

    if (!read_options(cmd, argc, argv, 2, 2, &how, &status))
        return status;
    struct json_out *params = make_params(argv[optind], &how);
    json_string(params, "device", argv[optind + 1]);
    json_bool(params, "revoke", how.force);
    return call(cmd, params, &how);
}

/* Bytes, or a number with a unit of 1024s; -1 if it is neither. */
static int64_t read_size(const char *text)
{
    static const char units[] = "KMGT";
    char *end;
    long long n = strtoll(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;

    if (end == text || n <= 0 || (*end && (!unit || end[1])) || n > INT64_MAX >> shift)
        return -1;
    return (int64_t)n << shift;
}

int cmd_block_resize(const struct cmd *cmd, int argc, char **argv)
{
    struct device_options how;
    int64_t bytes = 0;
    int status;

    if (!read_options(cmd, argc, argv, 2, 3, &how, &status))
        return status;
    if (argc - optind == 3)
        bytes = read_size(argv[optind + 2]);
    if (bytes < 0 || bytes % 512)
        return cmd_fail("'%s' is not the size of a disk: give bytes in whole sectors, or for "
                        "example 20G",
                        argv[optind + 2]);
    struct json_out *params = make_params(argv[optind], &how);
    json_string(params, "device", argv[optind + 1]);
    json_int(params, "bytes", bytes);
    struct client_answer *answer = client_call(cmd->name, params, how.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer);
    if (how.json)
        client_print_json(result);
    else
        printf("%s has %" PRId64 " bytes%s\n", json_get_string(result, "label"),
               json_get_int(result, "bytes", 0),
               json_get_bool(result, "seen") ? ""
                                             : "; the guest sees it when it next uses the disk");
    client_free(answer);
    return CMD_OK;
}

/* ---- list ----------------------------------------------------------------------------- */

static const char *text_of(yajl_val device, const char *key)
{
    const char *text = json_get_string(device, key);

    return text && *text ? text : "-";
}

/* What comes from the store reaches the terminal without control characters. */
static void print_text(const char *text, int width)
{
    int n = 0;

    for (; *text; text++, n++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
    printf("%*s ", n < width ? width - n : 0, "");
}

static void print_disk(yajl_val d)
{
    print_text(text_of(d, "vdev"), 7);
    printf("%8" PRId64 " ", json_get_int(d, "id", -1));
    print_text(text_of(d, "access"), 6);
    print_text(text_of(d, "frontend"), 15);
    print_text(text_of(d, "backend"), 15);
    print_text(text_of(d, "target"), 0);
}

static void print_vif(yajl_val d)
{
    printf("%4" PRId64 " ", json_get_int(d, "id", -1));
    print_text(text_of(d, "mac"), 17);
    print_text(text_of(d, "bridge"), 10);
    print_text(text_of(d, "frontend"), 15);
    print_text(text_of(d, "backend"), 15);
    print_text(text_of(d, "interface"), 0);
}

int cmd_device_list(const struct cmd *cmd, int argc, char **argv)
{
    struct device_options how;
    int status;

    if (!read_options(cmd, argc, argv, 1, 1, &how, &status))
        return status;
    struct client_answer *answer =
        client_call(cmd->name, make_params(argv[optind], &how), how.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val devices = json_get(client_result(answer), "devices");
    if (how.json)
        client_print_json(devices);
    else if (is_block(cmd))
        puts("Disk          ID Access Frontend        Backend         Target");
    else
        puts("  ID Address           Bridge     Frontend        Backend         Interface");
    for (size_t i = 0; !how.json && YAJL_IS_ARRAY(devices) && i < YAJL_GET_ARRAY(devices)->len;
         i++) {
        (is_block(cmd) ? print_disk : print_vif)(YAJL_GET_ARRAY(devices)->values[i]);
        putchar('\n');
    }
    client_free(answer);
    return CMD_OK;
}

int cmd_network_check(const struct cmd *cmd, int argc, char **argv)
{
    struct device_options how;
    int status;

    if (!read_options(cmd, argc, argv, 0, 0, &how, &status))
        return status;
    struct client_answer *answer = client_call(cmd->name, NULL, how.json);
    if (!answer)
        return CMD_FAILED;
    yajl_val result = client_result(answer), findings = json_get(result, "findings");
    bool ok = json_get_bool(result, "ok");
    if (how.json)
        client_print_json(result);
    else if (ok)
        printf("%" PRId64 " network cards are as they should be\n",
               json_get_int(result, "cards", 0));
    for (size_t i = 0; !how.json && YAJL_IS_ARRAY(findings) && i < YAJL_GET_ARRAY(findings)->len;
         i++) {
        yajl_val f = YAJL_GET_ARRAY(findings)->values[i];

        print_text(text_of(f, "domain"), 0);
        printf("card %" PRId64 ", ", json_get_int(f, "card", -1));
        print_text(text_of(f, "interface"), 0);
        print_text(text_of(f, "problem"), 0);
        printf(": %s\n", text_of(f, "remedy"));
    }
    client_free(answer);
    return ok ? CMD_OK : CMD_FAILED;
}
