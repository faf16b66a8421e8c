/* padlock cert …: the certificate store. */
#include "cli/cmd_cert.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/view.h"
#include "codec/json.h"
#include "keys/unpack.h"
#include "ops/certs.h"
#include "ops/export.h"
#include "ops/install.h"
#include "ops/replace.h"
#include "ops/staple.h"
#include "pki/ocsp.h"
#include "pki/detect.h"
#include "pki/openssl.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

enum { NOTES_MAX = 64, BOUND_MAX = 1000 * 1000 };

static bool print_added(struct cli *cli, const struct cert_row *row, const struct list *notes,
                        const char *verb, struct err *e) {
    char id[ID_SHORT_LEN + 1];
    char ends[11];
    id_format_short(&row->id, id);
    clock_format_day(row->not_after_ms, ends);
    out_notices(&cli->out, notes);
    out_line(&cli->out, "%s: \"%s\" (%s)", verb, row->friendly_name, id);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "issuer", "%s", row->issuer);
    out_field(&cli->out, "valid until", "%s", ends);
    json_t *document = view_cert(row, NULL);
    if (document != NULL) {
        (void)json_object_set_new(document, "notices", view_list(notes));
    }
    return out_json(&cli->out, document, e);
}

static bool run_install(struct cli *cli, struct err *e) {
    PL_AUTO(buf_clear) struct buf file = {0};
    PL_AUTO(list_clear) struct list notes;
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    const char *path = args_at(cli->args, 0);
    list_init(&notes, NOTES_MAX);
    if (!cli_read_file(path, DETECT_INPUT_MAX, &file, e)) {
        return false;
    }
    return ops_install(cli->ops, file.data, file.len, args_text(cli->args, "name"), &notes, &row, e)
               ? print_added(cli, row, &notes, "installed", e)
               : err_wrap(e, "could not install certificate \"%.300s\"", path);
}

static bool run_replace(struct cli *cli, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *from = NULL;
    PL_AUTO(cert_row_freep) struct cert_row *to = NULL;
    PL_AUTO(list_clear) struct list warnings;
    size_t count = 0;
    list_init(&warnings, NOTES_MAX);
    if (!ops_cert_pick(cli->ops, args_at(cli->args, 0), &from, e) ||
        !ops_cert_pick(cli->ops, args_at(cli->args, 1), &to, e)) {
        return false;
    }
    enum served_outcome served = SERVED_UNASKED;
    if (!ops_cert_replace(cli->ops, from, to, &warnings, &count, e) ||
        !cli_wait_served(cli, &served, e)) {
        return err_wrap(e, "could not replace \"%.200s\"", from->friendly_name);
    }
    out_notices(&cli->out, &warnings);
    out_line(&cli->out, "replaced: \"%s\" by \"%s\" in %zu binding%s", from->friendly_name,
             to->friendly_name, count, count == 1 ? "" : "s");
    return cli_print_served(cli, served,
                            json_pack("{s:s, s:s, s:I, s:o}", "from", from->friendly_name, "to",
                                      to->friendly_name, "bindings", (json_int_t)count, "notices",
                                      view_list(&warnings)),
                            e);
}

static bool run_import(struct cli *cli, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf file = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(list_clear) struct list notes;
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    const char *path = args_at(cli->args, 0);
    const char *exportable = args_text(cli->args, "exportable");
    list_init(&notes, NOTES_MAX);
    if (!cli_read_file(path, DETECT_INPUT_MAX, &file, e) ||
        (unpack_needs_password(file.data, file.len) &&
         !cli_password(cli, "password of the file: ", false, &password, e))) {
        return false;
    }
    const struct import_wish wish = {.bytes = file.data,
                                     .len = file.len,
                                     .password = &password,
                                     .friendly_name = args_text(cli->args, "name"),
                                     .is_exportable =
                                         exportable == NULL || str_equal(exportable, "yes")};
    return ops_import(cli->ops, &wish, &notes, &row, e)
               ? print_added(cli, row, &notes, "imported", e)
               : err_wrap(e, "could not import \"%.300s\"", path);
}

