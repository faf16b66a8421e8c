/* Writes response heads. The body's length is known before its first byte: no response is chunked.
 */
#include "http/h1.h"

#include <inttypes.h>
#include <string.h>

/* RFC 9110 §8.6: no length where there never is content. */
static bool has_length(int status) {
    return status >= 200 && status != 204 && status != 304;
}

bool h1_write_head(const struct http_response *response, const struct h1_framing *framing,
                   struct buf *out, struct err *e) {
    const char *connection = !framing->is_keep_alive ? "Connection: close\r\n"
                             : framing->minor == 0   ? "Connection: keep-alive\r\n"
                                                     : "";
    if (!buf_printf(out, e, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s", response->status,
                    http_status_phrase(response->status), framing->date, connection)) {
        return false;
    }
    if (has_length(response->status) &&
        !buf_printf(out, e, "Content-Length: %" PRIu64 "\r\n", response->body.len)) {
        return false;
    }
    return buf_append(out, response->fields.data, response->fields.len, e) &&
           buf_append(out, "\r\n", 2, e);
}
