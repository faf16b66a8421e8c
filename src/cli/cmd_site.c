/* padlock site …, bind …: what is served, and where. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/verify_view.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/bindings.h"
#include "ops/certs.h"
#include "ops/policies.h"
#include "ops/sites.h"

#include <stdio.h>
#include <string.h>

enum { TRAITS_TEXT = 160 };

/* What stands where others have their folder. */
static const char *folder_of(const struct site_row *row) {
    return row->kind == SITE_SERVICES ? "(built in)" : row->root_path;
}

static bool print_site(struct cli *cli, const struct site_row *row, const char *verb,
                       struct err *e) {
    out_line(&cli->out, "%s: site \"%s\", folder %s", verb, row->name, row->root_path);
    return out_json(&cli->out, view_site(row), e);
}

static bool run_site_add(struct cli *cli, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    const char *root = args_text(cli->args, "root");
    const char *name = args_at(cli->args, 0);
    if (root == NULL) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING, "a site needs its folder");
        return err_hint(e, "padlock site add %.60s --root DIR", name);
    }
    return ops_site_add(cli->ops, name, root, &row, e)
               ? print_site(cli, row, "added", e)
               : err_wrap(e, "could not add the site \"%.100s\"", name);
}

static bool run_site_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"NAME", "KIND", "FOLDER"};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after")};
    PL_AUTO(site_rows_clear) struct site_rows rows = {0};
    if (!store_site_list(ops_store(cli->ops), &page, &rows, e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        const struct site_row *row = rows.items[i];
        const char *cells[] = {row->name, site_kind_text(row->kind), folder_of(row)};
        ok = out_table_row(&table, OUT_PLAIN, cells, e);
        (void)json_array_append_new(items, view_site(row));
    }
    out_table_end(&table, "no sites; \"padlock site add NAME --root DIR\" adds one");
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "sites", items, "next", rows.next), e) &&
           ok;
}

static const char *cert_name(struct cli *cli, const struct id *id, struct cert_row **row) {
    bool ok = !id_is_zero(id) && store_cert_get(ops_store(cli->ops), id, row, NULL);
    return ok && *row != NULL ? (*row)->friendly_name : "";
}

static void add_trait(char traits[TRAITS_TEXT], const char *separator, const char *word) {
    size_t len = strlen(traits);
    (void)snprintf(traits + len, TRAITS_TEXT - len, "%s%s", len == 0 ? "" : separator, word);
}

/* What is out of the ordinary about a binding; the services' parts. */
static void format_traits(const struct binding_row *row, char out[TRAITS_TEXT]) {
    out[0] = '\0';
    for (size_t i = 0; i < row->parts.count; i++) {
        add_trait(out, ",", row->parts.items[i]);
    }
    if (row->is_proxied) {
        add_trait(out, "; ", "PROXY protocol");
    }
    if (row->is_strict) {
        add_trait(out, "; ", "strict");
    }
    if (row->client_auth != CLIENT_AUTH_NONE) {
        add_trait(out, "; ", "client certificate ");
        add_trait(out, "", client_auth_text(row->client_auth));
    }
}

static bool bind_row(struct cli *cli, struct out_table *table, json_t *items,
                     const struct binding_row *row, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *site = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *ec = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *rsa = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *ed = NULL;
    char id[ID_SHORT_LEN + 1];
    char place[96];
    char certs[400];
    if (!store_site_get(ops_store(cli->ops), &row->site_id, &site, e)) {
        return false;
    }
    const char *names[] = {cert_name(cli, &row->ec_cert_id, &ec),
                           cert_name(cli, &row->rsa_cert_id, &rsa),
                           cert_name(cli, &row->ed25519_cert_id, &ed)};
    certs[0] = '\0';
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        size_t len = strlen(certs);
        if (names[i][0] != '\0') {
            (void)snprintf(certs + len, sizeof(certs) - len, "%s%.120s", len == 0 ? "" : ", ",
                           names[i]);
        }
    }
    char traits[TRAITS_TEXT];
    format_traits(row, traits);
    id_format_short(&row->id, id);
    binding_format(row, place);
    const char *cells[] = {
        id, site == NULL ? "?" : site->name, place, row->host, certs, row->tls_policy, traits};
    (void)json_array_append_new(items, view_binding(row, site == NULL ? "" : site->name));
    return out_table_row(table, OUT_PLAIN, cells, e);
}