static enum out_color color_of(const struct cert_row *row) {
    int64_t left_ms = row->not_after_ms - clock_now_ms();
    return left_ms < 0 ? OUT_RED : left_ms < 30 * CLOCK_DAY_MS ? OUT_YELLOW : OUT_PLAIN;
}

static bool list_row(struct cli *cli, struct out_table *table, json_t *items,
                     const struct cert_row *row, struct err *e) {
    PL_AUTO(list_clear) struct list places;
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    char id[ID_SHORT_LEN + 1];
    char names[300];
    char left[16];
    char key[KEY_SPEC_TEXT + 16];
    char bound[200] = "";
    list_init(&places, BOUND_MAX);
    if (!ops_cert_bound_at(cli->ops, &row->id, &places, e) || !ops_cert_read(row, &cert, e)) {
        return false;
    }
    id_format_short(&row->id, id);
    view_names(&row->names, names);
    view_days_left(row->not_after_ms, left);
    (void)snprintf(key, sizeof(key), "%s%s", row->key_spec,
                   id_is_zero(&row->key_id) ? " (no key)" : "");
    if (places.count > 0) {
        (void)snprintf(bound, sizeof(bound), places.count == 1 ? "%.150s" : "%.150s +%zu",
                       places.items[0], places.count - 1);
    }
    const char *cells[] = {
        id, row->friendly_name, names, cert_issuer_display_name(cert), left, key, bound};
    (void)json_array_append_new(items, view_cert(row, &places));
    return out_table_row(table, color_of(row), cells, e);
}

static struct cert_filter filter_of(const struct cli *cli) {
    int64_t expiring_ms = args_duration_ms(cli->args, "expiring", 0);
    int key = args_choice(cli->args, "key");
    int bound = args_choice(cli->args, "bound");
    return (struct cert_filter){
        .name = args_text(cli->args, "host"),
        .domain = args_text(cli->args, "domain"),
        .friendly_name_prefix = args_text(cli->args, "name"),
        .expires_before_ms = expiring_ms == 0 ? 0 : clock_now_ms() + expiring_ms,
        .key = key < 0    ? CERT_ANY
               : key == 0 ? CERT_WITH
                          : CERT_WITHOUT,
        .binding = bound < 0    ? CERT_ANY
                   : bound == 0 ? CERT_WITH
                                : CERT_WITHOUT,
    };
}

static bool run_list(struct cli *cli, struct err *e) {
    static const char *const headers[] = {"ID",   "NAME", "NAMES",   "ISSUER",
                                          "LEFT", "KEY",  "BOUND AT"};
    static const enum cert_sort sorts[] = {CERT_SORT_EXPIRY, CERT_SORT_NAME, CERT_SORT_AGE};
    const struct cert_filter filter = filter_of(cli);
    int sort = args_choice(cli->args, "sort");
    const struct page page = {.limit = (size_t)args_number(cli->args, "limit", STORE_PAGE_DEFAULT),
                              .after = args_text(cli->args, "after"),
                              .is_descending = args_flag(cli->args, "reverse")};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    if (!store_cert_list(ops_store(cli->ops), &filter, sorts[sort < 0 ? 0 : sort], &page, &rows,
                         e)) {
        return false;
    }
    struct out_table table;
    json_t *items = json_array();
    bool ok = true;
    out_table_begin(&table, &cli->out, headers, PL_ARRAY_LEN(headers));
    for (size_t i = 0; ok && i < rows.count; i++) {
        ok = list_row(cli, &table, items, rows.items[i], e);
    }
    out_table_end(&table,
                  "no certificates; \"padlock cert install\" and \"cert import\" bring them in");
    return out_json(&cli->out, json_pack("{s:o, s:s?}", "certificates", items, "next", rows.next),
                    e) &&
           ok;
}

