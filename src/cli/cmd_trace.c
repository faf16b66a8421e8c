/* padlock trace: one handshake, shown and explained. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "inspect/observe/starttls.h"
#include "inspect/trace/capture.h"
#include "inspect/trace/diff.h"
#include "inspect/trace/page.h"
#include "inspect/trace/text.h"
#include "ops/issuer.h"
#include "role/offline.h"
#include "sys/file.h"
#include "sys/tty.h"

#include <string.h>

enum { TIMEOUT_MS = 10000, TRACE_COLUMNS_MAX = 120, FILE_MAX = 128 * 1024 * 1024 };

/* --- the wish ------------------------------------------------------------------------------------
 */

static bool take_text(const struct cli *cli, const char *option, char *out, size_t size,
                      struct err *e) {
    const char *text = args_text(cli->args, option);
    return text == NULL || str_copy(out, size, text) ||
           err_set(e, ERR_INSPECT_OPTION, "the value of --%s is too long", option);
}

static bool take_file(const struct cli *cli, const char *option, struct buf *out, struct err *e) {
    const char *path = args_text(cli->args, option);
    size_t max = out->max;
    return path == NULL || cli_read_file(path, max, out, e);
}

/* The roots of this store are trusted beside the system's. */
static bool take_own_roots(const struct cli *cli, struct buf *out, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list roots = {0};
    if (cli->ops == NULL || args_text(cli->args, "trust") != NULL) {
        return true;
    }
    bool ok = ops_ca_roots(cli->ops, &roots, e);
    for (size_t i = 0; ok && i < roots.count; i++) {
        ok = cert_append_pem(roots.items[i], out, e);
    }
    return ok;
}

static bool take_offer(const struct cli *cli, struct trace_wish *wish, struct err *e) {
    const char *versions = args_text(cli->args, "version");
    const char *suites = args_text(cli->args, "suites");
    const char *groups = args_text(cli->args, "groups");
    const char *shares = args_text(cli->args, "shares");
    return (versions == NULL || trace_wish_versions(wish, versions, e)) &&
           (suites == NULL || trace_wish_suites(wish, suites, e)) &&
           (groups == NULL || trace_wish_groups(wish, &wish->groups, groups, e)) &&
           (shares == NULL || trace_wish_groups(wish, &wish->shares, shares, e)) &&
           take_text(cli, "host", wish->host, sizeof(wish->host), e) &&
           take_text(cli, "alpn", wish->protocols, sizeof(wish->protocols), e);
}

/* target: NULL for the lab. */
static bool take_wish(const struct cli *cli, const char *target, struct trace_wish *wish,
                      struct err *e) {
    int lab = args_choice(cli->args, "lab");
    wish->at_ms = args_date_ms(cli->args, "at", clock_now_ms());
    wish->timeout_ms = args_duration_ms(cli->args, "timeout", TIMEOUT_MS);
    wish->is_early = args_flag(cli->args, "early");
    wish->is_resumed = wish->is_early || args_flag(cli->args, "resume");
    wish->wants_compression = args_flag(cli->args, "compress");
    wish->wants_key_update = args_flag(cli->args, "key-update");
    wish->has_no_request = args_flag(cli->args, "no-request");
    wish->has_system_trust = args_text(cli->args, "trust") == NULL;
    if (lab >= 0) {
        wish->is_lab = true;
        wish->lab = (enum lab_mode)lab;
        return target == NULL ||
               err_set(e, ERR_CLI_ARGUMENT_SURPLUS, "--lab brings its own server");
    }
    if (target == NULL) {
        return err_set(e, ERR_CLI_ARGUMENT_MISSING, "trace needs HOST[:PORT] or --lab");
    }
    const char *starttls = args_text(cli->args, "starttls");
    return (starttls == NULL || trace_wish_starttls(wish, starttls, e)) &&
           trace_wish_target(wish, target, e) && take_offer(cli, wish, e) &&
           take_file(cli, "cert", &wish->certificate, e) && take_file(cli, "key", &wish->key, e) &&
           take_file(cli, "trust", &wish->trust, e) && take_own_roots(cli, &wish->trust, e);
}

/* --- what comes of it ----------------------------------------------------------------------------
 */

static unsigned columns_of_terminal(void) {
    unsigned columns = tty_columns();
    return columns > TRACE_COLUMNS_MAX ? TRACE_COLUMNS_MAX : columns;
}

