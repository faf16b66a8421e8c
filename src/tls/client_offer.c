/* A client's offer, compact. Process: net. One block of memory: the lists one after the other. */
#include "tls/client_offer.h"

#include "base/mem.h"
#include "tls/ja4.h"
#include "tls/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JA4_TEXT_MAX = 16 * 1024, EXTENSION_SNI = 0, EXTENSION_ALPN = 16 };

struct client_offer {
    uint16_t legacy_version;
    uint16_t lens[CLIENT_OFFER_LIST_COUNT]; /* bytes of each list */
    uint16_t protocols_len;
    bool is_cut;
    uint8_t bytes[]; /* the lists in the enum's order, then the protocols */
};

/* --- keeping ----------------------------------------------------------------------------------
 */

/* Gathers the lists in a fixed place first: how long they are is known only then. */
struct gathering {
    uint8_t bytes[CLIENT_OFFER_MAX];
    size_t len;
    bool is_cut;
};

static void put(struct gathering *g, const uint8_t *bytes, size_t len) {
    g->is_cut = g->is_cut || len > sizeof(g->bytes) - g->len;
    if (!g->is_cut && len > 0) {
        memcpy(g->bytes + g->len, bytes, len);
        g->len += len;
    }
}

static void put_number(struct gathering *g, uint16_t number) {
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)(number & 0xFF)};
    put(g, bytes, sizeof(bytes));
}

static void put_list(struct gathering *g, const struct client_hello *hello,
                     enum client_offer_list list) {
    struct client_hello_part rest = {0};
    struct client_hello_part content = {0};
    uint16_t number = 0;
    switch (list) {
    case CLIENT_OFFER_VERSIONS:
        put(g, hello->versions.bytes, hello->versions.len);
        break;
    case CLIENT_OFFER_SUITES:
        put(g, hello->suites.bytes, hello->suites.len);
        break;
    case CLIENT_OFFER_GROUPS:
        put(g, hello->groups.bytes, hello->groups.len);
        break;
    case CLIENT_OFFER_KEY_SHARES:
        rest = hello->key_shares;
        while (client_hello_next_key_share(&rest, &number)) {
            put_number(g, number);
        }
        break;
    case CLIENT_OFFER_SCHEMES:
        put(g, hello->schemes.bytes, hello->schemes.len);
        break;
    case CLIENT_OFFER_EXTENSIONS:
        rest = hello->extensions;
        while (client_hello_next_extension(&rest, &number, &content)) {
            put_number(g, number);
        }
        break;
    case CLIENT_OFFER_LIST_COUNT:
        break;
    }
}

bool client_offer_new(const struct client_hello *hello, struct client_offer **out_offer,
                      struct err *e) {
    struct gathering g;
    g.len = 0;
    g.is_cut = false;
    uint16_t lens[CLIENT_OFFER_LIST_COUNT];
    for (unsigned list = 0; list < CLIENT_OFFER_LIST_COUNT; list++) {
        size_t before = g.len;
        put_list(&g, hello, (enum client_offer_list)list);
        lens[list] = (uint16_t)(g.len - before);
    }
    size_t lists_len = g.len;
    put(&g, hello->protocols.bytes, hello->protocols.len);
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct client_offer) + g.len + 1, &memory, e)) {
        return false;
    }
    struct client_offer *offer = memory;
    offer->legacy_version = hello->legacy_version;
    offer->protocols_len = (uint16_t)(g.len - lists_len);
    offer->is_cut = g.is_cut;
    memcpy(offer->lens, lens, sizeof(lens));
    memcpy(offer->bytes, g.bytes, g.len);
    *out_offer = offer;
    return true;
}

void client_offer_free(struct client_offer *offer) {
    mem_free(offer);
}

/* --- asking -----------------------------------------------------------------------------------
 */

bool client_offer_is_cut(const struct client_offer *offer) {
    return offer->is_cut;
}

uint16_t client_offer_legacy_version(const struct client_offer *offer) {
    return offer->legacy_version;
}

static const uint8_t *list_start(const struct client_offer *offer, unsigned list) {
    size_t at = 0;
    for (unsigned i = 0; i < list; i++) {
        at += offer->lens[i];
    }
    return offer->bytes + at;
}

size_t client_offer_count(const struct client_offer *offer, enum client_offer_list list) {
    return offer->lens[list] / 2;
}

uint16_t client_offer_at(const struct client_offer *offer, enum client_offer_list list,
                         size_t index) {
    PL_BUG_UNLESS(index < client_offer_count(offer, list));
    const uint8_t *at = list_start(offer, list) + 2 * index;
    return (uint16_t)(at[0] << 8 | at[1]);
}

bool client_offer_has(const struct client_offer *offer, enum client_offer_list list,
                      uint16_t value) {
    const struct client_hello_part part = {.bytes = list_start(offer, list),
                                           .len = offer->lens[list]};
    return client_hello_lists(part, value);
}

