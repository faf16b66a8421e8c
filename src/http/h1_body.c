/* Decodes request bodies: by length, or chunked (RFC 9112 §7.1) as a table of states. Keeps no
 * bytes. */
#include "http/h1.h"

#include "base/hex.h"
#include "base/str.h"

void h1_body_init(struct h1_body *body, const struct http_request *request) {
    *body = (struct h1_body){
        .kind = request->body_kind, .left = request->body_len, .state = H1_CHUNK_SIZE};
}

/* What may follow what; RFC 9112 §7.1. */
static const bool may_follow[H1_CHUNK_DONE + 1][H1_CHUNK_DONE + 1] = {
    [H1_CHUNK_SIZE] = {[H1_CHUNK_EXTENSION] = true, [H1_CHUNK_SIZE_LF] = true},
    [H1_CHUNK_EXTENSION] = {[H1_CHUNK_SIZE_LF] = true},
    [H1_CHUNK_SIZE_LF] = {[H1_CHUNK_DATA] = true, [H1_CHUNK_TRAILER] = true},
    [H1_CHUNK_DATA] = {[H1_CHUNK_DATA_CR] = true},
    [H1_CHUNK_DATA_CR] = {[H1_CHUNK_DATA_LF] = true},
    [H1_CHUNK_DATA_LF] = {[H1_CHUNK_SIZE] = true},
    [H1_CHUNK_TRAILER] = {[H1_CHUNK_TRAILER_LF] = true},
    [H1_CHUNK_TRAILER_LF] = {[H1_CHUNK_TRAILER] = true, [H1_CHUNK_DONE] = true},
};

static void set_state(struct h1_body *body, enum h1_chunk_state state) {
    PL_BUG_UNLESS(may_follow[body->state][state]);
    body->state = state;
}

static bool refuse(struct h1_refusal *out, const char *reason) {
    *out = (struct h1_refusal){.status = 400, .reason = reason};
    return false;
}

static bool read_size(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    int digit = hex_value((char)byte);
    if (digit >= 0) {
        /* 15 digits never overflow, and are more than anybody sends. */
        body->left = body->left << 4 | (uint64_t)digit;
        return ++body->digits <= 15 || refuse(out, "a chunk's size is too large");
    }
    if (body->digits == 0) {
        return refuse(out, "a chunk has no size");
    }
    if (byte != '\r' && byte != ';') {
        return refuse(out, "a chunk's size is malformed");
    }
    set_state(body, byte == ';' ? H1_CHUNK_EXTENSION : H1_CHUNK_SIZE_LF);
    return true;
}

/* Extensions are passed over; nothing in them can end a line but CR LF. */
static bool read_extension(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    if (byte == '\r') {
        set_state(body, H1_CHUNK_SIZE_LF);
        return true;
    }
    bool is_text = (byte >= ' ' && byte != 0x7F) || byte == '\t';
    return (is_text && ++body->line_len <= H1_CHUNK_LINE_MAX) ||
           refuse(out, "a chunk's extension is malformed or too long");
}

static bool end_size(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    set_state(body, body->left == 0 ? H1_CHUNK_TRAILER : H1_CHUNK_DATA);
    body->line_len = 0;
    body->digits = 0;
    return byte == '\n' || refuse(out, "a chunk's size does not end in CR LF");
}

/* Trailer fields are read over: none is of use here, and none may frame anything. */
static bool read_trailer(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    if (byte == '\r') {
        set_state(body, H1_CHUNK_TRAILER_LF);
        return true;
    }
    bool is_text = (byte >= ' ' && byte != 0x7F) || byte == '\t';
    bool is_folded = body->line_len == 0 && (byte == ' ' || byte == '\t');
    body->line_len++;
    return (is_text && !is_folded && ++body->trailers <= H1_TRAILERS_MAX) ||
           refuse(out, "a trailer field is malformed or too long");
}

static bool end_trailer(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    set_state(body, body->line_len == 0 ? H1_CHUNK_DONE : H1_CHUNK_TRAILER);
    body->line_len = 0;
    return byte == '\n' || refuse(out, "a trailer field does not end in CR LF");
}

static bool expect(struct h1_body *body, uint8_t byte, uint8_t expected, enum h1_chunk_state next,
                   struct h1_refusal *out) {
    set_state(body, next);
    return byte == expected || refuse(out, "a chunk does not end in CR LF");
}

/* One byte of the framing between the chunks' data. */
static bool read_framing(struct h1_body *body, uint8_t byte, struct h1_refusal *out) {
    switch (body->state) {
    case H1_CHUNK_SIZE:
        return read_size(body, byte, out);
    case H1_CHUNK_EXTENSION:
        return read_extension(body, byte, out);
    case H1_CHUNK_SIZE_LF:
        return end_size(body, byte, out);
    case H1_CHUNK_DATA_CR:
        return expect(body, byte, '\r', H1_CHUNK_DATA_LF, out);
    case H1_CHUNK_DATA_LF:
        return expect(body, byte, '\n', H1_CHUNK_SIZE, out);
    case H1_CHUNK_TRAILER:
        return read_trailer(body, byte, out);
    case H1_CHUNK_TRAILER_LF:
        return end_trailer(body, byte, out);
    case H1_CHUNK_DATA:
    case H1_CHUNK_DONE:
        break;
    }
    return true;
}

/* Content at bytes, as much as is there and belongs to the body or the chunk. */
static size_t take_data(struct h1_body *body, const uint8_t *bytes, size_t len,
                        const uint8_t **out_data) {
    size_t taken = body->left < len ? (size_t)body->left : len;
    *out_data = bytes;
    body->left -= taken;
    body->total += taken;
    return taken;
}

static enum h1_result read_chunked(struct h1_body *body, const uint8_t *bytes, size_t len,
                                   size_t *out_used, const uint8_t **out_data, size_t *out_data_len,
                                   struct h1_refusal *out) {
    size_t at = 0;
    while (at < len && body->state != H1_CHUNK_DATA && body->state != H1_CHUNK_DONE) {
        if (!read_framing(body, bytes[at++], out)) {
            return H1_REFUSED;
        }
    }
    if (at < len && body->state == H1_CHUNK_DATA) {
        *out_data_len = take_data(body, bytes + at, len - at, out_data);
        at += *out_data_len;
        if (body->left == 0) {
            set_state(body, H1_CHUNK_DATA_CR);
        }
    }
    *out_used = at;
    return body->state == H1_CHUNK_DONE ? H1_WHOLE : H1_MORE;
}

enum h1_result h1_body_read(struct h1_body *body, const uint8_t *bytes, size_t len,
                            size_t *out_used, const uint8_t **out_data, size_t *out_data_len,
                            struct h1_refusal *out_refusal) {
    *out_used = 0;
    *out_data = bytes;
    *out_data_len = 0;
    if (body->kind == HTTP_BODY_CHUNKED) {
        return read_chunked(body, bytes, len, out_used, out_data, out_data_len, out_refusal);
    }
    *out_used = *out_data_len = take_data(body, bytes, len, out_data);
    return body->left == 0 ? H1_WHOLE : H1_MORE;
}
