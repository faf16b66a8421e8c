/* Trusted roots, issuers and revocation lists for a verification, from files and the store. */
#include "ops/verify_material.h"

#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "sys/file.h"

#include <stdio.h>

enum { FILE_MAX = 16 * 1024 * 1024, LOCAL_MAX = 1000 };

#define SYSTEM_TRUST_FILE "/etc/ssl/certs/ca-certificates.crt"
#define LOCAL_TRUST_FOLDER "/usr/local/share/ca-certificates"

void verify_material_clear(struct verify_material *material) {
    cert_list_clear(&material->system);
    cert_list_clear(&material->own);
    cert_list_clear(&material->file);
    cert_list_clear(&material->anchors);
    cert_list_clear(&material->known);
    cert_list_clear(&material->issuers);
    for (size_t i = 0; i < material->crl_file_count; i++) {
        detected_clear(&material->crl_files[i]);
    }
    material->crl_file_count = 0;
    for (size_t i = 0; i < material->own_list_count; i++) {
        crl_free(material->own_lists[i]);
    }
    material->own_list_count = 0;
    while (material->fetched_list_count > 0) {
        crl_free(material->fetched_lists[--material->fetched_list_count]);
    }
    buf_clear(&material->fetched_ocsp);
}

static bool read_file(const char *path, int64_t at_ms, struct detected *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf file = {.max = FILE_MAX};
    return file_read(path, &file, e) && detect(file.data, file.len, at_ms, out, e);
}

bool verify_read_certificates(const char *path, int64_t at_ms, struct cert_list *out,
                              struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!read_file(path, at_ms, &detected, e)) {
        return false;
    }
    if (detected.certs.count == 0) {
        return err_set(e, ERR_OPS_VERIFY_TARGET, "\"%.200s\" holds no certificate: it is %.200s",
                       path, detected.description);
    }
    return cert_list_append(out, &detected.certs, e);
}

/* --- whom to trust --- */

static bool gather_system(const struct verify_wish *wish, struct verify_material *m,
                          struct err *e) {
    bool is_wanted = wish->roots != VERIFY_ROOTS_OWN && file_exists(SYSTEM_TRUST_FILE);
    return !is_wanted || verify_read_certificates(SYSTEM_TRUST_FILE, wish->at_ms, &m->system, e);
}

static bool gather_own(struct ops *ops, const struct verify_wish *wish, struct verify_material *m,
                       struct err *e) {
    return ops == NULL || wish->roots == VERIFY_ROOTS_SYSTEM || ops_ca_roots(ops, &m->own, e);
}

static void add_store(struct verify_material *m, const char *name, const struct cert_list *roots) {
    if (roots->count > 0) {
        m->stores[m->store_count++] = (struct panel_store){.name = name, .roots = roots};
    }
}

static bool gather_roots(struct ops *ops, const struct verify_wish *wish, struct verify_material *m,
                         struct err *e) {
    if (wish->trust_file != NULL) {
        (void)snprintf(m->trust, sizeof(m->trust), "%.300s", wish->trust_file);
        return verify_read_certificates(wish->trust_file, wish->at_ms, &m->file, e);
    }
    if (!gather_system(wish, m, e) || !gather_own(ops, wish, m, e)) {
        return false;
    }
    (void)snprintf(m->trust, sizeof(m->trust), "%s%s%s",
                   m->system.count > 0 ? "the system's roots" : "",
                   m->system.count > 0 && m->own.count > 0 ? " and " : "",
                   m->own.count > 0      ? "this store's own root"
                   : m->system.count > 0 ? ""
                                         : "nothing");
    return true;
}

static bool gather_anchors(struct ops *ops, const struct verify_wish *wish,
                           struct verify_material *m, struct err *e) {
    if (!gather_roots(ops, wish, m, e) || !cert_list_append(&m->anchors, &m->file, e) ||
        !cert_list_append(&m->anchors, &m->system, e) ||
        !cert_list_append(&m->anchors, &m->own, e)) {
        return false;
    }
    (void)snprintf(m->file_name, sizeof(m->file_name), "those in %.280s",
                   wish->trust_file == NULL ? "" : wish->trust_file);
    add_store(m, "this store's own roots", &m->own);
    add_store(m, "the system's roots", &m->system);
    add_store(m, m->file_name, &m->file);
    return true;
}

