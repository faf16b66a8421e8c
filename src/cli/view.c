/* Rows as JSON documents and short texts. */
#include "cli/view.h"

#include "base/clock.h"
#include "base/hex.h"
#include "ca/reason.h"
#include "codec/json.h"
#include "ops/bindings.h"

#include <stdio.h>

static bool set_id(json_t *object, const char *name, const struct id *id) {
    char text[ID_TEXT_LEN + 1];
    id_format(id, text);
    return id_is_zero(id) || json_set_text(object, name, text, NULL);
}

static bool set_head(json_t *object, const struct id *id, int64_t created_ms) {
    char text[ID_SHORT_LEN + 1];
    id_format_short(id, text);
    return set_id(object, "id", id) && json_set_text(object, "short_id", text, NULL) &&
           json_set_time(object, "created", created_ms, NULL);
}

/* The object when all members could be set, else NULL. */
static json_t *finish(json_t *object, bool is_whole) {
    if (!is_whole) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *view_texts(const struct texts *texts) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < texts->count; i++) {
        json_t *holder = json_object();
        ok = holder != NULL && json_set_text(holder, "t", texts->items[i], NULL) &&
             json_array_append(array, json_object_get(holder, "t")) == 0;
        json_decref(holder);
    }
    return finish(array, ok);
}

json_t *view_list(const struct list *list) {
    const struct texts texts = {list->items, list->count};
    return view_texts(&texts);
}

json_t *view_request(const struct request_row *row) {
    json_t *o = json_object();
    return finish(o, o != NULL && set_head(o, &row->id, row->created_ms) &&
                         json_set_text(o, "state", request_state_text(row->state), NULL) &&
                         json_set_text(o, "friendly_name", row->friendly_name, NULL) &&
                         json_set_text(o, "subject", row->subject, NULL) &&
                         json_set_taken(o, "names", view_texts(&row->names), NULL) &&
                         json_set_text(o, "key", row->key_spec, NULL) &&
                         json_set_hex(o, "spki_sha256", row->spki_sha256, 32, NULL) &&
                         set_id(o, "certificate_id", &row->cert_id));
}

json_t *view_submission(const struct submission_row *row) {
    json_t *o = json_object();
    return finish(
        o, o != NULL && set_head(o, &row->id, row->created_ms) &&
               json_set_text(o, "state", submission_state_text(row->state), NULL) &&
               json_set_text(o, "profile", row->profile, NULL) &&
               json_set_bool(o, "is_client_auth", row->is_client_auth, NULL) &&
               json_set_text(o, "subject", row->subject, NULL) &&
               json_set_taken(o, "names", view_texts(&row->names), NULL) &&
               json_set_text(o, "key", row->key_spec, NULL) &&
               json_set_text(o, "requester", row->requester, NULL) &&
               json_set_hex(o, "spki_sha256", row->spki_sha256, 32, NULL) &&
               json_set_taken(o, "notices", view_texts(&row->notices), NULL) &&
               json_set_text(o, "reason", row->reason, NULL) &&
               json_set_text(o, "decided_by", row->decided_by, NULL) &&
               (row->decided_ms == 0 || json_set_time(o, "decided", row->decided_ms, NULL)) &&
               set_id(o, "issued_id", &row->issued_id));
}

static bool set_revocation(json_t *o, const struct issued_row *row) {
    const struct ca_reason *reason = ca_reason_get(row->revocation_reason);
    return json_set_time(o, "revoked", row->revoked_ms, NULL) &&
           json_set_text(o, "reason", reason == NULL ? "unspecified" : reason->name, NULL);
}

json_t *view_issued(const struct issued_row *row) {
    json_t *o = json_object();
    return finish(o, o != NULL && set_head(o, &row->id, row->created_ms) &&
                         json_set_text(o, "state", issued_state_text(row->state), NULL) &&
                         json_set_hex(o, "serial", row->serial.data, row->serial.len, NULL) &&
                         json_set_text(o, "profile", row->profile, NULL) &&
                         json_set_text(o, "subject", row->subject, NULL) &&
                         json_set_taken(o, "names", view_texts(&row->names), NULL) &&
                         json_set_text(o, "key", row->key_spec, NULL) &&
                         json_set_time(o, "not_before", row->not_before_ms, NULL) &&
                         json_set_time(o, "not_after", row->not_after_ms, NULL) &&
                         set_id(o, "issuer_id", &row->issuer_id) &&
                         set_id(o, "submission_id", &row->submission_id) &&
                         (row->state != ISSUED_REVOKED || set_revocation(o, row)));
}

json_t *view_issuer(const struct issuer_row *row) {
    json_t *o = json_object();
    return finish(o, o != NULL && set_head(o, &row->id, row->created_ms) &&
                         json_set_text(o, "kind", issuer_kind_text(row->kind), NULL) &&
                         json_set_text(o, "name", row->name, NULL) &&
                         json_set_text(o, "subject", row->subject, NULL) &&
                         json_set_text(o, "key_hash", row->key_hash, NULL) &&
                         json_set_text(o, "base_url", row->base_url, NULL) &&
                         json_set_bool(o, "is_active", row->is_active, NULL) &&
                         json_set_time(o, "not_before", row->not_before_ms, NULL) &&
                         json_set_time(o, "not_after", row->not_after_ms, NULL));
}

