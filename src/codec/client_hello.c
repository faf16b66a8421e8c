/* The ClientHello reader. Limits: CLIENT_HELLO_MAX. Keeps nothing; no decision is taken here. */
#include "codec/client_hello.h"

#include "base/str.h"

#include <string.h>

enum {
    RECORD_HEADER = 5,
    RECORD_MAX = 16 * 1024,
    RECORD_HANDSHAKE = 22,
    MESSAGE_HEADER = 4,
    MESSAGE_CLIENT_HELLO = 1,
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_GROUPS = 10,
    EXTENSION_SCHEMES = 13,
    EXTENSION_PROTOCOLS = 16,
    EXTENSION_VERSIONS = 43,
    EXTENSION_KEY_SHARES = 51,
};

/* What is left to read; a read past the end fails it for good. */
struct cursor {
    const uint8_t *at;
    size_t left;
    bool is_failed;
};

static struct client_hello_part take(struct cursor *c, size_t len) {
    if (c->is_failed || len > c->left) {
        c->is_failed = true;
        return (struct client_hello_part){0};
    }
    struct client_hello_part part = {.bytes = c->at, .len = len};
    c->at += len;
    c->left -= len;
    return part;
}

static size_t take_number(struct cursor *c, size_t size) {
    struct client_hello_part part = take(c, size);
    size_t number = 0;
    for (size_t i = 0; i < part.len; i++) {
        number = number << 8 | part.bytes[i];
    }
    return number;
}

/* A vector with a length in front; min and max bytes, a multiple of unit. */
static struct client_hello_part take_vector(struct cursor *c, size_t length_size, size_t min,
                                            size_t unit) {
    size_t len = take_number(c, length_size);
    if (len < min || len % unit != 0) {
        c->is_failed = true;
    }
    return take(c, len);
}

static struct cursor inside(struct client_hello_part part) {
    return (struct cursor){.at = part.bytes, .left = part.len};
}

static bool is_done(const struct cursor *c) {
    return !c->is_failed && c->left == 0;
}

/* One host name alone, as all clients send it and the library demands it. */
static bool read_server_name(struct client_hello_part content, struct client_hello *out) {
    struct cursor c = inside(content);
    struct client_hello_part list = take_vector(&c, 2, 1, 1);
    struct cursor names = inside(list);
    size_t type = take_number(&names, 1);
    out->server_name = take_vector(&names, 2, 1, 1);
    return is_done(&c) && is_done(&names) && type == 0 && out->server_name.len <= 255 &&
           memchr(out->server_name.bytes, '\0', out->server_name.len) == NULL;
}

static bool read_list(struct client_hello_part content, size_t length_size, size_t unit,
                      struct client_hello_part *out) {
    struct cursor c = inside(content);
    *out = take_vector(&c, length_size, unit, unit);
    return is_done(&c);
}

static bool read_protocols(struct client_hello_part content, struct client_hello *out) {
    if (!read_list(content, 2, 1, &out->protocols)) {
        return false;
    }
    struct cursor c = inside(out->protocols);
    while (c.left > 0 && !c.is_failed) {
        (void)take_vector(&c, 1, 1, 1);
    }
    return is_done(&c);
}

static bool read_key_shares(struct client_hello_part content, struct client_hello *out) {
    struct cursor c = inside(content);
    out->key_shares = take_vector(&c, 2, 0, 1);
    struct cursor shares = inside(out->key_shares);
    while (shares.left > 0 && !shares.is_failed) {
        (void)take_number(&shares, 2);
        (void)take_vector(&shares, 2, 1, 1);
    }
    return is_done(&c) && is_done(&shares);
}