static bool list_bindings(struct cli *cli, const struct binding_filter *filter, struct err *e) {
    static const char *const headers[] = {"ID",          "SITE", "ADDRESS", "HOST",
                                          "CERTIFICATE", "TLS",  ""};
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after")};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops_store(cli->ops), filter, BINDING_SORT_AGE, &page, &rows, e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = bind_row(cli, &table, items, rows.items[i], e);
    }
    out_table_end(
        &table,
        "nothing is bound; \"padlock bind add SITE https://ADDRESS:PORT --cert NAME\" binds");
    return out_json(&cli->out,
                    json_pack("{s:o, "
                              "s:s?}",
                              "bindings", items, "next", rows.next),
                    e) &&
           ok;
}

static bool run_site_show(struct cli *cli, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    if (!ops_site_pick(cli->ops, args_at(cli->args, 0), &row, e)) {
        return false;
    }
    out_line(&cli->out, "site \"%s\"", row->name);
    out_field(&cli->out, "folder", "%s", folder_of(row));
    for (size_t i = 0; i < row->index_names.count; i++) {
        out_field(&cli->out, i == 0 ? "index" : "", "%s", row->index_names.items[i]);
    }
    return out_json(&cli->out, view_site(row), e);
}

static bool run_site_set(struct cli *cli, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    return ops_site_pick(cli->ops, args_at(cli->args, 0), &row, e) &&
           ops_site_set(cli->ops, row, args_text(cli->args, "name"), args_text(cli->args, "root"),
                        e) &&
           print_site(cli, row, "changed", e);
}

static bool run_site_remove(struct cli *cli, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    return ops_site_pick(cli->ops, args_at(cli->args, 0), &row, e) &&
           ops_site_remove(cli->ops, row, args_flag(cli->args, "unbind"), e) &&
           print_site(cli, row, "removed", e);
}

/* The choices of --client-auth are in the enum's order. */
static enum client_auth client_auth_of(const struct args *args) {
    int choice = args_choice(args, "client-auth");
    return choice < 0 ? CLIENT_AUTH_NONE : (enum client_auth)choice;
}

static struct bind_wish wish_of(const struct cli *cli) {
    return (struct bind_wish){.site = args_at(cli->args, 0),
                              .url = args_at(cli->args, 1),
                              .host = args_text(cli->args, "host"),
                              .cert = args_text(cli->args, "cert"),
                              .tls_policy = args_text(cli->args, "policy"),
                              .is_strict = args_flag(cli->args, "strict"),
                              .is_proxied = args_flag(cli->args, "proxy-protocol"),
                              .client_auth = client_auth_of(cli->args),
                              .client_ca = args_text(cli->args, "client-ca"),
                              .parts = args_text(cli->args, "parts")};
}

static bool run_bind_add(struct cli *cli, struct err *e) {
    const struct bind_wish wish = wish_of(cli);
    PL_AUTO(bind_plan_clear) struct bind_plan plan = {0};
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    char place[96];
    enum served_outcome served = SERVED_UNASKED;
    if (!ops_bind_plan(cli->ops, &wish, &plan, e) || !ops_bind_add(cli->ops, &plan, &row, e) ||
        !cli_wait_served(cli, &served, e)) {
        return err_wrap(e, "could not bind \"%.60s\" at %.200s", wish.site, wish.url);
    }
    binding_format(row, place);
    out_notices(&cli->out, &plan.warnings);
    out_line(&cli->out, "bound: %s%s%s serves the site \"%s\"%s%s%s", place,
             row->host[0] == '\0' ? "" : " ", row->host, plan.site->name,
             plan.cert == NULL ? ""
                               : " with "
                                 "\"",
             plan.cert == NULL ? "" : plan.cert->friendly_name, plan.cert == NULL ? "" : "\"");
    json_t *document = view_binding(row, plan.site->name);
    if (document != NULL) {
        (void)json_object_set_new(document, "notices", view_list(&plan.warnings));
    }
    return cli_print_served(cli, served, document, e);
}

