/*
 * Making a data directory. The order is: folder, sealing key, store, CA; whatever fails takes back
 * what came before, so that the next try starts from nothing.
 */
#include "ops/init.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ca/lifetime.h"
#include "ca/profile.h"
#include "ca/serial.h"
#include "ca/tbs.h"
#include "ops/context.h"
#include "ops/crl.h"
#include "ops/issuer.h"
#include "ops/sites.h"
#include "pki/lint.h"
#include "sys/file.h"
#include "sys/user.h"

#include <openssl/obj_mac.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CA_NAME_MAX = 48, NODE_NAME_MAX = 64, CRL_SHARD_COUNT = 1 };

/* One CA certificate to be made. */
struct authority_plan {
    enum issuer_kind kind;
    const char *suffix;
    const char *key_spec;
    struct key_limits limits;
    int64_t lifetime_ms;
};

static const struct authority_plan root_plan = {
    .kind = ISSUER_ROOT,
    .suffix = "Root CA",
    .key_spec = "ec:p384",
    .limits = {.may_sign_ca = true,
               .path_length_max = CA_ROOT_PATH_LENGTH,
               .lifetime_max_ms = CA_ROOT_LIFETIME_MS,
               .may_sign_crl = true},
    .lifetime_ms = CA_ROOT_LIFETIME_MS,
};

static const struct authority_plan issuing_plan = {
    .kind = ISSUER_ISSUING,
    .suffix = "Issuing CA",
    .key_spec = "ec:p256",
    .limits = {.lifetime_max_ms = CA_INTERNAL_DAYS_MAX * CLOCK_DAY_MS, .may_sign_crl = true},
    .lifetime_ms = CA_ISSUING_LIFETIME_MS,
};

static uint8_t node_prefix(struct ops *ops) {
    const struct id *node = store_node_id(ops->store);
    return (uint8_t)(node->bytes[ID_LEN - 1] % CA_NODE_PREFIX_MAX + 1);
}

static bool authority_tbs(struct ops *ops, const struct authority_plan *plan, const char *name,
                          const struct buf *spki, const struct issuer *root, struct buf *out_tbs,
                          struct err *e) {
    PL_AUTO(dn_clear) struct dn subject = {0};
    struct ca_serial serial;
    struct ca_authority authority = {
        .subject = &subject, .spki = spki->data, .spki_len = spki->len, .is_client_auth = true};
    const struct ca_issuer *issuer = plan->kind == ISSUER_ROOT ? NULL : &root->ca;
    if (!dn_add(&subject, NID_commonName, name, e) ||
        !ca_serial_new(node_prefix(ops), &serial, e) ||
        !ca_lifetime_authority(plan->lifetime_ms, issuer, clock_now_ms(), &authority.validity, e)) {
        return false;
    }
    return plan->kind == ISSUER_ROOT ? ca_root_tbs(&authority, &serial, out_tbs, e)
                                     : ca_issuing_tbs(&authority, &root->ca, &serial, out_tbs, e);
}

static bool lint_authority(const struct buf *tbs, enum issuer_kind kind, const struct cert *issuer,
                           struct err *e) {
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    enum lint_target target = kind == ISSUER_ROOT ? LINT_ROOT : LINT_ISSUING;
    return lint_tbs(tbs->data, tbs->len, target, issuer, &findings, e) &&
           lint_require(&findings, e);
}

/* The key, the certificate, and their rows; inside the open operation. root: zeroed for the root
 * itself. */