/* An extension that is sent twice is malformed (RFC 8446 §4.2); the library sees to all others. */
static bool read_extension(size_t type, struct client_hello_part content,
                           struct client_hello *out) {
    switch (type) {
    case EXTENSION_SERVER_NAME:
        return out->server_name.bytes == NULL && read_server_name(content, out);
    case EXTENSION_GROUPS:
        return out->groups.bytes == NULL && read_list(content, 2, 2, &out->groups);
    case EXTENSION_SCHEMES:
        return out->schemes.bytes == NULL && read_list(content, 2, 2, &out->schemes);
    case EXTENSION_PROTOCOLS:
        return out->protocols.bytes == NULL && read_protocols(content, out);
    case EXTENSION_VERSIONS:
        return out->versions.bytes == NULL && read_list(content, 1, 2, &out->versions);
    case EXTENSION_KEY_SHARES:
        return out->key_shares.bytes == NULL && read_key_shares(content, out);
    default:
        return true;
    }
}

static bool read_extensions(struct client_hello *out) {
    struct cursor c = inside(out->extensions);
    while (c.left > 0 && !c.is_failed) {
        size_t type = take_number(&c, 2);
        struct client_hello_part content = take_vector(&c, 2, 0, 1);
        if (c.is_failed || !read_extension(type, content, out)) {
            return false;
        }
    }
    return is_done(&c);
}

static bool read_message(struct cursor c, struct client_hello *out) {
    *out = (struct client_hello){0};
    out->legacy_version = (uint16_t)take_number(&c, 2);
    out->random = take(&c, CLIENT_HELLO_RANDOM_LEN).bytes;
    out->session_id = take_vector(&c, 1, 0, 1);
    out->suites = take_vector(&c, 2, 2, 2);
    (void)take_vector(&c, 1, 1, 1); /* compression methods */
    if (c.is_failed || out->session_id.len > 32) {
        return false;
    }
    if (c.left > 0) { /* TLS 1.2 and before may send no extensions at all */
        out->extensions = take_vector(&c, 2, 0, 1);
    }
    return is_done(&c) && read_extensions(out);
}

static enum client_hello_result read_record_header(struct cursor *c,
                                                   struct client_hello_part *out_content) {
    if (c->left > 0 && c->at[0] != RECORD_HANDSHAKE) {
        return str_is_alpha((char)c->at[0]) ? CLIENT_HELLO_HTTP : CLIENT_HELLO_NOT_TLS;
    }
    if (c->left > 1 && c->at[1] != 3) {
        return CLIENT_HELLO_NOT_TLS;
    }
    (void)take(c, 3);
    size_t len = take_number(c, 2);
    if (c->is_failed) {
        return CLIENT_HELLO_MORE;
    }
    if (len == 0 || len > RECORD_MAX) {
        return CLIENT_HELLO_MALFORMED;
    }
    /* A record that is cut off still shows the message's own length. */
    *out_content = take(c, len < c->left ? len : c->left);
    return out_content->len == len ? CLIENT_HELLO_WHOLE : CLIENT_HELLO_MORE;
}

/* Length of the whole message by its header; 0 when the header is not there yet. */
static size_t message_len(struct client_hello_part start) {
    struct cursor c = inside(start);
    (void)take(&c, 1);
    size_t len = take_number(&c, 3);
    return c.is_failed ? 0 : MESSAGE_HEADER + len;
}

static enum client_hello_result check_start(struct client_hello_part start) {
    if (start.len > 0 && start.bytes[0] != MESSAGE_CLIENT_HELLO) {
        return CLIENT_HELLO_MALFORMED;
    }
    return message_len(start) > CLIENT_HELLO_MAX ? CLIENT_HELLO_TOO_LARGE : CLIENT_HELLO_WHOLE;
}

static enum client_hello_result finish(struct client_hello_part message, struct client_hello *out) {
    size_t len = message_len(message);
    struct cursor c = {.at = message.bytes + MESSAGE_HEADER, .left = len - MESSAGE_HEADER};
    return read_message(c, out) ? CLIENT_HELLO_WHOLE : CLIENT_HELLO_MALFORMED;
}

