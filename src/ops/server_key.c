/* Handshake signatures by key id. A key's row never changes, so what was read once stays right. */
#include "ops/server_key.h"

#include "base/map.h"
#include "base/mem.h"
#include "ops/context.h"

struct server_keys {
    struct ops *ops;
    struct keys *keys;  /* borrowed from ops */
    struct map *sealed; /* id → struct sealed_key */
};

void server_keys_free(struct server_keys *keys) {
    if (keys == NULL) {
        return;
    }
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *value = NULL;
    while (keys->sealed != NULL && map_next(keys->sealed, &cursor, &key, &key_len, &value)) {
        sealed_key_clear(value);
        mem_free(value);
    }
    map_free(keys->sealed);
    mem_free(keys);
}

PL_DEFINE_FREEP(server_keys_freep, struct server_keys, server_keys_free)

bool server_keys_new(struct ops *ops, struct server_keys **out_keys, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct server_keys), &memory, e)) {
        return false;
    }
    PL_AUTO(server_keys_freep) struct server_keys *keys = memory;
    keys->ops = ops;
    if (!ops_keys(ops, &keys->keys, e) || !map_new(SERVER_KEYS_MAX, &keys->sealed, e)) {
        return false;
    }
    *out_keys = PL_TAKE(keys);
    return true;
}

static void free_sealed(struct sealed_key **key) {
    if (*key != NULL) {
        sealed_key_clear(*key);
        mem_free(*key);
    }
}

static bool load(struct server_keys *keys, const struct id *id, struct sealed_key **out_key,
                 struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct sealed_key), &memory, e)) {
        return false;
    }
    PL_AUTO(free_sealed) struct sealed_key *key = memory;
    if (!ops_key_load(keys->ops, id, key, e) ||
        !map_set(keys->sealed, id->bytes, ID_LEN, key, NULL, e)) {
        return false;
    }
    *out_key = PL_TAKE(key);
    return true;
}

bool server_keys_sign(struct server_keys *keys, const struct id *id, enum handshake_kind kind,
                      uint16_t scheme, const uint8_t *input, size_t input_len,
                      uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    struct sealed_key *key = map_get(keys->sealed, id->bytes, ID_LEN);
    return (key != NULL || load(keys, id, &key, e)) &&
           keys_sign_handshake(keys->keys, key, kind, scheme, input, input_len, out, out_len, e);
}