/* What visitors would see of the binding, today or on another day. */
static bool foresee(const struct cli *cli, const struct bind_plan *plan, json_t *document,
                    struct err *e) {
    PL_AUTO(verification_clear) struct verification v = {0};
    const struct verify_wish wish = {.planned = plan->cert,
                                     .planned_port = (uint16_t)plan->row.port,
                                     .host = plan->host[0] == '\0' ? NULL : plan->host,
                                     .at_ms = args_date_ms(cli->args, "at", clock_now_ms()),
                                     .has_drawings = args_flag(cli->args, "browsers")};
    if (!ops_verify(cli->ops, &wish, &v, e)) {
        return false;
    }
    verify_view_print_browsers(cli, &v);
    return json_set_taken(document, "browsers", verify_view_browsers(&v), e);
}

static bool run_bind_check(struct cli *cli, struct err *e) {
    const struct bind_wish wish = wish_of(cli);
    PL_AUTO(bind_plan_clear) struct bind_plan plan = {0};
    struct err test = {0};
    if (!ops_bind_plan(cli->ops, &wish, &plan, e)) {
        return false;
    }
    bool is_fine = plan.conflicts.count == 0;
    if (is_fine && plan.cert != NULL && !ops_cert_test_key(cli->ops, plan.cert, &test)) {
        is_fine = false;
        if (!list_add(&plan.conflicts, test.step[0], e)) {
            return false;
        }
    }
    for (size_t i = 0; i < plan.conflicts.count; i++) {
        out_colored(&cli->out, OUT_RED, "✗ %s", plan.conflicts.items[i]);
    }
    for (size_t i = 0; i < plan.warnings.count; i++) {
        out_colored(&cli->out, OUT_YELLOW, "! %s", plan.warnings.items[i]);
    }
    json_t *document = json_pack("{s:b, s:o, s:o}", "is_possible", is_fine, "conflicts",
                                 view_list(&plan.conflicts), "warnings", view_list(&plan.warnings));
    if (plan.cert != NULL && !foresee(cli, &plan, document, e)) {
        json_decref(document);
        return false;
    }
    out_line(&cli->out, is_fine ? "it can be bound" : "it cannot be bound");
    cli->exit_code = is_fine ? 0 : 3;
    return out_json(&cli->out, document, e);
}

static bool run_bind_list(struct cli *cli, struct err *e) {
    PL_AUTO(site_row_freep) struct site_row *site = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    const char *site_name = args_text(cli->args, "site");
    const char *cert_text = args_text(cli->args, "cert");
    const char *policy_name = args_text(cli->args, "policy");
    PL_AUTO(policy_found_clear) struct policy_found policy = {0};
    if (policy_name != NULL && !ops_policy_pick(cli->ops, policy_name, &policy, e)) {
        return false;
    }
    if ((site_name != NULL && !ops_site_pick(cli->ops, site_name, &site, e)) ||
        (cert_text != NULL && !ops_cert_pick(cli->ops, cert_text, &cert, e))) {
        return false;
    }
    const struct binding_filter filter = {.site_id = site == NULL ? NULL : &site->id,
                                          .cert_id = cert == NULL ? NULL : &cert->id,
                                          .tls_policy =
                                              policy.policy == NULL ? NULL : policy.policy->name,
                                          .host = args_text(cli->args, "host")};
    return list_bindings(cli, &filter, e);
}