static bool show_pem(struct cli *cli, const struct cert_row *row, const struct cert *cert,
                     struct err *e) {
    PL_AUTO(buf_clear) struct buf pem = {.max = EXPORT_MAX};
    return cert_append_pem(cert, &pem, e) &&
           cli_hand_out(cli, NULL, &pem, false, view_cert(row, NULL), e);
}

static bool show_text(struct cli *cli, const struct cert_row *row, const struct cert *cert,
                      struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = EXPORT_MAX};
    if (!cert_append_text(cert, &text, e) ||
        (!cli->out.is_json && !out_bytes(text.data, text.len, e))) {
        return false;
    }
    json_t *document = view_cert(row, NULL);
    if (document != NULL) {
        (void)json_object_set_new(document, "text", json_string(buf_string(&text)));
    }
    return out_json(&cli->out, document, e);
}

/* What Windows calls the thumbprint. SHA-1 is broken; as a name to look for it still serves. */
static bool print_thumbprint(const struct cli *cli, const struct cert *cert, struct err *e) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t len = 0;
    char text[2 * EVP_MAX_MD_SIZE + 1];
    if (EVP_Q_digest(NULL, "SHA1", NULL, cert->der, cert->der_len, hash, &len) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot compute the thumbprint");
    }
    hex_encode(hash, len, text);
    out_field(&cli->out, "SHA-1", "%s (Windows' thumbprint)", text);
    return true;
}

static bool show_fields(struct cli *cli, const struct cert_row *row, const struct cert *cert,
                        struct err *e) {
    PL_AUTO(list_clear) struct list places;
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    char id[ID_TEXT_LEN + 1];
    char begins[CLOCK_TEXT_LEN + 1];
    char ends[CLOCK_TEXT_LEN + 1];
    char left[16];
    char fingerprint[96];
    char spki[96];
    list_init(&places, BOUND_MAX);
    PL_AUTO(staple_row_freep) struct staple_row *staple = NULL;
    if (!ops_cert_bound_at(cli->ops, &row->id, &places, e) ||
        !ops_cert_chain(cli->ops, &row->id, &chain, e) ||
        !store_staple_find_cert(ops_store(cli->ops), &row->id, &staple, e)) {
        return false;
    }
    id_format(&row->id, id);
    clock_format(row->not_before_ms, begins);
    clock_format(row->not_after_ms, ends);
    view_days_left(row->not_after_ms, left);
    cert_format_fingerprint(row->sha256, fingerprint);
    cert_format_fingerprint(row->spki_sha256, spki);
    out_colored(&cli->out, OUT_BOLD, "%s", row->friendly_name);
    out_field(&cli->out, "id", "%s", id);
    out_field(&cli->out, "subject", "%s", row->subject);
    for (size_t i = 0; i < row->names.count; i++) {
        out_field(&cli->out, i == 0 ? "names" : "", "%s", row->names.items[i]);
    }
    out_field(&cli->out, "issuer", "%s", row->issuer);
    for (size_t i = 0; i < chain.count; i++) {
        out_field(&cli->out, i == 0 ? "chain" : "", "%s", cert_display_name(chain.items[i]));
    }
    out_field(&cli->out, "serial", "%s", row->serial);
    out_field(&cli->out, "valid", "%s to %s (%s)", begins, ends, left);
    out_field(&cli->out, "key", "%s, %s", row->key_spec,
              id_is_zero(&row->key_id) ? "not in this store" : "in this store, sealed");
    out_field(&cli->out, "signature", "%s", cert->signature_algorithm);
    out_field(&cli->out, "SHA-256", "%s", fingerprint);
    if (!print_thumbprint(cli, cert, e)) {
        return false;
    }
    out_field(&cli->out, "public key", "%s", spki);
    if (staple != NULL) {
        char until[CLOCK_TEXT_LEN + 1];
        clock_format(staple->next_update_ms, until);
        out_field(&cli->out, "stapled until", "%s", until);
    }
    for (size_t i = 0; i < places.count; i++) {
        out_field(&cli->out, i == 0 ? "bound at" : "", "%s", places.items[i]);
    }
    return out_json(&cli->out, view_cert(row, &places), e);
}

