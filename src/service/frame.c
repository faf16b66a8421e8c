/* Requests to the services as messages. */
#include "service/frame.h"

#include <string.h>

enum {
    NAME_TEXT = 4096,
    TEXT_MAX = 64 * 1024,
    CERTIFICATE_MAX = 128 * 1024,
    STATUS_MIN = 200,
    STATUS_MAX = 599,
};

/* --- requests ------------------------------------------------------------------------------------
 */

static void pack_http_text(struct pack_writer *w, struct http_text text) {
    pack_bool(w, text.at != NULL);
    pack_bytes(w, text.at, text.at == NULL ? 0 : text.len);
}

/* Empty and missing are told apart; what is empty points to "". */
static struct http_text unpack_http_text(struct unpack_reader *r) {
    struct http_text text = {0};
    bool is_there = unpack_bool(r);
    text.at = (const char *)unpack_bytes(r, TEXT_MAX, &text.len);
    if (is_there && text.at == NULL) {
        text.at = "";
    }
    r->is_broken = r->is_broken || (!is_there && text.len > 0);
    return text;
}

void service_request_pack(const struct service_request *request, struct pack_writer *w) {
    const struct http_request *http = &request->http;
    pack_u32(w, 0);
    pack_u8(w, (uint8_t)request->part);
    pack_bool(w, request->is_https);
    pack_text(w, request->listener);
    pack_text(w, request->client);
    pack_text(w, request->server_name);
    pack_text(w, request->tls_version);
    pack_bytes(w, request->certificate, request->certificate_len);
    pack_u8(w, (uint8_t)http->method);
    pack_http_text(w, http->method_text);
    pack_http_text(w, http->target);
    pack_http_text(w, http->path);
    pack_http_text(w, http->query);
    pack_http_text(w, http->host);
    pack_u8(w, (uint8_t)http->minor);
    pack_u16(w, (uint16_t)http->field_count);
    for (size_t i = 0; i < http->field_count; i++) {
        pack_http_text(w, http->fields[i].name);
        pack_http_text(w, http->fields[i].value);
    }
}

void service_request_pack_content(const void *content, size_t len, struct pack_writer *w) {
    pack_bytes(w, content, len);
}

void service_request_set_number(struct buf *frame, uint32_t number) {
    PL_BUG_UNLESS(frame->len >= sizeof(number));
    memcpy(frame->data, &number, sizeof(number));
}

static void read_http(struct unpack_reader *r, struct http_request *out) {
    uint8_t method = unpack_u8(r);
    r->is_broken = r->is_broken || method > HTTP_METHOD_OTHER;
    out->method = r->is_broken ? HTTP_METHOD_OTHER : (enum http_method)method;
    out->method_text = unpack_http_text(r);
    out->target = unpack_http_text(r);
    out->path = unpack_http_text(r);
    out->query = unpack_http_text(r);
    out->host = unpack_http_text(r);
    out->minor = unpack_u8(r);
    size_t count = unpack_u16(r);
    r->is_broken = r->is_broken || count > HTTP_FIELDS_MAX || out->path.len == 0;
    for (size_t i = 0; i < count && !r->is_broken; i++) {
        out->fields[i].name = unpack_http_text(r);
        out->fields[i].value = unpack_http_text(r);
        out->field_count++;
    }
}

bool service_request_read(const uint8_t *bytes, size_t len, uint32_t *out_number,
                          struct service_request *out_request) {
    struct unpack_reader r;
    *out_request = (struct service_request){0};
    unpack_init(&r, bytes, len);
    *out_number = unpack_u32(&r);
    uint8_t part = unpack_u8(&r);
    r.is_broken = r.is_broken || part >= PART_COUNT;
    out_request->part = r.is_broken ? PART_CONSOLE : (enum part)part;
    out_request->is_https = unpack_bool(&r);
    out_request->listener = unpack_text(&r, NAME_TEXT);
    out_request->client = unpack_text(&r, NAME_TEXT);
    out_request->server_name = unpack_text(&r, NAME_TEXT);
    out_request->tls_version = unpack_text(&r, NAME_TEXT);
    out_request->certificate = unpack_bytes(&r, CERTIFICATE_MAX, &out_request->certificate_len);
    read_http(&r, &out_request->http);
    out_request->content = unpack_bytes(&r, PART_CONTENT_MAX, &out_request->content_len);
    return unpack_is_done(&r) && out_request->listener != NULL && out_request->client != NULL &&
           out_request->server_name != NULL && out_request->tls_version != NULL;
}

/* --- answers -------------------------------------------------------------------------------------
 */

bool service_answer_pack(uint32_t number, const struct http_response *response,
                         struct pack_writer *w, struct err *e) {
    const struct http_body *body = &response->body;
    PL_BUG_UNLESS(body->fd < 0 && body->len == body->memory.len);
    pack_u32(w, number);
    pack_u16(w, (uint16_t)response->status);
    pack_bool(w, response->must_close);
    pack_bytes(w, response->fields.data, response->fields.len);
    pack_bytes(w, body->memory.data, body->memory.len);
    return pack_end(w, e);
}

bool service_answer_read(const uint8_t *bytes, size_t len, uint32_t *out_number,
                         struct http_response *out_response) {
    struct unpack_reader r;
    size_t fields_len = 0;
    size_t body_len = 0;
    unpack_init(&r, bytes, len);
    *out_number = unpack_u32(&r);
    out_response->status = unpack_u16(&r);
    out_response->must_close = unpack_bool(&r);
    const uint8_t *fields = unpack_bytes(&r, HTTP_RESPONSE_FIELDS_MAX, &fields_len);
    const uint8_t *body = unpack_bytes(&r, HTTP_MEMORY_BODY_MAX, &body_len);
    return unpack_is_done(&r) && out_response->status >= STATUS_MIN &&
           out_response->status <= STATUS_MAX &&
           (fields_len == 0 || buf_append(&out_response->fields, fields, fields_len, NULL)) &&
           (body_len == 0 || http_body_add_memory(&out_response->body, body, body_len, NULL));
}
