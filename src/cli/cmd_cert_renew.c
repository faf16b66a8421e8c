/* padlock cert renew. */
#include "base/clock.h"
#include "base/id.h"
#include "cli/cli.h"
#include "cli/cmd_cert.h"
#include "cli/view.h"
#include "codec/json.h"
#include "ops/certs.h"
#include "ops/renew.h"

const struct option cert_renew_options[] = {
    {"key", OPTION_TEXT, "KIND", "the new key: ec:p256, ec:p384, rsa:2048 … (default: as before)"},
    {"name", OPTION_TEXT, "NAME", "friendly name (default: the old one's, with the day)"},
    {"no-replace", OPTION_FLAG, NULL, "leave the old one bound"},
    {"no-wait", OPTION_FLAG, NULL, "do not wait until it is served"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

static json_t *renewal_document(const struct renewal *r, const struct cert_row *old) {
    const struct list none = {0};
    json_t *o = json_object();
    bool ok =
        json_set_text(o, "old", old->friendly_name, NULL) &&
        json_set_bool(o, "is_own_ca", r->is_own, NULL) &&
        json_set_taken(o, "request", view_request(r->request), NULL) &&
        (r->cert == NULL || json_set_taken(o, "certificate", view_cert(r->cert, &none), NULL)) &&
        json_set_integer(o, "bindings", (json_int_t)r->binding_count, NULL) &&
        json_set_taken(o, "notices", view_list(&r->notes), NULL);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* Another CA's: what is left to do. */
static void print_request(const struct cli *cli, const struct renewal *r,
                          const struct cert_row *old) {
    char id[ID_SHORT_LEN + 1];
    id_format_short(&r->request->id, id);
    out_line(&cli->out, "%s: a new key and a request for the same names, for \"%s\"",
             cli->is_dry_run ? "would be made" : "made", old->issuer);
    if (!cli->is_dry_run) {
        out_line(&cli->out, "next: padlock request csr %s --out FILE, for the CA; then", id);
        out_line(&cli->out, "      padlock cert install ITS-ANSWER --name NEW");
        out_line(&cli->out, "      padlock cert replace \"%s\" NEW", old->friendly_name);
    }
}

static void print_renewed(const struct cli *cli, const struct renewal *r,
                          const struct cert_row *old) {
    char ends[11];
    clock_format_day(r->leaf.validity.not_after_ms, ends);
    if (r->cert == NULL) {
        out_line(&cli->out, "would be issued, installed, and shown by %zu binding%s",
                 r->binding_count, r->binding_count == 1 ? "" : "s");
    } else {
        out_line(&cli->out, "renewed: \"%s\" by \"%s\" in %zu binding%s", old->friendly_name,
                 r->cert->friendly_name, r->binding_count, r->binding_count == 1 ? "" : "s");
    }
    out_field(&cli->out, "valid until", "%s", ends);
}

bool cert_run_renew(struct cli *cli, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *old = NULL;
    PL_AUTO(renewal_clear) struct renewal r = {0};
    const char *kind = args_text(cli->args, "key");
    struct key_spec key;
    enum served_outcome served = SERVED_UNASKED;
    struct renew_wish wish = {.friendly_name = args_text(cli->args, "name"),
                              .is_bound_later = args_flag(cli->args, "no-replace")};
    if ((kind != NULL && !key_spec_parse(kind, &key, e)) ||
        !ops_cert_pick(cli->ops, args_at(cli->args, 0), &old, e)) {
        return false;
    }
    wish.cert = old;
    wish.key = kind == NULL ? NULL : &key;
    if (!ops_renew(cli->ops, &wish, &r, e) ||
        (r.cert != NULL && r.binding_count > 0 && !cli_wait_served(cli, &served, e))) {
        return err_wrap(e, "could not renew \"%.200s\"", old->friendly_name);
    }
    out_notices(&cli->out, &r.notes);
    if (r.is_own) {
        print_renewed(cli, &r, old);
    } else {
        print_request(cli, &r, old);
    }
    return cli_print_served(cli, served, renewal_document(&r, old), e);
}