static bool run_show(struct cli *cli, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!ops_cert_pick(cli->ops, args_at(cli->args, 0), &row, e) || !ops_cert_read(row, &cert, e)) {
        return false;
    }
    if (args_flag(cli->args, "pem")) {
        return show_pem(cli, row, cert, e);
    }
    return args_flag(cli->args, "text") ? show_text(cli, row, cert, e)
                                        : show_fields(cli, row, cert, e);
}

static bool run_export(struct cli *cli, struct err *e) {
    static const enum export_format formats[] = {EXPORT_PFX, EXPORT_PEM, EXPORT_P7B, EXPORT_DER,
                                                 EXPORT_CHAIN};
    static const enum pfx_reader readers[] = {PFX_FOR_WINDOWS_2008, PFX_FOR_WINDOWS_2016,
                                              PFX_FOR_WINDOWS, PFX_FOR_JAVA, PFX_FOR_OPENSSL};
    int format = args_choice(cli->args, "format");
    int reader = args_choice(cli->args, "for");
    const char *path = args_text(cli->args, "out");
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(buf_cleanse) struct buf out = {.max = EXPORT_MAX};
    struct export_wish wish = {.format = format < 0 ? EXPORT_PEM : formats[format],
                               .reader = reader < 0 ? PFX_FOR_WINDOWS : readers[reader],
                               .has_key = args_flag(cli->args, "with-key"),
                               .password = &password};
    bool has_key = wish.format == EXPORT_PFX || wish.has_key;
    if (has_key && wish.format != EXPORT_PFX && wish.format != EXPORT_PEM) {
        (void)err_set(e, ERR_CLI_OPTION_VALUE, "a key goes only into pfx or pem");
        return err_hint(e, "use --format pfx");
    }
    if (!cli_check_out(cli, path, e) || !ops_cert_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        (has_key && !cli_password(cli, "password for the exported key: ", true, &password, e)) ||
        !ops_export(cli->ops, row, &wish, &out, e)) {
        return false;
    }
    return cli_hand_out(cli, path, &out, has_key, view_cert(row, NULL), e);
}

static bool run_delete(struct cli *cli, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    PL_AUTO(list_clear) struct list places;
    bool is_unbound = args_flag(cli->args, "unbind");
    list_init(&places, BOUND_MAX);
    if (!ops_cert_pick(cli->ops, args_at(cli->args, 0), &row, e) ||
        !ops_cert_bound_at(cli->ops, &row->id, &places, e)) {
        return false;
    }
    if (!ops_cert_delete(cli->ops, row, is_unbound, e)) {
        return err_wrap(e, "could not delete \"%.200s\"", row->friendly_name);
    }
    for (size_t i = 0; i < places.count; i++) {
        out_line(&cli->out, "unbound: %s", places.items[i]);
    }
    out_line(&cli->out, "deleted: \"%s\"; \"padlock undo\" brings it back", row->friendly_name);
    json_t *document = view_cert(row, NULL);
    if (document != NULL) {
        (void)json_object_set_new(document, "unbound", view_list(&places));
    }
    return out_json(&cli->out, document, e);
}

static json_t *view_staple(const struct cert_row *cert, const struct staple_row *row) {
    json_t *document = view_cert(cert, NULL);
    if (document != NULL && row != NULL &&
        (!json_set_time(document, "stapled_from", row->this_update_ms, NULL) ||
         !json_set_time(document, "stapled_until", row->next_update_ms, NULL))) {
        json_decref(document);
        document = NULL;
    }
    return document;
}