static bool make_authority(struct ops *ops, const struct authority_plan *plan,
                           const struct init_wish *wish, const struct issuer *root,
                           struct id *out_id, struct err *e) {
    struct keys *keys = NULL;
    struct key_wish key_wish = {.purpose = KEY_PURPOSE_CA, .limits = plan->limits};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key root_key = {0};
    PL_AUTO(buf_clear) struct buf spki = {.max = KEY_DER_MAX};
    PL_AUTO(buf_clear) struct buf tbs = {.max = CA_TBS_MAX};
    PL_AUTO(buf_clear) struct buf der = {.max = CERT_DER_MAX};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    char name[CA_NAME_MAX + 16];
    (void)snprintf(name, sizeof(name), "%.*s %s", CA_NAME_MAX, wish->ca_name, plan->suffix);
    bool is_root = plan->kind == ISSUER_ROOT;
    if (!key_spec_parse(plan->key_spec, &key_wish.spec, e) || !ops_keys(ops, &keys, e) ||
        !keys_make(keys, &key_wish, &key, e) || !keys_public(keys, &key, &spki, e) ||
        !authority_tbs(ops, plan, name, &spki, root, &tbs, e) ||
        !lint_authority(&tbs, plan->kind, is_root ? NULL : root->certificate, e) ||
        (!is_root && !ops_key_load(ops, &root->row->key_id, &root_key, e)) ||
        !keys_sign_certificate(keys, is_root ? &key : &root_key, tbs.data, tbs.len, &der, e) ||
        !cert_from_der(der.data, der.len, &cert, e)) {
        return false;
    }
    char key_hash[CA_KEY_HASH_TEXT + 1];
    ca_key_hash_format(key.spki_sha256, key_hash);
    struct issuer_row row = {
        .kind = plan->kind,
        .name = name,
        .key_id = key.id,
        .parent_id = is_root ? ID_NONE : root->row->id,
        .certificate = {der.data, der.len},
        .subject = cert->subject_text,
        .key_hash = key_hash,
        .base_url = wish->base_url,
        .not_before_ms = cert->not_before_ms,
        .not_after_ms = cert->not_after_ms,
        .crl_shard_count = CRL_SHARD_COUNT,
        .leaf_lifetime_max_ms = plan->limits.lifetime_max_ms,
        .backdate_ms = CA_BACKDATE_MS,
        .is_active = !is_root,
    };
    memcpy(row.spki_sha256, key.spki_sha256, sizeof(row.spki_sha256));
    if (!ops_key_insert(ops, &key, e) || !store_issuer_insert(ops->store, &row, e)) {
        return false;
    }
    *out_id = row.id;
    return ops_audit(ops, "ca.create", "issuer", &row.id, name, e);
}

/* So that what the certificates name is there from the first day. */
static bool make_lists(struct ops *ops, const struct id *root_id, const struct id *issuing_id,
                       struct err *e) {
    int64_t now_ms = clock_now_ms();
    return ops_crl_make(ops, root_id, 0, now_ms, e) && ops_crl_make(ops, issuing_id, 0, now_ms, e);
}

static bool make_ca(struct ops *ops, const struct init_wish *wish, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(issuer_clear) struct issuer root = {0};
    struct id root_id;
    struct id issuing_id;
    return ops_begin(ops, &op, "init", false, e) &&
           make_authority(ops, &root_plan, wish, &root, &root_id, e) &&
           ops_issuer_get(ops, &root_id, &root, e) &&
           make_authority(ops, &issuing_plan, wish, &root, &issuing_id, e) &&
           make_lists(ops, &root_id, &issuing_id, e) && ops_end(ops, &op, e);
}

/* What was made so far, so that it can be taken back. */
struct made {
    const char *data_dir;
    bool has_folder;
    bool has_sealing_key;
    bool has_store;
};

static void remove_in(const char *folder, const char *name) {
    PL_AUTO(mem_freep) char *path = NULL;
    if (file_join(folder, name, &path, NULL)) {
        (void)unlink(path);
    }
}

static void take_back(const struct made *made) {
    static const char *const store_names[] = {STORE_FILE_NAME, STORE_FILE_NAME "-wal",
                                              STORE_FILE_NAME "-shm", STORE_CHANGED_NAME};
    for (size_t i = 0; made->has_store && i < PL_ARRAY_LEN(store_names); i++) {
        remove_in(made->data_dir, store_names[i]);
    }
    if (made->has_sealing_key) {
        remove_in(made->data_dir, OPS_SEALING_KEY_NAME);
    }
    if (made->has_folder) {
        (void)rmdir(made->data_dir);
    }
}

/* Who owns what: the store is control's. The sealing key stays whose it is (root's), for keys reads
 * it before it becomes its user. */
static bool give_to(const char *path, const struct user *user, struct err *e) {
    if (geteuid() != 0 || user->uid == 0 || chown(path, user->uid, user->gid) == 0) {
        return true;
    }
    return err_set_errno(e, ERR_SYS_FILE_WRITE, errno, "cannot give \"%.300s\" to \"%s\"", path,
                         user->name);
}

