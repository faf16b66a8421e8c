/* padlock scan: many listeners looked at, judged, and written down. */
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scan_inventory.h"
#include "inspect/observe/starttls.h"
#include "inspect/scan/page.h"
#include "inspect/scan/report.h"
#include "inspect/scan/text.h"
#include "ops/issuer.h"
#include "role/offline.h"
#include "sys/line_file.h"
#include "sys/tty.h"

#include <string.h>

enum {
    HTTPS_PORT = 443,
    RESULTS_MAX = 1024 * 1024 * 1024,
    HELD_MAX = 20000, /* listeners that --json and --html keep in memory */
    PAGE_MAX = 512 * 1024 * 1024,
    COLUMNS_MAX = 120,
};

struct scanning {
    const struct cli *cli;
    struct scan_wish wish;
    struct scan_targets targets;
    struct line_file file;
    struct buf done; /* targets that the file has, a line each */
    json_t *held;    /* documents; NULL: none are kept */
    struct scan_inventory inventory;
    struct scan_text_style style;
    bool is_line_each;
    size_t count;
    size_t unreachable;
    size_t faulty; /* with a finding that is high or critical */
};

static void scanning_clear(struct scanning *s) {
    scan_wish_clear(&s->wish);
    scan_targets_clear(&s->targets);
    line_file_clear(&s->file);
    buf_clear(&s->done);
    json_decref(s->held);
    scan_inventory_clear(&s->inventory);
}

/* --- what is wanted ------------------------------------------------------------------------------
 */

static bool take_number(const struct cli *cli, const char *option, uint32_t min, uint32_t max,
                        uint32_t *out, struct err *e) {
    uint64_t number = args_number(cli->args, option, *out);
    if (number < min || number > max) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--%s takes a number from %u to %u", option, min,
                       max);
    }
    *out = (uint32_t)number;
    return true;
}

static bool take_names(const struct cli *cli, struct scan_wish *wish, struct err *e) {
    const struct list *names = args_many(cli->args, "sni");
    if (names->count > SCAN_NAMES_MAX) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "--sni can be given %d times", SCAN_NAMES_MAX);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (!str_is_ascii(names->items[i])) {
            (void)err_set(e, ERR_CLI_OPTION_VALUE, "--sni takes a name in ASCII");
            return err_hint(e, "an international name begins with xn-- there");
        }
        if (!str_copy(wish->names[wish->name_count++], ASK_NAME_MAX, names->items[i])) {
            return err_set(e, ERR_CLI_OPTION_VALUE, "the value of --sni is too long");
        }
    }
    return true;
}

static bool take_trust(const struct cli *cli, struct scan_wish *wish, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list roots = {0};
    const char *path = args_text(cli->args, "trust");
    if (path != NULL) {
        wish->has_system_trust = false;
        return cli_read_file(path, SCAN_TRUST_MAX, &wish->trust, e);
    }
    bool ok = cli->ops == NULL || ops_ca_roots(cli->ops, &roots, e);
    for (size_t i = 0; ok && i < roots.count; i++) {
        ok = cert_append_pem(roots.items[i], &wish->trust, e);
    }
    return ok;
}

static bool take_dns(const struct cli *cli, struct scan_wish *wish, struct err *e) {
    const char *server = args_text(cli->args, "dns-server");
    const char *anchor = args_text(cli->args, "dns-anchor");
    wish->has_caa = args_flag(cli->args, "caa");
    if (server != NULL && !str_copy(wish->dns_server, sizeof(wish->dns_server), server)) {
        return err_set(e, ERR_CLI_OPTION_VALUE, "the value of --dns-server is too long");
    }
    return anchor == NULL || cli_read_file(anchor, DNS_ANCHOR_MAX, &wish->dns_anchor, e);
}