static bool run_bind_set(struct cli *cli, struct err *e) {
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    char place[96];
    int strict = args_choice(cli->args, "strict");
    int auth = args_choice(cli->args, "client-auth");
    bool is_strict = strict == 0;
    int proxied = args_choice(cli->args, "proxy-protocol");
    bool is_proxied = proxied == 0;
    enum client_auth client_auth = client_auth_of(cli->args);
    const struct bind_change change = {.tls_policy = args_text(cli->args, "policy"),
                                       .is_strict = strict < 0 ? NULL : &is_strict,
                                       .client_auth = auth < 0 ? NULL : &client_auth,
                                       .client_ca = args_text(cli->args, "client-ca"),
                                       .parts = args_text(cli->args, "parts"),
                                       .is_proxied = proxied < 0 ? NULL : &is_proxied};
    if (!ops_bind_pick(cli->ops, args_at(cli->args, 0), args_text(cli->args, "host"), &row, e)) {
        return false;
    }
    binding_format(row, place);
    enum served_outcome served = SERVED_UNASKED;
    if (!ops_bind_set(cli->ops, &row, &change, e) || !cli_wait_served(cli, &served, e)) {
        return err_wrap(e, "could not change the binding %s %.200s", place, row->host);
    }
    char traits[TRAITS_TEXT];
    format_traits(row, traits);
    out_line(&cli->out, "changed: %s %s%s%s%s%s", place, row->host,
             row->tls_policy[0] == '\0' ? "" : "has the TLS policy ", row->tls_policy,
             traits[0] == '\0' ? "" : "; ", traits);
    return cli_print_served(cli, served, view_binding(row, ""), e);
}

static bool run_bind_remove(struct cli *cli, struct err *e) {
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    enum served_outcome served = SERVED_UNASKED;
    char place[96];
    if (!ops_bind_pick(cli->ops, args_at(cli->args, 0), args_text(cli->args, "host"), &row, e) ||
        !ops_bind_remove(cli->ops, row, e) || !cli_wait_served(cli, &served, e)) {
        return false;
    }
    binding_format(row, place);
    out_line(&cli->out, "removed: %s %s; \"padlock undo\" brings it back", place, row->host);
    return cli_print_served(cli, served, view_binding(row, ""), e);
}

