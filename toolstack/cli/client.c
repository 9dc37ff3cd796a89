/* SPDX-License-Identifier: MIT */
/*
 * Calls to domusd: one JSON-RPC request, one answer.
 *
 * Owns a connection for the time of a call. Locks: none.
 */
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd.h"
#include "paths.h"

#define MAX_ANSWER (64u << 20)

struct client_answer {
    yajl_val tree;
};

int client_connect(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = DOMUS_SOCKET };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        cmd_fail("cannot make a socket: %s", strerror(errno));
        return -1;
    }
    if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
        return fd;
    if (errno == EACCES || errno == EPERM)
        cmd_fail("only root may talk to domusd: run domus as root");
    else
        cmd_fail("domusd does not answer at %s: %s: start it with /usr/lib/domus/domusd",
                 DOMUS_SOCKET, strerror(errno));
    close(fd);
    return -1;
}

struct json_out *client_params(void)
{
    struct json_out *out = json_out_new(false);

    if (!out) {
        cmd_fail("there is not enough memory");
        exit(CMD_FAILED);
    }
    json_open_object(out, NULL);
    return out;
}

static bool send_request(int fd, const char *method, struct json_out *params)
{
    char *object = NULL, *line = NULL;
    bool ok;

    if (params) {
        json_close_object(params);
        object = json_take(params);
    }
    int n = asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}\n",
                     method, object ? object : "{}");
    ok = n >= 0 && (object || !params);
    for (int at = 0; ok && at < n;) {
        ssize_t sent = send(fd, line + at, (size_t)(n - at), MSG_NOSIGNAL);

        ok = sent > 0 || errno == EINTR;
        at += sent > 0 ? (int)sent : 0;
    }
    if (n >= 0)
        free(line);
    free(object);
    return ok;
}

/* Reads up to the end of the line and not a byte further: behind it a console may begin. */
static char *receive_line(int fd)
{
    size_t used = 0, room = 65536;
    char *line = malloc(room);

    while (line && used < MAX_ANSWER) {
        ssize_t n = recv(fd, line + used, room - used - 1, MSG_PEEK);
        char *end;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        end = memchr(line + used, '\n', (size_t)n);
        size_t take = end ? (size_t)(end + 1 - (line + used)) : (size_t)n;
        if (recv(fd, line + used, take, 0) != (ssize_t)take)
            break;
        used += take;
        if (end) {
            line[used] = '\0';
            return line;
        }
        if (room - used < 4096) {
            char *more = realloc(line, room * 2);

            if (!more)
                break;
            line = more;
            room *= 2;
        }
    }
    free(line);
    return NULL;
}

static void print_error(yajl_val error, bool json)
{
    const char *message = json_get_string(error, "message");
    const char *operation = json_get_string(json_get(error, "data"), "operation");
    int sentence = message ? (int)strcspn(message, "\n") : 0; /* lines that explain it follow */

    struct json_out *out = json && cmd_take_object() ? json_out_new(true) : NULL;
    if (out) {
        json_open_object(out, NULL);
        json_value(out, "error", error);
        json_close_object(out);
        client_print_out(out);
    }
    if (!message)
        cmd_warn("domusd reports an error without a reason");
    else if (operation)
        cmd_warn("%.*s (operation %s)%s", sentence, message, operation, message + sentence);
    else
        cmd_warn("%s", message);
}

struct client_answer *client_call_on(int fd, const char *method, struct json_out *params, bool json)
{
    struct client_answer *answer = calloc(1, sizeof(*answer));
    char err[200], *line = NULL;

    if (answer && send_request(fd, method, params))
        line = receive_line(fd);
    if (!line) {
        cmd_fail("domusd has ended the connection without an answer: see %s", DOMUS_LOG);
        free(answer);
        return NULL;
    }
    answer->tree = json_parse(line, err, sizeof(err));
    free(line);
    yajl_val error = json_get(answer->tree, "error");
    if (answer->tree && !error)
        return answer;
    if (error)
        print_error(error, json);
    else
        cmd_fail("domusd's answer cannot be read: %s", err);
    client_free(answer);
    return NULL;
}

struct client_answer *client_call(const char *method, struct json_out *params, bool json)
{
    int fd = client_connect();

    if (fd < 0) {
        json_out_free(params);
        return NULL;
    }
    struct client_answer *answer = client_call_on(fd, method, params, json);
    close(fd);
    return answer;
}

yajl_val client_result(const struct client_answer *answer)
{
    return json_get(answer->tree, "result");
}

void client_free(struct client_answer *answer)
{
    if (!answer)
        return;
    yajl_tree_free(answer->tree);
    free(answer);
}

struct json_out *client_domain_params(const char *domain, bool force)
{
    struct json_out *params = client_params();

    json_string(params, "domain", domain);
    json_bool(params, "force", force);
    return params;
}

int client_do(const char *method, struct json_out *params, bool json)
{
    struct client_answer *answer = client_call(method, params, json);

    if (!answer)
        return CMD_FAILED;
    if (json)
        client_print_json(client_result(answer));
    client_free(answer);
    return CMD_OK;
}

int client_show_text(const char *method, struct json_out *params, const char *key, bool json)
{
    struct client_answer *answer = client_call(method, params, json);

    if (!answer)
        return CMD_FAILED;
    const char *text = json_get_string(client_result(answer), key);
    if (json)
        client_print_json(client_result(answer));
    else
        fputs(text ? text : "", stdout);
    client_free(answer);
    return CMD_OK;
}

void client_print_name(const char *name, int width)
{
    int n = 0;

    for (; name && *name; name++, n++)
        putchar((unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
    printf("%*s", n < width ? width - n : 0, "");
}

struct json_out *client_list(void)
{
    struct json_out *out = json_out_new(true);

    if (!out) {
        cmd_fail("there is not enough memory");
        exit(CMD_FAILED);
    }
    json_open_array(out, NULL);
    return out;
}

void client_print_out(struct json_out *out)
{
    char *text = json_take(out);

    fputs(text ? text : "", stdout);
    free(text);
}

void client_print_list(struct json_out *list, bool ok)
{
    if (!list)
        return;
    json_close_array(list);
    if (ok)
        client_print_out(list);
    else
        json_out_free(list);
}

bool client_domain_is(yajl_val domain, const char *typed)
{
    const char *name = json_get_string(domain, "name");
    char number[24];

    snprintf(number, sizeof(number), "%" PRId64, json_get_int(domain, "domid", -1));
    return !strcmp(typed, number) || (name && !strcmp(name, typed));
}

void client_print_json(yajl_val value)
{
    struct json_out *out = json_out_new(true);

    if (!out)
        return;
    json_value(out, NULL, value);
    client_print_out(out);
}