static bool give_one(const char *data_dir, const char *name, const struct user *user,
                     struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    return file_join(data_dir, name, &path, e) && (!file_exists(path) || give_to(path, user, e));
}

static bool give_all(const char *data_dir, struct err *e) {
    static const char *const names[] = {STORE_FILE_NAME, STORE_FILE_NAME "-wal",
                                        STORE_FILE_NAME "-shm", STORE_CHANGED_NAME};
    struct user store;
    if (!user_for(USER_STORE, &store, e)) {
        return false;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (!give_one(data_dir, names[i], &store, e)) {
            return false;
        }
    }
    return give_to(data_dir, &store, e);
}

static bool make_all(struct made *made, const struct init_wish *wish, struct err *e) {
    PL_AUTO(mem_freep) char *sealing_path = NULL;
    PL_AUTO(ops_closep) struct ops *ops = NULL;
    char node_name[NODE_NAME_MAX] = "localhost";
    (void)gethostname(node_name, sizeof(node_name) - 1);
    bool was_there = file_exists(made->data_dir);
    if (!file_join(made->data_dir, OPS_SEALING_KEY_NAME, &sealing_path, e) ||
        !file_make_folder(made->data_dir, 0700, e)) {
        return false;
    }
    made->has_folder = !was_there;
    if (!keys_create_sealing_key(sealing_path, e)) {
        return false;
    }
    made->has_sealing_key = true;
    const struct store_new store_new = {
        .file_mode = 0600, .file_group = (gid_t)-1, .node_name = node_name};
    struct store *store = NULL;
    if (!store_create(made->data_dir, &store_new, &store, e)) {
        return false;
    }
    made->has_store = true;
    store_close(store);
    struct init_wish named = *wish;
    char default_name[CA_NAME_MAX + 1];
    (void)snprintf(default_name, sizeof(default_name), "Padlock on %.36s", node_name);
    named.ca_name = wish->ca_name == NULL ? default_name : wish->ca_name;
    bool ok = ops_open(made->data_dir, &ops, e) && ops_site_add_services(ops, e) &&
              (wish->has_no_ca || make_ca(ops, &named, e));
    return ok && give_all(made->data_dir, e);
}

static bool refuse_existing(const char *data_dir, struct err *e) {
    PL_AUTO(mem_freep) char *sealing_path = NULL;
    if (!file_join(data_dir, OPS_SEALING_KEY_NAME, &sealing_path, e)) {
        return false;
    }
    if (!store_exists(data_dir)) {
        if (!file_exists(sealing_path)) {
            return true;
        }
        (void)err_set(e, ERR_STORE_EXISTS, "\"%.300s\" holds a sealing key, but no store",
                      data_dir);
        return err_hint(e,
                        "an init that was cut off leaves it so: then remove the folder; else the "
                        "store belongs back into it");
    }
    (void)err_set(e, ERR_STORE_EXISTS,
                  "\"%.300s\" holds a store already, and nothing is overwritten", data_dir);
    return err_hint(e, "use it as it is, or name another place with --data DIR");
}

static bool check_wish(const char *data_dir, const struct init_wish *wish, char **out_base_url,
                       struct err *e) {
    if (!refuse_existing(data_dir, e) ||
        (wish->base_url != NULL && !ca_base_url_check(wish->base_url, out_base_url, e))) {
        return false;
    }
    bool is_named =
        wish->ca_name == NULL || (wish->ca_name[0] != '\0' && strlen(wish->ca_name) <= CA_NAME_MAX);
    return is_named || err_set(e, ERR_OPS_CA_NAME, "a CA's name has 1 to %d bytes", CA_NAME_MAX);
}

bool ops_init_check(const char *data_dir, const struct init_wish *wish, struct err *e) {
    PL_AUTO(mem_freep) char *base_url = NULL;
    return check_wish(data_dir, wish, &base_url, e);
}

bool ops_init(const char *data_dir, const struct init_wish *wish, struct err *e) {
    PL_AUTO(mem_freep) char *base_url = NULL;
    if (!check_wish(data_dir, wish, &base_url, e)) {
        return false;
    }
    struct init_wish checked = *wish;
    checked.base_url = base_url == NULL ? "" : base_url;
    struct made made = {.data_dir = data_dir};
    if (!make_all(&made, &checked, e)) {
        take_back(&made);
        return false;
    }
    return true;
}