static bool print_text(const struct cli *cli, const json_t *document, struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = TRACE_TEXT_MAX};
    const struct trace_text_style style = {.columns = columns_of_terminal(),
                                           .has_color = cli->out.has_color,
                                           .detail =
                                               args_flag(cli->args, "brief")   ? TRACE_TEXT_BRIEF
                                               : args_flag(cli->args, "bytes") ? TRACE_TEXT_BYTES
                                                                               : TRACE_TEXT_USUAL};
    if (cli->out.is_json || cli->out.is_quiet) {
        return true;
    }
    return trace_text(document, &style, &text, e) && out_bytes(text.data, text.len, e);
}

/* Each form that was asked for, into its file: all of them hold the connection's secrets. */
static bool write_files(const struct cli *cli, const json_t *document, struct err *e) {
    static const struct {
        const char *option;
        bool (*make)(const json_t *document, struct buf *out, struct err *e);
    } forms[] = {{"html", trace_page}, {"pcap", trace_capture}, {"keylog", trace_key_log}};
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        const char *path = args_text(cli->args, forms[i].option);
        PL_AUTO(buf_cleanse) struct buf file = {.max = FILE_MAX};
        if (path != NULL && (!forms[i].make(document, &file, e) ||
                             !cli_write_file(cli, path, file.data, file.len, true, e))) {
            return false;
        }
    }
    return true;
}

/* Before the server is troubled. */
static bool check_files(const struct cli *cli, struct err *e) {
    static const char *const options[] = {"html", "pcap", "keylog"};
    for (size_t i = 0; i < PL_ARRAY_LEN(options); i++) {
        const char *path = args_text(cli->args, options[i]);
        if (path != NULL && !cli_check_out(cli, path, e)) {
            return false;
        }
    }
    return true;
}

/* Whether every handshake came to its end. */
static bool is_complete(const json_t *document) {
    const json_t *handshakes = json_object_get(document, "handshakes");
    bool is_whole = json_array_size(handshakes) > 0;
    for (size_t i = 0; i < json_array_size(handshakes); i++) {
        is_whole =
            is_whole && json_is_true(json_object_get(json_array_get(handshakes, i), "is_complete"));
    }
    return is_whole;
}

/* --- two beside each other -----------------------------------------------------------------------
 */

/* A file that was saved, or a server that is traced now. */
static bool load_side(const struct cli *cli, const char *side, json_t **out_document,
                      struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    PL_AUTO(trace_wish_clear) struct trace_wish wish;
    trace_wish_init(&wish);
    if (file_exists(side)) {
        PL_AUTO(buf_cleanse) struct buf file = {0};
        if (!cli_read_file(side, DIFF_FILE_MAX, &file, e) ||
            !json_parse(buf_string(&file), file.len, &document, e)) {
            return err_wrap(e, "\"%.300s\" cannot be compared", side);
        }
    } else if (!take_wish(cli, side, &wish, e) || !offline_trace(&wish, &document, e)) {
        return false;
    }
    if (!trace_diff_check(document, e)) {
        return err_wrap(e, "\"%.300s\" cannot be compared", side);
    }
    *out_document = PL_TAKE(document);
    return true;
}

static bool print_diff(const struct cli *cli, const json_t *diff, struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = DIFF_TEXT_MAX};
    const struct trace_diff_style style = {.columns = columns_of_terminal(),
                                           .has_color = cli->out.has_color,
                                           .is_all = args_flag(cli->args, "all")};
    if (cli->out.is_json || cli->out.is_quiet) {
        return true;
    }
    return trace_diff_text(diff, &style, &text, e) && out_bytes(text.data, text.len, e);
}

static bool run_diff(struct cli *cli, struct err *e) {
    PL_AUTO(json_freep) json_t *a = NULL;
    PL_AUTO(json_freep) json_t *b = NULL;
    PL_AUTO(json_freep) json_t *diff = NULL;
    if (args_text(cli->args, "html") != NULL || args_text(cli->args, "pcap") != NULL ||
        args_text(cli->args, "keylog") != NULL) {
        return err_set(e, ERR_CLI_ARGUMENT_SURPLUS,
                       "--diff writes no file: each trace is saved by itself");
    }
    if (args_count(cli->args) != 2) {
        return err_set(e, ERR_CLI_ARGUMENT_MISSING,
                       "--diff needs two: saved traces, or servers to be traced now");
    }
    if (!load_side(cli, args_at(cli->args, 0), &a, e) ||
        !load_side(cli, args_at(cli->args, 1), &b, e) || !trace_diff(a, b, &diff, e) ||
        !print_diff(cli, diff, e)) {
        return false;
    }
    cli->exit_code = trace_diff_count(diff) == 0 ? 0 : 1;
    return out_json(&cli->out, PL_TAKE(diff), e);
}