/* The message in several records: their contents one after the other. */
static enum client_hello_result join_records(struct cursor c, struct buf *joined,
                                             struct client_hello *out) {
    buf_reset(joined);
    for (;;) {
        struct client_hello_part content = {0};
        enum client_hello_result result = read_record_header(&c, &content);
        if (result != CLIENT_HELLO_WHOLE && result != CLIENT_HELLO_MORE) {
            return result == CLIENT_HELLO_HTTP ? CLIENT_HELLO_NOT_TLS : result;
        }
        if (!buf_append(joined, content.bytes, content.len, NULL)) {
            return CLIENT_HELLO_TOO_LARGE;
        }
        struct client_hello_part message = {.bytes = joined->data, .len = joined->len};
        enum client_hello_result start = check_start(message);
        if (start != CLIENT_HELLO_WHOLE) {
            return start;
        }
        size_t len = message_len(message);
        if (len > 0 && message.len >= len) {
            return finish(message, out);
        }
        if (result == CLIENT_HELLO_MORE) {
            return CLIENT_HELLO_MORE;
        }
    }
}

enum client_hello_result client_hello_read(const uint8_t *bytes, size_t len, struct buf *joined,
                                           struct client_hello *out_hello) {
    struct cursor c = {.at = bytes, .left = len};
    struct client_hello_part content = {0};
    enum client_hello_result result = read_record_header(&c, &content);
    if (result != CLIENT_HELLO_WHOLE && result != CLIENT_HELLO_MORE) {
        return result;
    }
    enum client_hello_result start = check_start(content);
    if (start != CLIENT_HELLO_WHOLE || result == CLIENT_HELLO_MORE) {
        return start != CLIENT_HELLO_WHOLE ? start : CLIENT_HELLO_MORE;
    }
    size_t message = message_len(content);
    if (message > 0 && content.len >= message) {
        return finish(content, out_hello);
    }
    return join_records((struct cursor){.at = bytes, .left = len}, joined, out_hello);
}

/* What is walked was read before: no cursor fails but at the end. */
static bool go_on(struct client_hello_part *rest, const struct cursor *c) {
    *rest = (struct client_hello_part){.bytes = c->at, .len = c->is_failed ? 0 : c->left};
    return !c->is_failed;
}

bool client_hello_next_extension(struct client_hello_part *rest, uint16_t *out_type,
                                 struct client_hello_part *out_content) {
    struct cursor c = inside(*rest);
    *out_type = (uint16_t)take_number(&c, 2);
    *out_content = take_vector(&c, 2, 0, 1);
    return go_on(rest, &c);
}

bool client_hello_next_key_share(struct client_hello_part *rest, uint16_t *out_group) {
    struct cursor c = inside(*rest);
    *out_group = (uint16_t)take_number(&c, 2);
    (void)take_vector(&c, 2, 1, 1);
    return go_on(rest, &c);
}

bool client_hello_next_protocol(struct client_hello_part *rest,
                                struct client_hello_part *out_protocol) {
    struct cursor c = inside(*rest);
    *out_protocol = take_vector(&c, 1, 1, 1);
    return go_on(rest, &c);
}

bool client_hello_lists(struct client_hello_part list, uint16_t value) {
    for (size_t i = 0; i + 1 < list.len; i += 2) {
        if (list.bytes[i] == value >> 8 && list.bytes[i + 1] == (value & 0xFF)) {
            return true;
        }
    }
    return false;
}

static bool is_grease(uint16_t value) {
    return (value & 0x0F0F) == 0x0A0A && value >> 8 == (value & 0xFF);
}

uint16_t client_hello_version_max(const struct client_hello *hello) {
    uint16_t highest = 0;
    for (size_t i = 0; i + 1 < hello->versions.len; i += 2) {
        uint16_t version = (uint16_t)(hello->versions.bytes[i] << 8 | hello->versions.bytes[i + 1]);
        highest = !is_grease(version) && version > highest ? version : highest;
    }
    return hello->versions.bytes == NULL ? hello->legacy_version : highest;
}