static bool take_wish(struct scanning *s, struct err *e) {
    const struct cli *cli = s->cli;
    struct scan_wish *wish = &s->wish;
    const char *starttls = args_text(cli->args, "starttls");
    (void)str_copy(wish->starttls, sizeof(wish->starttls), starttls == NULL ? "" : starttls);
    bool is_kept = args_flag(cli->args, "inventory");
    if (is_kept && cli->ops == NULL) {
        (void)err_set(e, ERR_CLI_OPTION_VALUE, "--inventory needs a store");
        return err_hint(e, "padlock init makes one; --results keeps what is found in a file");
    }
    wish->is_quick = args_flag(cli->args, "certificates") || is_kept;
    wish->timeout_ms = args_duration_ms(cli->args, "timeout", wish->timeout_ms);
    if (wish->is_quick) {
        wish->connections = SCAN_QUICK_CONNECTIONS;
    }
    return take_number(cli, "connections", 1, SCAN_CONNECTIONS_MAX, &wish->connections, e) &&
           take_number(cli, "per-host", 1, SCAN_PER_HOST_MAX, &wish->per_host, e) &&
           take_number(cli, "rate", 0, SCAN_RATE_MAX, &wish->rate, e) && take_names(cli, wish, e) &&
           take_dns(cli, wish, e) && take_trust(cli, wish, e);
}

static bool take_targets(struct scanning *s, struct err *e) {
    const struct cli *cli = s->cli;
    const struct starttls_protocol *protocol = starttls_find(s->wish.starttls);
    uint16_t port = protocol == NULL ? HTTPS_PORT : protocol->port;
    const struct list *files = args_many(cli->args, "file");
    for (size_t i = 0; i < args_count(cli->args); i++) {
        if (!scan_targets_add(&s->targets, args_at(cli->args, i), port, e)) {
            return false;
        }
    }
    for (size_t i = 0; i < files->count; i++) {
        PL_AUTO(buf_clear) struct buf text = {.max = SCAN_LIST_MAX};
        if (!cli_read_file(files->items[i], SCAN_LIST_MAX, &text, e) ||
            !scan_targets_add_list(&s->targets, buf_string(&text), text.len, port, e)) {
            return err_wrap(e, "the targets in %s", files->items[i]);
        }
    }
    if (s->targets.total == 0 && files->count == 0 && args_flag(cli->args, "inventory")) {
        PL_AUTO(buf_clear) struct buf own = {.max = SCAN_LIST_MAX};
        if (!ops_inventory_own(cli->ops, &own, e) ||
            !scan_targets_add_list(&s->targets, buf_string(&own), own.len, port, e)) {
            return false;
        }
    }
    if (s->targets.total == 0) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING, "there is nothing to scan");
        return err_hint(e, "padlock scan www.example.com, padlock scan 192.0.2.0/24, padlock scan "
                           "--file hosts.txt");
    }
    return true;
}

/* --- what has been done before -------------------------------------------------------------------
 */

static bool keep(struct scanning *s, json_t *document, struct err *e) {
    if (s->held == NULL) {
        return true;
    }
    if (json_array_size(s->held) >= HELD_MAX) {
        (void)err_set(e, ERR_BASE_LIMIT, "more than %d listeners for --json or --html", HELD_MAX);
        return err_hint(e, "use --results, and make the report of a part of it");
    }
    return json_add_taken(s->held, json_incref(document), e);
}

static void count(struct scanning *s, const json_t *document) {
    const json_t *worst = json_array_get(json_object_get(document, "findings"), 0);
    const char *severity = json_string_value(json_object_get(worst, "severity"));
    const char *state = json_string_value(json_object_get(document, "state"));
    s->count++;
    s->unreachable += state == NULL || !str_equal(state, "finished") ? 1 : 0;
    s->faulty +=
        severity != NULL && (str_equal(severity, "critical") || str_equal(severity, "high")) ? 1
                                                                                             : 0;
}