json_t *view_cert(const struct cert_row *row, const struct list *bound_at) {
    json_t *o = json_object();
    return finish(
        o, o != NULL && set_head(o, &row->id, row->created_ms) &&
               json_set_text(o, "friendly_name", row->friendly_name, NULL) &&
               json_set_text(o, "subject", row->subject, NULL) &&
               json_set_text(o, "issuer", row->issuer, NULL) &&
               json_set_taken(o, "names", view_texts(&row->names), NULL) &&
               json_set_text(o, "serial", row->serial, NULL) &&
               json_set_time(o, "not_before", row->not_before_ms, NULL) &&
               json_set_time(o, "not_after", row->not_after_ms, NULL) &&
               json_set_text(o, "key", row->key_spec, NULL) &&
               json_set_bool(o, "has_private_key", !id_is_zero(&row->key_id), NULL) &&
               json_set_hex(o, "sha256", row->sha256, 32, NULL) &&
               json_set_hex(o, "spki_sha256", row->spki_sha256, 32, NULL) &&
               (bound_at == NULL || json_set_taken(o, "bound_at", view_list(bound_at), NULL)));
}

json_t *view_site(const struct site_row *row) {
    json_t *o = json_object();
    return finish(o, o != NULL && set_head(o, &row->id, row->created_ms) &&
                         json_set_text(o, "name", row->name, NULL) &&
                         json_set_text(o, "kind", site_kind_text(row->kind), NULL) &&
                         json_set_text(o, "root", row->root_path, NULL) &&
                         json_set_taken(o, "index", view_texts(&row->index_names), NULL));
}

/* The subjects of the clients' CAs; "own" for the store's own CA. */
static bool set_client_ca(json_t *object, const struct binding_row *row) {
    PL_AUTO(list_clear) struct list names = {.max = CERT_LIST_MAX};
    if (row->client_auth == CLIENT_AUTH_NONE) {
        return true;
    }
    return row->client_ca.len == 0
               ? json_set_text(object, "client_ca", "own", NULL)
               : ops_bind_client_ca_names(row, &names, NULL) &&
                     json_set_taken(object, "client_ca", view_list(&names), NULL);
}

json_t *view_binding(const struct binding_row *row, const char *site_name) {
    json_t *o = json_object();
    return finish(
        o, o != NULL && set_head(o, &row->id, row->created_ms) &&
               json_set_text(o, "site", site_name, NULL) &&
               json_set_text(o, "scheme", row->scheme, NULL) &&
               json_set_text(o, "address", row->address, NULL) &&
               json_set_integer(o, "port", row->port, NULL) &&
               json_set_text(o, "host", row->host, NULL) &&
               json_set_bool(o, "is_strict", row->is_strict, NULL) &&
               json_set_bool(o, "is_proxied", row->is_proxied, NULL) &&
               json_set_text(o, "tls_policy", row->tls_policy, NULL) &&
               json_set_text(o, "client_auth", client_auth_text(row->client_auth), NULL) &&
               set_client_ca(o, row) && json_set_taken(o, "parts", view_texts(&row->parts), NULL) &&
               set_id(o, "rsa_certificate_id", &row->rsa_cert_id) &&
               set_id(o, "ec_certificate_id", &row->ec_cert_id) &&
               set_id(o, "ed25519_certificate_id", &row->ed25519_cert_id));
}

json_t *view_audit(const struct audit_row *row) {
    json_t *o = json_object();
    return finish(o, o != NULL && json_set_integer(o, "number", row->number, NULL) &&
                         json_set_time(o, "time", row->time_ms, NULL) &&
                         json_set_text(o, "actor", row->actor, NULL) &&
                         json_set_text(o, "action", row->action, NULL) &&
                         json_set_text(o, "object", row->object_kind, NULL) &&
                         set_id(o, "object_id", &row->object_id) &&
                         json_set_text(o, "details", row->details, NULL) &&
                         json_set_hex(o, "hash", row->hash, 32, NULL));
}

void view_names(const struct texts *names, char out[300]) {
    if (names->count == 0) {
        out[0] = '\0';
    } else if (names->count == 1) {
        (void)snprintf(out, 300, "%.255s", names->items[0]);
    } else {
        (void)snprintf(out, 300, "%.255s +%zu", names->items[0], names->count - 1);
    }
}

void view_days_left(int64_t not_after_ms, char out[16]) {
    int64_t left_ms = not_after_ms - clock_now_ms();
    if (left_ms < 0) {
        (void)snprintf(out, 16, "expired");
    } else {
        (void)snprintf(out, 16, "%lld d", (long long)(left_ms / CLOCK_DAY_MS));
    }
}