static bool run_trace(struct cli *cli, struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    PL_AUTO(trace_wish_clear) struct trace_wish wish;
    trace_wish_init(&wish);
    if (args_flag(cli->args, "diff")) {
        return run_diff(cli, e);
    }
    if (args_count(cli->args) > 1) {
        return err_set(e, ERR_CLI_ARGUMENT_SURPLUS, "two servers are compared with --diff");
    }
    if (!take_wish(cli, args_at(cli->args, 0), &wish, e) || !check_files(cli, e) ||
        !offline_trace(&wish, &document, e) || !write_files(cli, document, e) ||
        !print_text(cli, document, e)) {
        return false;
    }
    cli->exit_code = is_complete(document) ? 0 : 1;
    return out_json(&cli->out, PL_TAKE(document), e);
}

static const struct option trace_options[] = {
    {"host", OPTION_TEXT, "NAME",
     "the name that is asked for (SNI) and that the certificate must be for"},
    {"alpn", OPTION_TEXT, "NAMES", "protocols to offer inside, with commas (default http/1.1)"},
    {"starttls", OPTION_CHOICE, STARTTLS_PACKED_NAMES,
     "ask for TLS in this protocol's own words first (mssql: TDS 7; TDS 8, strict, is plain TLS)"},
    {"version", OPTION_TEXT, "VERSIONS",
     "offer this version or range alone: 1.3, 1.2, 1.1, 1.0, ssl3, 1.0-1.2 (default 1.0-1.3)"},
    {"suites", OPTION_TEXT, "NAMES", "offer these cipher suites alone (IANA's names, commas)"},
    {"groups", OPTION_TEXT, "NAMES", "offer these groups alone"},
    {"shares", OPTION_TEXT, "NAMES", "send public values for these groups ahead (TLS 1.3)"},
    {"resume", OPTION_FLAG, NULL, "connect a second time and resume the session"},
    {"early", OPTION_FLAG, NULL,
     "the same, and send the second request ahead where the server allows it (0-RTT)"},
    {"compress", OPTION_FLAG, NULL,
     "offer to take the certificate compressed: brotli, zstd, zlib (TLS 1.3)"},
    {"key-update", OPTION_FLAG, NULL, "ask for new keys after the handshake (TLS 1.3)"},
    {"no-request", OPTION_FLAG, NULL, "send nothing after the handshake (default: HEAD /)"},
    {"cert", OPTION_TEXT, "FILE", "show this certificate (PEM, with its chain) when asked"},
    {"key", OPTION_TEXT, "FILE", "the private key to it (PEM, not encrypted)"},
    {"trust", OPTION_TEXT, "FILE", "trust only the certificates in this file (PEM)"},
    {"at", OPTION_DATE, "DATE", "check the certificate as of that date"},
    {"timeout", OPTION_DURATION, "DURATION", "how long a connection may take (default 10s)"},
    {"lab", OPTION_CHOICE, LAB_MODES,
     "no server: both sides here, and what the server alone knows"},
    {"diff", OPTION_FLAG, NULL,
     "compare two: files that --json was saved to, or servers that are traced now"},
    {"all", OPTION_FLAG, NULL, "with --diff: what is the same too"},
    {"html", OPTION_TEXT, "FILE", "write one page that shows it all and recomputes the secrets"},
    {"pcap", OPTION_TEXT, "FILE", "write a capture with its keys, for Wireshark"},
    {"keylog", OPTION_TEXT, "FILE", "write the keys alone (SSLKEYLOGFILE)"},
    {"force", OPTION_FLAG, NULL, "overwrite these files"},
    {"brief", OPTION_FLAG, NULL, "messages and checks alone, a line each"},
    {"bytes", OPTION_FLAG, NULL, "all bytes of every message"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command trace_commands[] = {
    {"trace", "[HOST[:PORT] | --diff A B]", 0, 2, COMMAND_STORE_IF_ANY,
     "make a TLS handshake with any server, and show and explain every message and secret",
     "Every message both ways field by field, who can read it and why it is there; every secret "
     "with what\nit was made of, checked: they decrypt the records and reproduce both Finished "
     "messages. The connection\ncarries nobody's data. Exit code 0 when the handshake was "
     "complete, 1 when it failed (and why is told).\nWith --diff, two traces beside each other and "
     "what each difference means: exit code 0 when there is none but in\nsizes and times, 1 when "
     "there is.\n\n  padlock trace www.example.com\n"
     "  padlock trace 127.0.0.1:8443 --host www.example.com --version 1.2\n"
     "  padlock trace --lab rsa\n"
     "  padlock trace --diff before.json www.example.com",
     trace_options, run_trace},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