static bool take_line(struct scanning *s, const char *line, size_t len, size_t number,
                      struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    const char *target = NULL;
    if (len == 0) {
        return true;
    }
    if (!json_parse(line, len, &document, e) || !json_get_text(document, "target", &target, e)) {
        (void)err_hint(e, "--results names a file that an earlier scan has written, or a new one");
        return err_wrap(e, "line %zu of the results", number);
    }
    count(s, document);
    return buf_append_string(&s->done, target, e) && buf_append_byte(&s->done, '\n', e) &&
           keep(s, document, e);
}

static bool open_results(struct scanning *s, struct err *e) {
    PL_AUTO(buf_clear) struct buf content = {.max = RESULTS_MAX};
    const char *path = args_text(s->cli->args, "results");
    if (path == NULL) {
        return true;
    }
    if (!line_file_open(&s->file, path, &content, e)) {
        return false;
    }
    const char *text = buf_string(&content);
    for (size_t at = 0, number = 1; at < content.len; number++) {
        size_t len = strcspn(text + at, "\n");
        if (!take_line(s, text + at, len, number, e)) {
            return false;
        }
        at += len + 1;
    }
    if (s->count > 0) {
        out_notice(&s->cli->out, "%zu listeners are in %s already and are not scanned again",
                   s->count, path);
    }
    return true;
}

/* --- as they come --------------------------------------------------------------------------------
 */

static bool print_document(const struct scanning *s, const json_t *document, struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = SCAN_TEXT_MAX};
    if (s->cli->out.is_json || s->cli->out.is_quiet) {
        return true;
    }
    bool ok = s->is_line_each ? scan_text_line(document, &s->style, &text, e)
                              : scan_text(document, &s->style, &text, e);
    return ok && out_bytes(text.data, text.len, e);
}