static bool unstaple(struct cli *cli, const struct cert_row *row, struct err *e) {
    bool was_there = false;
    if (!ops_cert_unstaple(cli->ops, row, &was_there, e)) {
        return false;
    }
    out_line(&cli->out,
             was_there ? "\"%s\" is not stapled any more; \"padlock undo\" staples it again"
                       : "\"%s\" was not stapled",
             row->friendly_name);
    return out_json(&cli->out, view_staple(row, NULL), e);
}

static bool run_staple(struct cli *cli, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    PL_AUTO(staple_row_freep) struct staple_row *staple = NULL;
    PL_AUTO(buf_clear) struct buf file = {0};
    char until[CLOCK_TEXT_LEN + 1];
    const char *path = args_text(cli->args, "file");
    bool is_removed = args_flag(cli->args, "remove");
    if ((path != NULL) == is_removed) {
        (void)err_set(e, ERR_CLI_ARGUMENT_MISSING, "either --file or --remove is needed");
        return err_hint(e, "padlock cert staple NAME --file response.der");
    }
    if (!ops_cert_pick(cli->ops, args_at(cli->args, 0), &row, e)) {
        return false;
    }
    if (is_removed) {
        return unstaple(cli, row, e);
    }
    if (!cli_read_file(path, OCSP_DER_MAX, &file, e)) {
        return false;
    }
    if (!ops_cert_staple(cli->ops, row, file.data, file.len, &staple, e)) {
        return err_wrap(e, "could not staple \"%.200s\" to \"%.200s\"", path, row->friendly_name);
    }
    clock_format(staple->next_update_ms, until);
    out_line(&cli->out, "stapled to \"%s\" until %s", row->friendly_name, until);
    return out_json(&cli->out, view_staple(row, staple), e);
}