bool client_offer_next_protocol(const struct client_offer *offer, size_t *cursor,
                                const uint8_t **out_name, size_t *out_len) {
    const uint8_t *all = list_start(offer, CLIENT_OFFER_LIST_COUNT);
    if (*cursor >= offer->protocols_len || all[*cursor] >= offer->protocols_len - *cursor) {
        return false;
    }
    *out_len = all[*cursor];
    *out_name = all + *cursor + 1;
    *cursor += 1 + *out_len;
    return true;
}

/* --- JA4 --------------------------------------------------------------------------------------
 */

static int compare_numbers(const void *a, const void *b) {
    uint16_t one = *(const uint16_t *)a;
    uint16_t two = *(const uint16_t *)b;
    return one < two ? -1 : one > two;
}

/* The list's numbers without GREASE; extensions also without SNI and ALPN when is_hashed. */
static size_t gather(const struct client_offer *offer, enum client_offer_list list, bool is_hashed,
                     uint16_t out[CLIENT_OFFER_MAX / 2]) {
    size_t count = 0;
    for (size_t i = 0; i < client_offer_count(offer, list); i++) {
        uint16_t number = client_offer_at(offer, list, i);
        bool is_left_out = is_hashed && list == CLIENT_OFFER_EXTENSIONS &&
                           (number == EXTENSION_SNI || number == EXTENSION_ALPN);
        if (!tls_is_grease(number) && !is_left_out) {
            out[count++] = number;
        }
    }
    return count;
}

static bool append_sorted(const struct client_offer *offer, enum client_offer_list list,
                          struct buf *out, struct err *e) {
    uint16_t numbers[CLIENT_OFFER_MAX / 2];
    size_t count = gather(offer, list, true, numbers);
    if (count > 0) {
        qsort(numbers, count, sizeof(numbers[0]), compare_numbers);
    }
    return ja4_append_numbers(out, numbers, count, e);
}

/* Extensions by number, then signature algorithms as sent. */
static bool append_extensions(const struct client_offer *offer, struct buf *out, struct err *e) {
    uint16_t schemes[CLIENT_OFFER_MAX / 2];
    size_t count = gather(offer, CLIENT_OFFER_SCHEMES, true, schemes);
    return append_sorted(offer, CLIENT_OFFER_EXTENSIONS, out, e) &&
           (count == 0 ||
            (buf_append_byte(out, '_', e) && ja4_append_numbers(out, schemes, count, e)));
}

static const char *version_digits(const struct client_offer *offer) {
    uint16_t highest =
        client_offer_count(offer, CLIENT_OFFER_VERSIONS) == 0 ? offer->legacy_version : (uint16_t)0;
    for (size_t i = 0; i < client_offer_count(offer, CLIENT_OFFER_VERSIONS); i++) {
        uint16_t version = client_offer_at(offer, CLIENT_OFFER_VERSIONS, i);
        highest = !tls_is_grease(version) && version > highest ? version : highest;
    }
    return ja4_version(highest);
}

/* Of the first protocol. */
static void protocol_characters(const struct client_offer *offer, char out[3]) {
    const uint8_t *name = NULL;
    size_t len = 0;
    size_t cursor = 0;
    bool is_there = client_offer_next_protocol(offer, &cursor, &name, &len);
    ja4_protocol(name, is_there ? len : 0, out);
}

static void write_start(const struct client_offer *offer, char out[11]) {
    uint16_t numbers[CLIENT_OFFER_MAX / 2];
    char protocol[3];
    size_t suites = gather(offer, CLIENT_OFFER_SUITES, false, numbers);
    size_t extensions = gather(offer, CLIENT_OFFER_EXTENSIONS, false, numbers);
    bool has_name = client_offer_has(offer, CLIENT_OFFER_EXTENSIONS, EXTENSION_SNI);
    protocol_characters(offer, protocol);
    (void)snprintf(out, 11, "t%.2s%c%02u%02u%.2s", version_digits(offer), has_name ? 'd' : 'i',
                   ja4_count(suites), ja4_count(extensions), protocol);
}

bool client_offer_ja4(const struct client_offer *offer, char out[CLIENT_OFFER_JA4_SIZE],
                      struct buf *raw, struct err *e) {
    PL_BUG_UNLESS(!offer->is_cut);
    PL_AUTO(buf_clear) struct buf suites;
    PL_AUTO(buf_clear) struct buf extensions;
    buf_init(&suites, JA4_TEXT_MAX);
    buf_init(&extensions, JA4_TEXT_MAX);
    char start[11];
    char suites_hash[JA4_HASH_SIZE] = "";
    char extensions_hash[JA4_HASH_SIZE] = "";
    write_start(offer, start);
    if (!append_sorted(offer, CLIENT_OFFER_SUITES, &suites, e) ||
        !append_extensions(offer, &extensions, e) ||
        !ja4_hash(buf_string(&suites), suites.len, suites_hash, e) ||
        !ja4_hash(buf_string(&extensions), extensions.len, extensions_hash, e)) {
        return false;
    }
    (void)snprintf(out, CLIENT_OFFER_JA4_SIZE, "%s_%s_%s", start, suites_hash, extensions_hash);
    return raw == NULL ||
           buf_printf(raw, e, "%s_%s_%s", start, buf_string(&suites), buf_string(&extensions));
}
