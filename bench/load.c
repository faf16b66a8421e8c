/*
 * The benchmarks' load client: options in, one JSON object out.
 *
 *   load --server 127.0.0.1:8443 --mode handshake|get|resumed|requests|idle
 *        [--connections 8] [--seconds 3] [--count N] [--path /1k] [--name HOST | --names FILE]
 *        [--order] [--group X25519] [--suite TLS_AES_128_GCM_SHA256] [--tls12]
 *
 * Exit: 0 it ran (errors of single connections are counted in the answer), 1 it could not.
 */
#include "load.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MICROS_MAX = 4 * 1024 * 1024, FILE_LINE_MAX = 300 };

static bool wrong(const char *what, const char *value, struct err *e) {
    return err_set(e, ERR_CLI_OPTION_VALUE, "%.40s: not \"%.100s\"", what, value);
}

static bool parse_server(const char *text, struct sockaddr_in *out, struct err *e) {
    char address[INET_ADDRSTRLEN];
    uint64_t port = 0;
    const char *colon = strchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(address) ||
        !str_to_u64(colon + 1, UINT16_MAX, &port)) {
        return wrong("--server", text, e);
    }
    memcpy(address, text, (size_t)(colon - text));
    address[colon - text] = '\0';
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, address, &out->sin_addr) == 1 || wrong("--server", text, e);
}

static bool parse_mode(const char *text, enum load_mode *out, struct err *e) {
    static const char *const names[] = {"handshake", "get", "resumed", "requests", "idle"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal(text, names[i])) {
            *out = (enum load_mode)i;
            return true;
        }
    }
    return wrong("--mode", text, e);
}

static bool add_name(struct load_options *options, const char *name, struct err *e) {
    void *names = options->names;
    if (!mem_resize(&names, (options->name_count + 1) * LOAD_NAME_MAX, e)) {
        return false;
    }
    options->names = names;
    options->name_count++;
    return str_copy(options->names[options->name_count - 1], LOAD_NAME_MAX, name) ||
           wrong("--name", name, e);
}

static bool read_names(struct load_options *options, const char *path, struct err *e) {
    char line[FILE_LINE_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return wrong("--names", path, e);
    }
    bool ok = true;
    while (ok && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        ok = line[0] == '\0' || add_name(options, line, e);
    }
    (void)fclose(file);
    return ok;
}

static bool parse_number(const char *option, const char *text, uint64_t max, uint64_t *out,
                         struct err *e) {
    return str_to_u64(text, max, out) || wrong(option, text, e);
}

static bool take_value(struct load_options *options, const char *option, char *value,
                       struct err *e) {
    if (str_equal(option, "--server")) {
        return parse_server(value, &options->server, e);
    }
    if (str_equal(option, "--mode")) {
        return parse_mode(value, &options->mode, e);
    }
    if (str_equal(option, "--connections")) {
        return parse_number(option, value, LOAD_CONNECTIONS_MAX, &options->connections, e);
    }
    if (str_equal(option, "--seconds")) {
        return parse_number(option, value, UINT16_MAX, &options->seconds, e);
    }
    if (str_equal(option, "--count")) {
        return parse_number(option, value, MICROS_MAX, &options->count, e);
    }
    if (str_equal(option, "--name")) {
        return add_name(options, value, e);
    }
    if (str_equal(option, "--names")) {
        return read_names(options, value, e);
    }
    if (str_equal(option, "--group")) {
        options->group = value;
        return true;
    }
    const char **text = str_equal(option, "--path")    ? &options->path
                        : str_equal(option, "--suite") ? &options->suite
                                                       : NULL;
    if (text == NULL) {
        return err_set(e, ERR_CLI_OPTION_UNKNOWN, "there is no option %.60s", option);
    }
    *text = value;
    return true;
}

static bool parse(int argc, char **argv, struct load_options *options, struct err *e) {
    for (int i = 1; i < argc; i++) {
        if (str_equal(argv[i], "--tls12")) {
            options->is_tls12 = true;
        } else if (str_equal(argv[i], "--order")) {
            options->is_in_order = true;
        } else if (i + 1 == argc) {
            return wrong(argv[i], "", e);
        } else if (!take_value(options, argv[i], argv[i + 1], e)) {
            return false;
        } else {
            i++;
        }
    }
    return options->name_count > 0 || add_name(options, "localhost", e);
}

static int compare_micros(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t percentile(const struct load_result *result, size_t per_mille) {
    size_t count = result->micros_count;
    return count == 0 ? 0 : result->micros[(count - 1) * per_mille / 1000];
}

/* An error's text comes from the libraries: without what JSON would have to escape. */
static void print_result(const struct load_result *result) {
    char error[sizeof(result->first_error)];
    (void)str_copy(error, sizeof(error), result->first_error);
    for (char *c = error; *c != '\0'; c++) {
        *c = *c < ' ' || *c == '"' || *c == '\\' ? ' ' : *c;
    }
    if (result->micros_count > 0) {
        qsort(result->micros, result->micros_count, sizeof(uint32_t), compare_micros);
    }
    (void)printf("{\"count\": %llu, \"errors\": %llu, \"resumed\": %llu, \"seconds\": %.3f, "
                 "\"first_error\": \"%s\", \"us\": {\"p50\": %u, \"p90\": %u, \"p99\": %u, "
                 "\"max\": %u}}\n",
                 (unsigned long long)result->count, (unsigned long long)result->error_count,
                 (unsigned long long)result->resumed_count, result->seconds, error,
                 percentile(result, 500), percentile(result, 900), percentile(result, 990),
                 percentile(result, 1000));
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    static char group[] = "X25519";
    struct err e = {0};
    struct load_options options = {
        .connections = 8,
        .seconds = 3,
        .path = "/",
        .group = group,
        .suite = "TLS_AES_128_GCM_SHA256",
    };
    struct load_result result = {.micros_max = MICROS_MAX};
    void *micros = NULL;
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    bool ok = sigaction(SIGPIPE, &ignored, NULL) == 0 && parse(argc, argv, &options, &e) &&
              mem_array(MICROS_MAX, sizeof(uint32_t), &micros, &e);
    result.micros = micros;
    ok = ok && load_run(&options, print_result, &result, &e);
    if (!ok) {
        (void)fprintf(stderr, "load: %s\n", e.step_count == 0 ? "failed" : e.step[0]);
    } else if (options.mode != LOAD_IDLE) {
        print_result(&result);
    }
    mem_free(options.names);
    mem_free(result.micros);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
