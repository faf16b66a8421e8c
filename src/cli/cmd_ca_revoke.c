/* padlock ca revoke, ca crl: certificates taken back, and the lists that say so. */
#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/cmd_ca.h"
#include "cli/view.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "ops/crl.h"
#include "ops/export.h"
#include "ops/revoke.h"
#include "ops/submission.h"
#include "pki/crl.h"

/* --- ca revoke --- */

const struct option ca_revoke_options[] = {
    {"reason", OPTION_TEXT, "REASON",
     "keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn "
     "(default: none is given)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

static void print_places(const struct cli *cli, const struct revoke_places *places) {
    for (size_t i = 0; i < places->bindings.count; i++) {
        out_notice(&cli->out, "it is still bound: %s", places->bindings.items[i]);
    }
    if (places->bindings.count > 0) {
        out_line(&cli->out, "next: padlock cert replace \"%s\" OTHER", places->name);
    } else if (places->name[0] != '\0') {
        out_line(&cli->out, "next: padlock cert delete \"%s\"", places->name);
    }
}

static json_t *revoked_document(const struct issued_row *row, const struct revoke_places *places,
                                bool is_listed) {
    json_t *document = view_issued(row);
    if (document != NULL && !(json_set_bool(document, "is_listed", is_listed, NULL) &&
                              json_set_text(document, "installed",
                                            places->name[0] == '\0' ? NULL : places->name, NULL) &&
                              json_set_list(document, "bindings", &places->bindings, NULL))) {
        json_decref(document);
        return NULL;
    }
    return document;
}

bool ca_run_revoke(struct cli *cli, struct err *e) {
    PL_AUTO(issued_row_freep) struct issued_row *row = NULL;
    PL_AUTO(revoke_places_clear) struct revoke_places places = {0};
    const struct ca_reason *reason = ca_reason_get(0);
    const char *wanted = args_text(cli->args, "reason");
    char serial[2 * ISSUED_SERIAL_MAX + 1];
    struct err problem = {0};
    bool is_listed = false;
    if ((wanted != NULL && !ca_reason_parse(wanted, &reason, e)) ||
        !ops_issued_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        !ops_revoke(cli->ops, row, reason, &places, &is_listed, &problem, e)) {
        return false;
    }
    hex_encode(row->serial.data, row->serial.len, serial);
    out_line(&cli->out, "%s: serial %s, %s", cli->is_dry_run ? "would be revoked" : "revoked",
             serial,
             row->subject[0] == '\0' && row->names.count > 0 ? row->names.items[0] : row->subject);
    out_field(&cli->out, "reason", "%s (%s)", reason->name, reason->about);
    if (!cli->is_dry_run && !is_listed) {
        out_notice(&cli->out, "the revocation list could not be signed: %s [%s]", problem.step[0],
                   err_code_text(problem.code));
        out_notice(&cli->out, "a running server does so within a minute, \"padlock ca crl "
                              "--renew\" at once");
    }
    print_places(cli, &places);
    return out_json(&cli->out, revoked_document(row, &places, is_listed), e);
}

/* --- ca crl --- */

const struct option ca_crl_options[] = {
    {"root", OPTION_FLAG, NULL, "the root's list (default: the issuing CA's)"},
    {"shard", OPTION_NUMBER, "N", "which part, where there are several (default 0)"},
    {"renew", OPTION_FLAG, NULL, "sign it anew first"},
    {"format", OPTION_CHOICE, "pem|der", "the form (default pem)"},
    {"out", OPTION_TEXT, "FILE", "where it goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

static json_t *crl_document(const struct issuer *issuer, const struct crl_row *row,
                            size_t entry_count) {
    json_t *o = json_object();
    bool ok = json_set_text(o, "issuer", issuer->row->name, NULL) &&
              json_set_integer(o, "shard", row->shard, NULL) &&
              json_set_integer(o, "number", row->number, NULL) &&
              json_set_time(o, "this_update", row->this_update_ms, NULL) &&
              json_set_time(o, "next_update", row->next_update_ms, NULL) &&
              json_set_integer(o, "entries", (json_int_t)entry_count, NULL);
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static bool write_form(const struct cli *cli, const struct crl_row *row, struct buf *out,
                       struct err *e) {
    return args_choice(cli->args, "format") == 1
               ? buf_append(out, row->der.data, row->der.len, e)
               : pem_write("X509 CRL", row->der.data, row->der.len, out, e);
}

bool ca_run_crl(struct cli *cli, struct err *e) {
    PL_AUTO(issuer_clear) struct issuer issuer = {0};
    PL_AUTO(crl_row_freep) struct crl_row *row = NULL;
    PL_AUTO(crl_freep) struct crl *crl = NULL;
    PL_AUTO(buf_clear) struct buf out = {.max = 2 * EXPORT_MAX};
    unsigned shard = (unsigned)args_number(cli->args, "shard", 0);
    const char *path = args_text(cli->args, "out");
    bool is_root = args_flag(cli->args, "root");
    if (!cli_check_out(cli, path, e) ||
        !(is_root ? ops_root(cli->ops, &issuer, e) : ops_issuer_active(cli->ops, &issuer, e))) {
        return false;
    }
    if (args_flag(cli->args, "renew")) {
        if (cli->is_dry_run) {
            out_notice(&cli->out, "the revocation list of %s would be signed anew",
                       issuer.row->name);
        } else if (!ops_crl_make(cli->ops, &issuer.row->id, shard, clock_now_ms(), e)) {
            return false;
        }
    }
    return ops_crl_get(cli->ops, &issuer.row->id, shard, &row, e) &&
           crl_from_der(row->der.data, row->der.len, &crl, e) && write_form(cli, row, &out, e) &&
           cli_hand_out(cli, path, &out, false, crl_document(&issuer, row, crl->entry_count), e);
}
