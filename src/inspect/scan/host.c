/* A listener under a scan. */
#include "inspect/scan/host.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

static const uint16_t versions[SCAN_VERSIONS] = {WIRE_SSL30, WIRE_TLS10, WIRE_TLS11, WIRE_TLS12,
                                                 WIRE_TLS13};

bool scan_host_new(const struct scan_target *target, const char *const *names, size_t name_count,
                   const struct starttls_protocol *starttls, bool is_quick,
                   struct scan_host **out_host, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct scan_host), &memory, e)) {
        return false;
    }
    struct scan_host *h = memory;
    h->target = *target;
    h->starttls = starttls;
    h->is_quick = is_quick;
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        h->versions[i].version = versions[i];
    }
    if (target->name[0] != '\0') {
        (void)str_copy(h->names[h->name_count++], ASK_NAME_MAX, target->name);
        name_count = 0;
    }
    for (size_t i = 0; i < name_count && h->name_count < SCAN_NAMES_MAX; i++) {
        (void)str_copy(h->names[h->name_count++], ASK_NAME_MAX, names[i]);
    }
    if (h->name_count == 0 && !target->is_address) {
        (void)str_copy(h->names[h->name_count++], ASK_NAME_MAX, target->host);
    }
    list_init(&h->caa, SCAN_CAA_RECORDS_MAX);
    buf_init(&h->authorities, ANSWER_BYTES_MAX);
    buf_init(&h->head, SCAN_HEAD_MAX);
    *out_host = h;
    return true;
}

void scan_host_free(struct scan_host *h) {
    if (h == NULL) {
        return;
    }
    for (size_t i = 0; i < h->chain_count; i++) {
        cert_list_clear(&h->chains[i].certs);
        buf_clear(&h->chains[i].ocsp);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(h->sessions); i++) {
        if (h->sessions[i] != NULL) {
            secret_cleanse(h->sessions[i], sizeof(*h->sessions[i]));
            mem_free(h->sessions[i]);
        }
    }
    list_clear(&h->caa);
    buf_clear(&h->authorities);
    buf_clear(&h->head);
    mem_free(h);
}

struct scan_version *scan_host_version(struct scan_host *h, uint16_t version) {
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        if (h->versions[i].version == version) {
            return &h->versions[i];
        }
    }
    return NULL;
}

void scan_host_set_state(struct scan_host *h, enum scan_state state) {
    h->state = state;
}

bool scan_host_speaks(const struct scan_host *h, uint16_t version) {
    for (size_t i = 0; i < SCAN_VERSIONS; i++) {
        if (h->versions[i].version == version) {
            return h->versions[i].is_spoken == FACT_YES;
        }
    }
    return false;
}

uint16_t scan_host_newest_12(const struct scan_host *h) {
    for (size_t i = SCAN_VERSIONS - 1; i-- > 0;) {
        if (h->versions[i].is_spoken == FACT_YES) {
            return h->versions[i].version;
        }
    }
    return 0;
}

bool scan_numbers_has(const struct scan_numbers *list, uint16_t value) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == value) {
            return true;
        }
    }
    return false;
}

bool scan_numbers_add(struct scan_numbers *list, uint16_t value) {
    if (list->count == SCAN_FOUND_MAX || scan_numbers_has(list, value)) {
        return false;
    }
    list->items[list->count++] = value;
    return true;
}
