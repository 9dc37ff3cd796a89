/* SPDX-License-Identifier: MIT */
/*
 * domus config, domus diff: the file of a running domain, and in what it differs from another.
 *
 * Both sides are compared as the tree writes them, key by key, so that order, spelling and defaults
 * make no difference. Locks: none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/config_file.h"

int cmd_config(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 1, &flags, &status))
        return status;
    return client_show_text("config", client_domain_params(argv[optind], false), "config",
                            flags.json);
}

/* ---- diff ----------------------------------------------------------------------------- */

struct sides {
    struct config_file file, domain;
    struct json_out *out; /* NULL: for people */
    bool differ;
};

static void put_value(FILE *out, const struct config_value *value)
{
    if (value->type == CONFIG_NUMBER)
        fprintf(out, "%lld", (long long)value->number);
    else if (value->type == CONFIG_STRING)
        fprintf(out, "\"%s\"", value->string);
    else
        fputs("[ ", out);
    for (size_t i = 0; value->type == CONFIG_LIST && i < value->count; i++) {
        fputs(i ? ", " : "", out);
        put_value(out, &value->items[i]);
    }
    if (value->type == CONFIG_LIST)
        fputs(" ]", out);
}

/* The value of a key as text, allocated; NULL if it is not there. */
static char *value_of(const struct config_file *file, const char *key)
{
    char *text = NULL;
    size_t bytes;

    for (size_t i = 0; i < file->count; i++)
        if (!strcmp(file->settings[i].key, key)) {
            FILE *out = open_memstream(&text, &bytes);

            if (!out)
                return NULL;
            put_value(out, &file->settings[i].value);
            fclose(out);
            return text;
        }
    return NULL;
}

static void compare(struct sides *s, const char *key)
{
    char *file = value_of(&s->file, key), *domain = value_of(&s->domain, key);
    bool same = file && domain ? !strcmp(file, domain) : file == domain;

    if (!same && s->out) {
        json_open_object(s->out, NULL);
        json_string(s->out, "key", key);
        json_string(s->out, "file", file);
        json_string(s->out, "domain", domain);
        json_close_object(s->out);
    } else if (!same) {
        if (file)
            printf("- %s = %s\n", key, file);
        if (domain)
            printf("+ %s = %s\n", key, domain);
    }
    s->differ |= !same;
    free(file);
    free(domain);
}

static void compare_all(struct sides *s)
{
    for (size_t i = 0; i < s->file.count; i++)
        compare(s, s->file.settings[i].key);
    for (size_t i = 0; i < s->domain.count; i++) {
        char *file = value_of(&s->file, s->domain.settings[i].key);

        if (!file)
            compare(s, s->domain.settings[i].key);
        free(file);
    }
}

/* What the file leaves to chance is no difference. */
static void take_chosen(struct domain_config *file, const struct domain_config *domain)
{
    if (!file->has_uuid) {
        memcpy(file->uuid, domain->uuid, sizeof(file->uuid));
        file->has_uuid = domain->has_uuid;
    }
    config_number_vifs(file);
    for (size_t i = 0; i < file->vif_count && i < domain->vif_count; i++)
        if (!file->vifs[i].has_mac) {
            memcpy(file->vifs[i].mac, domain->vifs[i].mac, sizeof(file->vifs[i].mac));
            file->vifs[i].has_mac = domain->vifs[i].has_mac;
        }
}

static bool read_side(const struct domain_config *cfg, struct config_file *file)
{
    struct config_error err;
    char *text = config_format(cfg);
    bool ok = text && !config_syntax_parse(text, strlen(text), file, &err);

    free(text);
    return ok;
}

static int show_differences(struct domain_config *file, const struct domain_config *domain,
                            bool json)
{
    struct sides s = { .out = json ? client_list() : NULL };
    bool ok;

    take_chosen(file, domain);
    ok = read_side(file, &s.file) && read_side(domain, &s.domain);
    if (ok)
        compare_all(&s);
    else
        cmd_fail("there is not enough memory");
    client_print_list(s.out, ok);
    config_syntax_free(&s.file);
    config_syntax_free(&s.domain);
    return !ok ? CMD_FAILED : s.differ ? CMD_DIFFERENT : CMD_OK;
}

static int diff(yajl_val result, const char *path, bool json)
{
    const char *running = json_get_string(result, "config");
    struct domain_config file, domain;
    struct config_error err;
    char folder[4096], *text;
    size_t bytes;
    int status = config_file_read(path, NULL, 0, &text, &bytes);

    if (status != CMD_OK)
        return status;
    int rc = config_parse(text, bytes, &file, &err);
    free(text);
    if (rc)
        return config_file_fail(path, &err);
    if (!running || config_parse(running, strlen(running), &domain, &err)) {
        config_free(&file);
        return cmd_fail("domusd's answer is no domain file: are domus and domusd of one version?");
    }
    if (!getcwd(folder, sizeof(folder)) || config_resolve_paths(&file, folder))
        status = cmd_fail("cannot tell where the paths of %s begin", path);
    else
        status = show_differences(&file, &domain, json);
    config_free(&file);
    config_free(&domain);
    return status;
}

int cmd_diff(const struct cmd *cmd, int argc, char **argv)
{
    struct cmd_flags flags;
    int status;

    if (!cmd_flags(cmd, argc, argv, false, 1, 2, &flags, &status))
        return status;
    struct client_answer *answer =
        client_call("config", client_domain_params(argv[optind], false), flags.json);
    if (!answer)
        return CMD_FAILED;
    const char *path = json_get_string(client_result(answer), "file");
    if (argc - optind == 2)
        path = argv[optind + 1];
    if (path)
        status = diff(client_result(answer), path, flags.json);
    else
        status = cmd_fail("it is not known from what file domain '%s' was created: name one",
                          argv[optind]);
    client_free(answer);
    return status;
}