static bool take_document(void *ctx, const char *text, size_t len, struct err *e) {
    struct scanning *s = ctx;
    PL_AUTO(json_freep) json_t *document = NULL;
    if (!json_parse(text, len, &document, e)) {
        return false;
    }
    count(s, document);
    return (!s->file.is_open || line_file_add(&s->file, text, len, e)) && keep(s, document, e) &&
           (!args_flag(s->cli->args, "inventory") ||
            scan_inventory_add(&s->inventory, s->cli->ops, document, e)) &&
           print_document(s, document, e);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static bool scan(struct scanning *s, struct err *e) {
    PL_AUTO(buf_clear) struct buf lines = {.max = SCAN_LIST_MAX};
    const struct offline_scan_sink sink = {.ctx = s, .take = take_document};
    return scan_targets_write(&s->targets, &lines, e) &&
           offline_scan(&s->wish, &lines, &s->done, &sink, e) &&
           scan_inventory_flush(&s->inventory, s->cli->ops, e);
}

static bool write_page(const struct scanning *s, struct err *e) {
    PL_AUTO(buf_clear) struct buf page = {.max = PAGE_MAX};
    const char *path = args_text(s->cli->args, "html");
    return path == NULL || (scan_page(s->held, &page, e) &&
                            cli_write_file(s->cli, path, page.data, page.len, false, e));
}

static bool print_end(struct scanning *s, struct err *e) {
    json_t *o = json_object();
    if (s->count > 1) {
        out_line(&s->cli->out,
                 "%zu listeners: %zu could not be looked at, %zu with findings that are "
                 "high or critical",
                 s->count, s->unreachable, s->faulty);
    }
    bool ok = json_set_integer(o, "count", (int64_t)s->count, e) &&
              json_set_integer(o, "unreachable", (int64_t)s->unreachable, e) &&
              json_set_integer(o, "faulty", (int64_t)s->faulty, e) &&
              (s->held == NULL || json_set_taken(o, "listeners", json_incref(s->held), e));
    if (!ok) {
        json_decref(o);
        return false;
    }
    return out_json(&s->cli->out, o, e);
}

static bool run_scan(struct cli *cli, struct err *e) {
    PL_AUTO(scanning_clear) struct scanning s = {.cli = cli};
    const char *page = args_text(cli->args, "html");
    unsigned columns = tty_columns();
    scan_wish_init(&s.wish);
    buf_init(&s.done, SCAN_LIST_MAX);
    s.style = (struct scan_text_style){.columns = columns > COLUMNS_MAX ? COLUMNS_MAX : columns,
                                       .has_color = cli->out.has_color,
                                       .is_brief = args_flag(cli->args, "brief")};
    if ((cli->out.is_json || page != NULL) && (s.held = json_array()) == NULL) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    if (!take_wish(&s, e) || !take_targets(&s, e) ||
        (page != NULL && !cli_check_out(cli, page, e)) || !open_results(&s, e)) {
        return false;
    }
    s.is_line_each = s.wish.is_quick;
    if (!scan(&s, e) || !write_page(&s, e)) {
        return false;
    }
    cli->exit_code = s.faulty > 0 || s.unreachable == s.count ? 1 : 0;
    return print_end(&s, e);
}

static const struct option scan_options[] = {
    {"file", OPTION_MANY, "FILE", "also the targets in this file (\"-\": standard input)"},
    {"sni", OPTION_MANY, "NAME", "ask for this name (default: the target's own); its certificates"},
    {"starttls", OPTION_CHOICE, STARTTLS_PACKED_NAMES,
     "ask for TLS in this protocol's own words first (mssql: TDS 7; TDS 8, strict, is plain TLS)"},
    {"certificates", OPTION_FLAG, NULL,
     "look at certificates alone: one connection each, a line each"},
    {"inventory", OPTION_FLAG, NULL,
     "the same, kept in the store (\"padlock inventory list\"); without TARGET: its bindings"},
    {"caa", OPTION_FLAG, NULL,
     "also ask the DNS who may issue certificates for each name (CAA records, with DNSSEC)"},
    {"dns-server", OPTION_TEXT, "ADDRESS[@PORT]", "the DNS server to ask (default: the system's)"},
    {"dns-anchor", OPTION_TEXT, "FILE",
     "DS or DNSKEY records that DNSSEC is checked from, instead of the root's"},
    {"trust", OPTION_TEXT, "FILE", "trust only the certificates in this file (PEM)"},
    {"results", OPTION_TEXT, "FILE",
     "write each result into this file, a line of JSON; what it has is not scanned again"},
    {"html", OPTION_TEXT, "FILE", "write a report as one page"},
    {"force", OPTION_FLAG, NULL, "overwrite the report"},
    {"brief", OPTION_FLAG, NULL, "grade and findings alone"},
    {"connections", OPTION_NUMBER, "N", "connections at once (500; with --certificates 2000)"},
    {"per-host", OPTION_NUMBER, "N", "of them to one host and port (default 4)"},
    {"rate", OPTION_NUMBER, "N", "new connections a second (default 1000; 0: no limit)"},
    {"timeout", OPTION_DURATION, "DURATION", "how long a connection may take (default 5s)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command scan_commands[] = {
    {"scan", "[TARGET…]", 0, COMMAND_ANY_COUNT, COMMAND_STORE_IF_ANY,
     "look at what TLS servers speak, judge it, and say what mends it",
     "TARGET is [NAME@]HOST[:PORT,…], a network or a range of addresses. Of each listener:\n"
     "versions from SSL 2.0 on, suites and whose order counts, groups, signatures, certificates "
     "of\nevery name, resumption, known attacks; a grade (SSL Labs' guide) and for each finding "
     "a\nsentence and the command that mends it. Only what is yours, or what you were asked to. "
     "Exit\ncode 1 when a finding is high or critical, or nothing could be looked at.\n\n"
     "  padlock scan www.example.com\n"
     "  padlock scan 192.0.2.0/24:443,8443 --certificates --results found.jsonl\n"
     "  padlock scan mail.example.com --starttls smtp\n"
     "  padlock scan --inventory",
     scan_options, run_scan},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
