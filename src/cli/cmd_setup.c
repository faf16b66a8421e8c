/* padlock demo, init: from nothing. The demo's steps are in cli/demo.c. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/demo.h"
#include "cli/view.h"
#include "ops/init.h"
#include "ops/issuer.h"
#include "sys/user.h"

static bool print_ca(struct cli *cli, const char *data_dir, struct err *e) {
    PL_AUTO(issuer_clear) struct issuer root = {0};
    PL_AUTO(issuer_clear) struct issuer issuing = {0};
    char fingerprint[96];
    if (!ops_open(data_dir, &cli->ops, e) || !ops_root(cli->ops, &root, e) ||
        !ops_issuer_active(cli->ops, &issuing, e)) {
        return false;
    }
    cert_format_fingerprint(root.certificate->sha256, fingerprint);
    out_field(&cli->out, "root", "%s", root.row->name);
    out_field(&cli->out, "", "SHA-256 %s", fingerprint);
    out_field(&cli->out, "issuing CA", "%s", issuing.row->name);
    out_field(&cli->out, "base URL", "%s",
              issuing.row->base_url[0] == '\0' ? "none: only profile internal can be issued"
                                               : issuing.row->base_url);
    out_line(&cli->out, "next: padlock request new www.example.com --out www.csr");
    return out_json(&cli->out,
                    json_pack("{s:s, s:o, s:o}", "data", data_dir, "root", view_issuer(root.row),
                              "issuing", view_issuer(issuing.row)),
                    e);
}

static bool run_init(struct cli *cli, struct err *e) {
    const struct init_wish wish = {.ca_name = args_text(cli->args, "ca-name"),
                                   .has_no_ca = args_flag(cli->args, "no-ca"),
                                   .base_url = args_text(cli->args, "base-url")};
    struct user serving;
    if (cli->is_dry_run) {
        if (!ops_init_check(cli->data_dir, &wish, e)) {
            return false;
        }
        out_line(&cli->out, "a store, a sealing key%s would be made in %s",
                 wish.has_no_ca ? "" : " and a CA", cli->data_dir);
        return out_json(&cli->out, json_pack("{s:s}", "data", cli->data_dir), e);
    }
    if (!user_for(USER_STORE, &serving, e) || !ops_init(cli->data_dir, &wish, e)) {
        return false;
    }
    out_line(&cli->out, "made: store and sealing key in %s, for the user %s", cli->data_dir,
             serving.name);
    return wish.has_no_ca ? out_json(&cli->out, json_pack("{s:s}", "data", cli->data_dir), e)
                          : print_ca(cli, cli->data_dir, e);
}

static const struct option init_options[] = {
    {"ca-name", OPTION_TEXT, "NAME", "the CA's name (default: Padlock on HOST)"},
    {"no-ca", OPTION_FLAG, NULL, "no certificate authority: certificates come from elsewhere"},
    {"base-url", OPTION_TEXT, "URL",
     "http:// address of the CA's certificate and revocation lists; profile server needs it"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option demo_options[] = {
    {"once", OPTION_FLAG, NULL, "end after the verification: exit code 0 or 1"},
    {"https-port", OPTION_NUMBER, "PORT", "where the welcome site is (default 8443)"},
    {"services-port", OPTION_NUMBER, "PORT", "where the services are, on https (default 8444)"},
    {"http-port", OPTION_NUMBER, "PORT",
     "where the CA's certificates are, and a redirection to https (default 8080)"},
    {"metrics-port", OPTION_NUMBER, "PORT", "where /metrics and /healthz are (default 9464)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command setup_commands[] = {
    {"demo", "", 0, 0, COMMAND_NO_STORE,
     "everything at once, on a store of its own, served on https://localhost:8443",
     "Makes a store with its CA, a certificate for localhost, a site and its bindings, "
     "serves it, and\n"
     "verifies it as a client does. A later run uses the same store again. Its data is "
     "apart from the\n"
     "default's: /var/lib/padlock-demo for root, else ~/.local/share/padlock-demo.",
     demo_options, demo_run},
    {"init", "", 0, 0, COMMAND_NO_STORE | COMMAND_CHANGES,
     "make the store, the sealing key, the root and the issuing CA",
     "Never overwrites. The root is P-384, 20 years; the issuing CA P-256, 5 years. Run as "
     "root with the\n"
     "user \"padlock\" there, the data is that user's.\n\n"
     "  padlock init --ca-name \"Example\" --base-url http://pki.example.com:8080",
     init_options, run_init},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
