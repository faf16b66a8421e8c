/* padlock verify: a server's certificate, or a file's, as clients see it. */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/verify_view.h"
#include "codec/json.h"
#include "inspect/observe/starttls.h"

enum { TIMEOUT_MS = 10000, TIMEOUT_MAX_MS = 10 * 60 * 1000 };

static void print_verification(const struct cli *cli, const struct verification *v) {
    const struct cert *leaf = v->verdict.chain.items[0];
    if (v->is_server) {
        out_line(&cli->out, "%s (%s), %s, %s%s%s", args_at(cli->args, 0), v->look.address,
                 v->look.version, v->look.suite, v->look.group[0] == '\0' ? "" : ", ",
                 v->look.group);
    }
    out_line(&cli->out, "certificate: %s, issued by %s", cert_display_name(leaf),
             cert_issuer_display_name(leaf));
    verify_view_print(cli, v, args_flag(cli->args, "full"));
    bool is_trusted = v->verdict.overall != VERIFY_FAIL;
    bool is_good = ops_verify_is_good(v);
    out_colored(&cli->out, is_good ? OUT_GREEN : OUT_RED, "%s (trusting %s%s)",
                is_good ? "verified" : "not verified", v->trust,
                is_good == is_trusted ? ""
                : is_good             ? ": no; by DANE: yes"
                                      : ": yes; by DANE: no");
}

/* The choices of --roots. */
static enum verify_roots roots_of(const struct args *args) {
    static const enum verify_roots roots[] = {VERIFY_ROOTS_SYSTEM, VERIFY_ROOTS_OWN};
    int choice = args_choice(args, "roots");
    return choice < 0 ? VERIFY_ROOTS_BOTH : roots[choice];
}

/* More than ten minutes nobody waits. */
static int64_t timeout_of(const struct args *args) {
    int64_t timeout_ms = args_duration_ms(args, "timeout", TIMEOUT_MS);
    return timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS;
}

static bool run_verify(struct cli *cli, struct err *e) {
    const char *starttls = args_text(cli->args, "starttls");
    PL_AUTO(verification_clear) struct verification v = {0};
    const struct verify_wish wish = {.target = args_at(cli->args, 0),
                                     .host = args_text(cli->args, "host"),
                                     .trust_file = args_text(cli->args, "trust"),
                                     .roots = roots_of(cli->args),
                                     .issuer_files = args_many(cli->args, "issuers"),
                                     .crl_files = args_many(cli->args, "crl"),
                                     .ct_logs_file = args_text(cli->args, "ct-logs"),
                                     .at_ms = args_date_ms(cli->args, "at", clock_now_ms()),
                                     .is_fetching = args_flag(cli->args, "fetch"),
                                     .has_drawings = args_flag(cli->args, "browsers"),
                                     .is_dane = args_flag(cli->args, "dane"),
                                     .dns_server = args_text(cli->args, "dns-server"),
                                     .dns_anchor_file = args_text(cli->args, "dns-anchor"),
                                     .starttls = starttls,
                                     .usual_port =
                                         starttls == NULL ? 0 : starttls_find(starttls)->port,
                                     .timeout_ms = timeout_of(cli->args)};
    if (!ops_verify(cli->ops, &wish, &v, e)) {
        return false;
    }
    print_verification(cli, &v);
    cli->exit_code = ops_verify_is_good(&v) ? 0 : 1;
    json_t *document = verify_view_document(&v);
    if (document != NULL && !json_set_text(document, "target", wish.target, NULL)) {
        json_decref(document);
        document = NULL;
    }
    return out_json(&cli->out, document, e);
}

static const struct option verify_options[] = {
    {"host", OPTION_TEXT, "NAME",
     "the name that the certificate must be for, and that is asked for (SNI)"},
    {"starttls", OPTION_CHOICE, STARTTLS_NAMES, "ask for TLS in this protocol's own words first"},
    {"trust", OPTION_TEXT, "FILE", "trust only the certificates in this file"},
    {"roots", OPTION_CHOICE, "system|own",
     "trust only the system's roots, or only this store's own"},
    {"issuers", OPTION_MANY, "FILE",
     "issuers that the client has or fetches although they are not presented"},
    {"crl", OPTION_MANY, "FILE", "a revocation list to look into"},
    {"ct-logs", OPTION_TEXT, "FILE",
     "the public logs that browsers count, to check timestamps (default: ct-logs.json in the data "
     "directory, if it is there)"},
    {"fetch", OPTION_FLAG, NULL,
     "fetch missing issuers, OCSP responses and revocation lists where certificates say they are"},
    {"dane", OPTION_FLAG, NULL,
     "ask the DNS what the domain's owner says of the certificate (TLSA records, with DNSSEC)"},
    {"dns-server", OPTION_TEXT, "ADDRESS[@PORT]", "the DNS server to ask (default: the system's)"},
    {"dns-anchor", OPTION_TEXT, "FILE",
     "DS or DNSKEY records that DNSSEC is checked from, instead of the root's"},
    {"at", OPTION_DATE, "DATE", "verify as of that date"},
    {"full", OPTION_FLAG, NULL, "show every panel with its question and all its facts"},
    {"browsers", OPTION_FLAG, NULL, "draw the page that each browser will show"},
    {"timeout", OPTION_DURATION, "DURATION",
     "how long to wait for a server (default 10s, at most 10m)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command verify_commands[] = {
    {"verify", "HOST[:PORT]|FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "verify a server's certificate, or a file's, as a client does",
     "What a client asks of a certificate, a panel each: chain, signatures, dates, name, "
     "constraints,\n"
     "usages, policies, strength, transparency, revocation. Facts are shown of what failed, with "
     "--full\n"
     "of everything; then what Chrome, Firefox, Safari and Internet Explorer will show, drawn with "
     "--browsers.\n"
     "The list of logs is Chrome's: "
     "https://www.gstatic.com/ct/log_list/v3/log_list.json\n"
     "Exit code 0 when nothing fails, 1 when something does. With --dane, records that DNSSEC "
     "proves decide:\na certificate that they name is good whoever issued it, unless they demand "
     "a trusted CA as well.\n\n"
     "  padlock verify www.example.com\n"
     "  padlock verify 127.0.0.1:8443 --host www.example.com --at 2027-06-01 --full\n"
     "  padlock verify www.example.com --dane\n"
     "  padlock verify mail.example.com --starttls smtp --dane",
     verify_options, run_verify},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
