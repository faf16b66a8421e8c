/* What is to be traced: from words, and as a message. */
#include "inspect/trace/wish.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/ip.h"
#include "inspect/observe/exchange.h"
#include "inspect/observe/starttls.h"
#include "inspect/observe/suite.h"
#include "inspect/wire/numbers.h"
#include "tls/registry.h"

#include <string.h>

enum { TIMEOUT_MS = 10000, HTTPS_PORT = 443 };

void trace_wish_init(struct trace_wish *wish) {
    *wish = (struct trace_wish){.port = HTTPS_PORT,
                                .version_min = WIRE_TLS10,
                                .version_max = WIRE_TLS13,
                                .has_system_trust = true,
                                .timeout_ms = TIMEOUT_MS};
    (void)str_copy(wish->protocols, sizeof(wish->protocols), "http/1.1");
    buf_init(&wish->certificate, TRACE_PEM_MAX);
    buf_init(&wish->key, TRACE_PEM_MAX);
    buf_init(&wish->trust, TRACE_TRUST_MAX);
}

void trace_wish_clear(struct trace_wish *wish) {
    buf_clear(&wish->certificate);
    buf_cleanse(&wish->key);
    buf_clear(&wish->trust);
}

/* --- from words ----------------------------------------------------------------------------------
 */

bool trace_wish_target(struct trace_wish *wish, const char *text, struct err *e) {
    const char *start = text;
    const char *colon = strrchr(text, ':');
    const char *bracket = strchr(text, ']');
    struct ip ip;
    uint64_t port = wish->port;
    bool is_bare_ip6 = text[0] != '[' && ip_parse(text, &ip);
    bool has_port = !is_bare_ip6 && colon != NULL && (bracket == NULL || colon == bracket + 1);
    size_t len = has_port ? (size_t)(colon - text) : strlen(text);
    if (text[0] == '[' && len >= 2 && text[len - 1] == ']') {
        start++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof(wish->connect_host) || strlen(text) >= sizeof(wish->target) ||
        (has_port && (!str_to_u64(colon + 1, UINT16_MAX, &port) || port == 0))) {
        (void)err_set(e, ERR_INSPECT_TARGET, "\"%.200s\" is not HOST[:PORT]", text);
        return err_hint(e, "write www.example.com, www.example.com:8443 or [::1]:8443");
    }
    memcpy(wish->connect_host, start, len);
    wish->connect_host[len] = '\0';
    wish->port = (uint16_t)port;
    (void)str_copy(wish->target, sizeof(wish->target), text);
    return str_copy(wish->host, sizeof(wish->host), wish->connect_host);
}

bool trace_wish_starttls(struct trace_wish *wish, const char *name, struct err *e) {
    const struct starttls_protocol *protocol = starttls_find(name);
    if (protocol == NULL) {
        return err_set(e, ERR_INSPECT_OPTION, "there is no protocol \"%.60s\" to begin TLS in",
                       name);
    }
    wish->port = protocol->port;
    return str_copy(wish->starttls, sizeof(wish->starttls), protocol->name);
}

static bool read_version(const char *text, size_t len, uint16_t *out) {
    static const struct {
        const char *word;
        uint16_t version;
    } words[] = {{"1.3", WIRE_TLS13},
                 {"1.2", WIRE_TLS12},
                 {"1.1", WIRE_TLS11},
                 {"1.0", WIRE_TLS10},
                 {"ssl3", WIRE_SSL30}};
    for (size_t i = 0; i < PL_ARRAY_LEN(words); i++) {
        if (strlen(words[i].word) == len && strncmp(words[i].word, text, len) == 0) {
            *out = words[i].version;
            return true;
        }
    }
    return false;
}

bool trace_wish_versions(struct trace_wish *wish, const char *text, struct err *e) {
    size_t len = strcspn(text, "-");
    uint16_t low = 0;
    uint16_t high = 0;
    bool ok = read_version(text, len, &low);
    high = low;
    ok = ok && (text[len] == '\0' || read_version(text + len + 1, strlen(text + len + 1), &high)) &&
         low <= high;
    if (!ok) {
        return err_set(e, ERR_INSPECT_OPTION,
                       "\"%.60s\" is no version: write 1.3, 1.2, 1.1, 1.0 or ssl3, or a range as "
                       "1.0-1.2",
                       text);
    }
    wish->version_min = low;
    wish->version_max = high;
    return true;
}

static bool can_offer(enum tls_kind kind, uint16_t code) {
    return kind == TLS_KIND_SUITE ? observe_suite_find(code) != NULL : exchange_can(code);
}