/* --- what else is at hand --- */

static bool take_lists(struct verify_material *m, const char *path, struct err *e) {
    const struct detected *file = &m->crl_files[m->crl_file_count - 1];
    size_t before = m->crl_count;
    for (size_t i = 0; i < file->count && m->crl_count < VERIFY_FILES_MAX; i++) {
        if (file->items[i].crl != NULL) {
            m->crls[m->crl_count++] = file->items[i].crl;
        }
    }
    return m->crl_count > before ||
           err_set(e, ERR_OPS_VERIFY_NO_LIST, "\"%.200s\" holds no revocation list: it is %.200s",
                   path, file->description);
}

static bool gather_lists(const struct verify_wish *wish, struct verify_material *m, struct err *e) {
    for (size_t i = 0; wish->crl_files != NULL && i < wish->crl_files->count; i++) {
        const char *path = wish->crl_files->items[i];
        if (m->crl_file_count >= VERIFY_FILES_MAX) {
            return err_set(e, ERR_BASE_LIMIT, "more than %d revocation lists", VERIFY_FILES_MAX);
        }
        if (!read_file(path, wish->at_ms, &m->crl_files[m->crl_file_count], e)) {
            return false;
        }
        m->crl_file_count++;
        if (!take_lists(m, path, e)) {
            return false;
        }
    }
    return true;
}

/* The own CA's lists need no network. */
static bool gather_own_lists(struct ops *ops, struct verify_material *m, struct err *e) {
    const struct page page = {.limit = VERIFY_OWN_LISTS_MAX};
    PL_AUTO(crl_rows_clear) struct crl_rows rows = {0};
    if (!store_crl_list(ops->store, &page, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count && m->crl_count < VERIFY_FILES_MAX; i++) {
        const struct bytes *der = &rows.items[i]->der;
        if (!crl_from_der(der->data, der->len, &m->own_lists[m->own_list_count], e)) {
            return false;
        }
        m->crls[m->crl_count++] = m->own_lists[m->own_list_count++];
    }
    return true;
}

bool verify_gather_material(struct ops *ops, const struct verify_wish *wish,
                            struct verify_material *out, struct err *e) {
    for (size_t i = 0; wish->issuer_files != NULL && i < wish->issuer_files->count; i++) {
        if (!verify_read_certificates(wish->issuer_files->items[i], wish->at_ms, &out->issuers,
                                      e)) {
            return false;
        }
    }
    return gather_anchors(ops, wish, out, e) &&
           (ops == NULL ||
            (ops_ca_certificates(ops, &out->known, e) && gather_own_lists(ops, out, e))) &&
           gather_lists(wish, out, e);
}

/* --- public or not --- */

static bool is_local_root(const struct cert *root, bool *out_is_local, struct err *e) {
    PL_AUTO(list_clear) struct list names;
    list_init(&names, LOCAL_MAX);
    *out_is_local = false;
    if (!file_list(LOCAL_TRUST_FOLDER, ".crt", &names, e)) {
        return false;
    }
    for (size_t i = 0; i < names.count && !*out_is_local; i++) {
        PL_AUTO(cert_list_clear) struct cert_list local = {0};
        PL_AUTO(mem_freep) char *path = NULL;
        struct err problem = {0};
        if (!file_join(LOCAL_TRUST_FOLDER, names.items[i], &path, e)) {
            return false;
        }
        /* what cannot be read is in nobody's store */
        *out_is_local =
            verify_read_certificates(path, 0, &local, &problem) && cert_list_has(&local, root);
    }
    return true;
}

bool verify_is_public_root(const struct verify_material *material, const struct cert *root,
                           bool *out_is_public, struct err *e) {
    bool is_local = false;
    *out_is_public = false;
    if (!cert_list_has(&material->system, root) || cert_list_has(&material->own, root)) {
        return true;
    }
    if (!is_local_root(root, &is_local, e)) {
        return false;
    }
    *out_is_public = !is_local;
    return true;
}