static const struct option staple_options[] = {
    {"file", OPTION_TEXT, "FILE", "the OCSP response, in DER"},
    {"remove", OPTION_FLAG, NULL, "staple nothing any more"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option name_options[] = {
    {"name", OPTION_TEXT, "NAME", "friendly name: what lists show"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option import_options[] = {
    {"name", OPTION_TEXT, "NAME", "friendly name: what lists show"},
    {"password-file", OPTION_TEXT, "FILE", "the file's password: the first line"},
    {"exportable", OPTION_CHOICE, "yes|no",
     "whether the key may leave again, encrypted (default yes)"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option list_options[] = {
    {"host", OPTION_TEXT, "NAME", "with exactly this name"},
    {"domain", OPTION_TEXT, "NAME", "with this name or one below it"},
    {"name", OPTION_TEXT, "PREFIX", "friendly names that begin so"},
    {"expiring", OPTION_DURATION, "DURATION", "that end within this time (30d)"},
    {"key", OPTION_CHOICE, "yes|no", "with their private key here, or without"},
    {"bound", OPTION_CHOICE, "yes|no", "bound, or not"},
    {"sort", OPTION_CHOICE, "expiry|name|age", "the order (default expiry)"},
    {"reverse", OPTION_FLAG, NULL, "the other way round"},
    {"limit", OPTION_NUMBER, "N", "how many (default 100, at most 1000)"},
    {"after", OPTION_TEXT, "PLACE", "the next page: \"next\" of the page before"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option show_options[] = {
    {"pem", OPTION_FLAG, NULL, "the certificate itself"},
    {"text", OPTION_FLAG, NULL, "every field and extension"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option export_options[] = {
    {"format", OPTION_CHOICE, "pfx|pem|p7b|der|chain",
     "the form (default pem); pfx always has the key"},
    {"for", OPTION_CHOICE, "windows-2008|windows-2016|windows|java|openssl",
     "who will open the pfx (default windows)"},
    {"with-key", OPTION_FLAG, NULL, "the private key too, encrypted (pem)"},
    {"password-file", OPTION_TEXT, "FILE",
     "the key's new password: the file's first line (else asked)"},
    {"out", OPTION_TEXT, "FILE", "where it goes (default: standard output)"},
    {"force", OPTION_FLAG, NULL, "overwrite the file"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option replace_options[] = {
    {"no-wait", OPTION_FLAG, NULL, "do not wait until it is served and proven"},
    {NULL, OPTION_FLAG, NULL, NULL},
};
static const struct option delete_options[] = {
    {"unbind", OPTION_FLAG, NULL, "also take it out of every binding"},
    {NULL, OPTION_FLAG, NULL, NULL},
};

const struct command cert_commands[] = {
    {"cert install", "FILE", 1, 1, COMMAND_CHANGES,
     "complete a request with the certificate that the CA sent",
     "PEM, DER or p7b, with or without chain, in any order. The pending request is found by "
     "its public key.\n\n"
     "  padlock cert install www.p7b --name \"Shop 2026\"",
     name_options, run_install},
    {"cert list", "", 0, 0, 0, "list the installed certificates", NULL, list_options, run_list},
    {"cert show", "CERTIFICATE", 1, 1, 0,
     "show one (a friendly name, id, fingerprint or host name)", NULL, show_options, run_show},
    {"cert staple", "CERTIFICATE", 1, 1, COMMAND_CHANGES,
     "hand out an OCSP response with the certificate, while it is current",
     "Clients that ask for the issuer's word on revocation get it with the handshake. The\n"
     "response is checked first: about this certificate, signed by its issuer, current, good.\n\n"
     "  padlock cert staple \"Shop 2026\" --file response.der",
     staple_options, run_staple},
    {"cert export", "CERTIFICATE", 1, 1, 0,
     "write one to a file (with its key: cannot be "
     "undone)",
     "A key leaves only encrypted. Say who will open the pfx: old Windows needs 3DES and "
     "SHA-1, new\n"
     "readers take AES-256 and SHA-256.\n\n"
     "  padlock cert export \"Shop 2026\" --format pfx --for windows --out shop.pfx",
     export_options, run_export},
    {"cert tlsa", "CERTIFICATE|FILE", 1, 1, COMMAND_STORE_IF_ANY,
     "print the DNS records (DANE) that say it is the right one",
     "3 1 1 is the certificate's own key: clients that follow DANE take it whoever issued it. 2 1 "
     "1 is its\nissuer's key: it stays when the certificate is renewed. Sign the zone with "
     "DNSSEC, or nobody may rely\non them; publish the next key's record before it is bound.\n\n"
     "  padlock cert tlsa \"Shop 2026\" --port 25",
     cert_tlsa_options, cert_run_tlsa},
    {"cert import", "FILE", 1, 1, COMMAND_CHANGES,
     "take in a certificate that comes with its key (.pfx, "
     "PEM)",
     NULL, import_options, run_import},
    {"cert renew", "CERTIFICATE", 1, 1, COMMAND_CHANGES,
     "a new key and certificate for the same names, in the old one's place",
     "What this store's CA issued is issued anew as it was asked for then, installed, and bound "
     "wherever\nthe old one is (\"padlock undo\" binds the old one again). For what another CA "
     "issued a request is\nmade that waits for its answer.\n\n  padlock cert renew \"Shop 2026\"",
     cert_renew_options, cert_run_renew},
    {"cert replace", "OLD NEW", 2, 2, COMMAND_CHANGES,
     "bind another certificate wherever one is bound",
     "All bindings at once, or none; what the new certificate does not suit is told. Servers take "
     "it up\n"
     "without a restart; what no connection shows within seconds is taken back.\n\n"
     "  padlock cert replace \"Shop 2026\" \"Shop 2027\"",
     replace_options, run_replace},
    {"cert delete", "CERTIFICATE", 1, 1, COMMAND_CHANGES, "delete one; refused while it is bound",
     NULL, delete_options, run_delete},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