static bool read_names(enum tls_kind kind, const char *what, const char *text,
                       struct trace_numbers *out, struct err *e) {
    out->count = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        const struct tls_entry *entry = tls_registry_named(kind, text, len);
        if (entry == NULL || !can_offer(kind, entry->code)) {
            return err_set(e, ERR_INSPECT_OPTION, "the %s \"%.*s\" is none that can be offered",
                           what, (int)(len < 80 ? len : 80), text);
        }
        if (out->count == TRACE_LIST_MAX) {
            return err_set(e, ERR_BASE_LIMIT, "more than %d names", TRACE_LIST_MAX);
        }
        out->items[out->count++] = entry->code;
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return true;
}

bool trace_wish_suites(struct trace_wish *wish, const char *text, struct err *e) {
    return read_names(TLS_KIND_SUITE, "suite", text, &wish->suites, e);
}

bool trace_wish_groups(struct trace_wish *wish, struct trace_numbers *out, const char *text,
                       struct err *e) {
    (void)wish;
    return read_names(TLS_KIND_GROUP, "group", text, out, e);
}

/* --- as a message --------------------------------------------------------------------------------
 */

static void pack_numbers(struct pack_writer *w, const struct trace_numbers *numbers) {
    pack_u32(w, (uint32_t)numbers->count);
    for (size_t i = 0; i < numbers->count; i++) {
        pack_u16(w, numbers->items[i]);
    }
}

static void read_numbers(struct unpack_reader *r, struct trace_numbers *out) {
    uint32_t count = unpack_u32(r);
    r->is_broken = r->is_broken || count > TRACE_LIST_MAX;
    for (uint32_t i = 0; !r->is_broken && i < count; i++) {
        out->items[i] = unpack_u16(r);
    }
    out->count = r->is_broken ? 0 : count;
}

void trace_wish_pack(const struct trace_wish *wish, struct pack_writer *w) {
    pack_bool(w, wish->is_lab);
    pack_u8(w, (uint8_t)wish->lab);
    pack_text(w, wish->target);
    pack_text(w, wish->connect_host);
    pack_u16(w, wish->port);
    pack_text(w, wish->host);
    pack_text(w, wish->protocols);
    pack_text(w, wish->starttls);
    pack_u16(w, wish->version_min);
    pack_u16(w, wish->version_max);
    pack_numbers(w, &wish->suites);
    pack_numbers(w, &wish->groups);
    pack_numbers(w, &wish->shares);
    pack_bool(w, wish->is_resumed);
    pack_bool(w, wish->is_early);
    pack_bool(w, wish->wants_compression);
    pack_bool(w, wish->wants_key_update);
    pack_bool(w, wish->has_no_request);
    pack_bool(w, wish->has_system_trust);
    pack_i64(w, wish->timeout_ms);
    pack_i64(w, wish->at_ms);
    pack_bytes(w, wish->certificate.data, wish->certificate.len);
    pack_bytes(w, wish->key.data, wish->key.len);
    pack_bytes(w, wish->trust.data, wish->trust.len);
}

static void read_buf(struct unpack_reader *r, struct buf *out) {
    size_t len = 0;
    const uint8_t *bytes = unpack_bytes(r, out->max, &len);
    if (len > 0 && !buf_append(out, bytes, len, NULL)) {
        r->is_broken = r->is_out_of_memory = true;
    }
}

bool trace_wish_read(const uint8_t *bytes, size_t len, struct trace_wish *out_wish, struct err *e) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    trace_wish_init(out_wish);
    out_wish->is_lab = unpack_bool(&r);
    uint8_t lab = unpack_u8(&r);
    r.is_broken = r.is_broken || lab >= LAB_MODE_COUNT;
    out_wish->lab = r.is_broken ? LAB_RSA : (enum lab_mode)lab;
    unpack_text_into(&r, out_wish->target, sizeof(out_wish->target));
    unpack_text_into(&r, out_wish->connect_host, sizeof(out_wish->connect_host));
    out_wish->port = unpack_u16(&r);
    unpack_text_into(&r, out_wish->host, sizeof(out_wish->host));
    unpack_text_into(&r, out_wish->protocols, sizeof(out_wish->protocols));
    unpack_text_into(&r, out_wish->starttls, sizeof(out_wish->starttls));
    out_wish->version_min = unpack_u16(&r);
    out_wish->version_max = unpack_u16(&r);
    read_numbers(&r, &out_wish->suites);
    read_numbers(&r, &out_wish->groups);
    read_numbers(&r, &out_wish->shares);
    out_wish->is_resumed = unpack_bool(&r);
    out_wish->is_early = unpack_bool(&r);
    out_wish->wants_compression = unpack_bool(&r);
    out_wish->wants_key_update = unpack_bool(&r);
    out_wish->has_no_request = unpack_bool(&r);
    out_wish->has_system_trust = unpack_bool(&r);
    out_wish->timeout_ms = unpack_i64(&r);
    out_wish->at_ms = unpack_i64(&r);
    read_buf(&r, &out_wish->certificate);
    read_buf(&r, &out_wish->key);
    read_buf(&r, &out_wish->trust);
    if (unpack_end(&r, e)) {
        return true;
    }
    trace_wish_clear(out_wish);
    return false;
}