static const struct option add_options[] = {
    {"root", OPTION_TEXT, "DIR", "the folder that is served"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option set_options[] = {
    {"root", OPTION_TEXT, "DIR", "another folder"},
    {"name", OPTION_TEXT, "NAME", "another name"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option remove_options[] = {
    {"unbind", OPTION_FLAG, NULL, "also remove its bindings"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option page_options[] = {
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
#define CLIENT_AUTH_CHOICES "none|optional|required"
static const struct option bind_set_options[] = {
    {"host", OPTION_TEXT, "NAME", "of several at that address"},
    {"policy", OPTION_TEXT, "NAME", "another TLS policy"},
    {"client-auth", OPTION_CHOICE, CLIENT_AUTH_CHOICES, "ask clients for a certificate"},
    {"client-ca", OPTION_TEXT, "FILE",
     "the CA certificates that clients' must come from; \"own\": this store's CA"},
    {"strict", OPTION_CHOICE, "yes|no",
     "refuse clients that ask for a name without a binding there"},
    {"proxy-protocol", OPTION_CHOICE, "yes|no",
     "connections there begin with the PROXY header; holds for all that is bound there"},
    {"parts", OPTION_TEXT, "PART,…", "other parts of the site \"services\""},
    {"no-wait", OPTION_FLAG, NULL, "do not wait until it is served and proven"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
/* What a binding is to be: to make it, and to look at it before. The tables end with it. */
#define BIND_WISH_OPTIONS                                                                          \
    {"host", OPTION_TEXT, "NAME",                                                                  \
     "the name that clients ask for (SNI), *.example.com too; none: whoever has no own "           \
     "binding"},                                                                                   \
        {"cert", OPTION_TEXT, "CERTIFICATE", "a friendly name, id, fingerprint or host name"},     \
        {"policy", OPTION_TEXT, "NAME",                                                            \
         "the TLS policy: modern, intermediate (the default), old, or your own"},                  \
        {"client-auth", OPTION_CHOICE, CLIENT_AUTH_CHOICES, "ask clients for a certificate"},      \
        {"client-ca", OPTION_TEXT, "FILE",                                                         \
         "the CA certificates that clients' must come from; \"own\", the default: this "           \
         "store's CA"},                                                                            \
        {"strict", OPTION_FLAG, NULL,                                                              \
         "refuse clients that ask for a name without a binding there"},                            \
        {"proxy-protocol", OPTION_FLAG, NULL,                                                      \
         "connections there begin with the PROXY header of a proxy (see serve --proxy-from)"},     \
        {"parts", OPTION_TEXT, "PART,…",                                                           \
         "of the built-in site \"services\": console, api, acme, enroll, est, pki on https; "      \
         "pki, "                                                                                   \
         "acme-http, redirect on http"},                                                           \
    {                                                                                              \
        NULL, OPTION_FLAG, NULL, NULL                                                              \
    }

static const struct option bind_options[] = {
    {"no-wait", OPTION_FLAG, NULL, "do not wait until it is served and proven"},
    BIND_WISH_OPTIONS,
};
static const struct option bind_check_options[] = {
    {"at", OPTION_DATE, "DATE", "what browsers will show on that date"},
    {"browsers", OPTION_FLAG, NULL, "draw the page that each browser will show"},
    BIND_WISH_OPTIONS,
};
static const struct option bind_list_options[] = {
    {"site", OPTION_TEXT, "NAME", "only this site's"},
    {"cert", OPTION_TEXT, "CERTIFICATE", "only with this certificate"},
    {"policy", OPTION_TEXT, "NAME", "only with this TLS policy"},
    {"host", OPTION_TEXT, "NAME", "only this host name"},
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option unbind_options[] = {
    {"host", OPTION_TEXT, "NAME", "of several at that address"},
    {"no-wait", OPTION_FLAG, NULL, "do not wait until it is served and proven"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command site_commands[] = {
    {"site add", "NAME", 1, 1, COMMAND_CHANGES, "add a site: a folder to be served",
     "  padlock site add shop --root /srv/shop", add_options, run_site_add},
    {"site list", "", 0, 0, 0, "list the sites", NULL, page_options, run_site_list},
    {"site show", "SITE", 1, 1, 0, "show one site", NULL, NULL, run_site_show},
    {"site set", "SITE", 1, 1, COMMAND_CHANGES,
     "change a site's folder or "
     "name",
     NULL, set_options, run_site_set},
    {"site remove", "SITE", 1, 1, COMMAND_CHANGES,
     "remove a site; refused while it is "
     "bound",
     NULL, remove_options, run_site_remove},
    {"bind add", "SITE https://ADDRESS:PORT", 2, 2, COMMAND_CHANGES,
     "bind a site to an address, port and host name",
     "Every conflict is told before anything changes, and the key makes a test signature. A "
     "running server\n"
     "takes the change up within a second.\n\n"
     "  padlock bind add shop https://0.0.0.0:443 --host www.example.com --cert \"Shop 2026\"\n\n"
     "The site \"services\" is built in: console, API, ACME and enrolment on https; on http the "
     "CA's files,\n"
     "ACME's answers, and a redirection of everything else to https. It shares no address and "
     "port with others.\n\n"
     "  padlock bind add services https://127.0.0.1:8444 --cert admin --parts console,api\n"
     "  padlock bind add services http://0.0.0.0:80 --parts pki,redirect",
     bind_options, run_bind_add},
    {"bind check", "SITE https://ADDRESS:PORT", 2, 2, 0,
     "tell what stands against a binding and what browsers will show, change nothing",
     "Conflicts and warnings as \"bind add\" would find them; then what Chrome, Firefox, Safari "
     "and Internet\n"
     "Explorer will show, on any date. Exit code 0 when it can be bound, 3 when not.\n\n"
     "  padlock bind check shop https://0.0.0.0:443 --host www.example.com --cert Shop --at "
     "2027-06-01",
     bind_check_options, run_bind_check},
    {"bind list", "", 0, 0, 0, "list the bindings", NULL, bind_list_options, run_bind_list},
    {"bind set", "BINDING", 1, 1, COMMAND_CHANGES,
     "change a binding's TLS policy, client certificates, strictness or parts",
     "BINDING is an id, or https://ADDRESS:PORT, with --host where several names are bound.\n\n"
     "  padlock bind set https://0.0.0.0:443 --host intern.example.com --client-auth required",
     bind_set_options, run_bind_set},
    {"bind remove", "BINDING", 1, 1, COMMAND_CHANGES,
     "remove one (an id, or "
     "https://ADDRESS:PORT)",
     NULL, unbind_options, run_bind_remove},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
