/*
 * Static files. Process: net. The path is decoded once and checked by segments; that a file lies
 * beneath the folder is the kernel's word (openat2), not ours.
 */
#include "site/static.h"

#include "base/hex.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/str.h"
#include "http/conditional.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_TRIES = 3, BOUNDARY_LEN = 24 };

/* --- the path
 * ------------------------------------------------------------------------------------- */

enum path_verdict { PATH_GOOD, PATH_BAD, PATH_HIDDEN };

/* A decoded path: segments joined by single slashes, without the first slash. */
struct site_path {
    char text[STATIC_PATH_MAX + 1];
    size_t len;
    bool is_folder; /* it ends in a slash, or is "/" */
};

/* The next character, percent-decoded; -1 when it may not be in a path. */
static int decode_char(struct http_text path, size_t *at) {
    char c = path.at[(*at)++];
    if (c == '%') {
        int high = *at + 1 < path.len ? hex_value(path.at[*at]) : -1;
        int low = high >= 0 ? hex_value(path.at[*at + 1]) : -1;
        *at += 2;
        int decoded = high < 0 || low < 0 ? -1 : high << 4 | low;
        return decoded == '/' || decoded == '\0' || decoded == '\\' ? -1 : decoded;
    }
    return c == '\\' ? -1 : (uint8_t)c;
}

/* What one whole segment is; the first one may be ".well-known" (RFC 8615). */
static enum path_verdict check_segment(const char *segment, size_t len, bool is_first) {
    if (len == 0 || segment[0] != '.') {
        return PATH_GOOD;
    }
    if (len == 1 || (len == 2 && segment[1] == '.')) {
        return PATH_BAD;
    }
    static const char well_known[] = ".well-known";
    bool is_well_known =
        is_first && len == sizeof(well_known) - 1 && memcmp(segment, well_known, len) == 0;
    return is_well_known ? PATH_GOOD : PATH_HIDDEN;
}

/* Decodes up to the next slash and appends the segment; empty segments vanish. */
static enum path_verdict add_segment(struct http_text path, size_t *at, struct site_path *out) {
    size_t start = out->len;
    size_t separator = start > 0 ? 1 : 0;
    char *segment = out->text + start + separator;
    size_t len = 0;
    while (*at < path.len && path.at[*at] != '/') {
        int c = decode_char(path, at);
        if (c < 0 || start + separator + len == STATIC_PATH_MAX) {
            return PATH_BAD;
        }
        segment[len++] = (char)c;
    }
    if (len > 0) {
        if (separator > 0) {
            out->text[start] = '/';
        }
        out->len = start + separator + len;
    }
    return check_segment(segment, len, start == 0);
}

static enum path_verdict read_path(struct http_text path, struct site_path *out) {
    size_t at = 0;
    enum path_verdict verdict = PATH_GOOD;
    out->len = 0;
    out->is_folder = path.len > 0 && path.at[path.len - 1] == '/';
    while (at < path.len && verdict == PATH_GOOD) {
        at += path.at[at] == '/' ? 1 : 0;
        verdict = add_segment(path, &at, out);
    }
    out->text[out->len] = '\0';
    return verdict;
}

/* --- answers without a file
 * ------------------------------------------------------------------------ */

static bool not_found(struct http_response *out, struct err *e) {
    return http_response_set_page(out, 404, "There is nothing at this address.", e);
}

static bool refuse_method(const struct http_request *request, struct http_response *out,
                          struct err *e) {
    if (request->method == HTTP_METHOD_OTHER) {
        return http_response_set_page(out, 501, "This server does not know the method.", e);
    }
    bool is_options = request->method == HTTP_OPTIONS;
    if (!http_response_add(out, "Allow", "GET, HEAD, OPTIONS", e)) {
        return false;
    }
    if (is_options) {
        out->status = 204;
        return true;
    }
    return http_response_set_page(out, 405, "This address can only be read.", e);
}

static bool append_encoded(struct buf *out, const char *text, size_t len, struct err *e) {
    static const char unreserved[] = "-._~!$&'()*+,;=:@/";
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_plain =
            str_is_alpha(c) || str_is_digit(c) || (c != '\0' && strchr(unreserved, c) != NULL);
        if (!(is_plain ? buf_append_byte(out, (uint8_t)c, e)
                       : buf_printf(out, e, "%%%02X", (unsigned)(uint8_t)c))) {
            return false;
        }
    }
    return true;
}

/* One slash at the front, whatever the client sent: "//host" would lead to another server. */
static bool redirect_to_folder(const struct http_request *request, const struct site_path *path,
                               struct http_response *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf location;
    buf_init(&location, 4 * STATIC_PATH_MAX);
    bool has_query = request->query.at != NULL;
    if (!buf_append_byte(&location, '/', e) ||
        !append_encoded(&location, path->text, path->len, e) ||
        !buf_append_byte(&location, '/', e) ||
        (has_query && (!buf_append_byte(&location, '?', e) ||
                       !buf_append(&location, request->query.at, request->query.len, e))) ||
        !http_response_add(out, "Location", buf_string(&location), e)) {
        return false;
    }
    return http_response_set_page(out, 301, NULL, e);
}

/* --- files
 * ------------------------------------------------------------------------------------------ */

struct opened {
    int fd; /* -1: errno says why, unless it is kept */
    struct stat about;
    const uint8_t *kept; /* its content, borrowed; NULL: it is in fd */
};

/* What a request is answered from. */
struct place {
    const struct snapshot_site *site;
    struct file_cache *cache; /* NULL: nothing is kept */
};

static void close_opened(const struct opened *opened) {
    if (opened->fd >= 0) {
        (void)close(opened->fd);
    }
}

static struct opened open_path(const struct place *place, const char *path) {
    struct opened opened = {.fd = -1};
    struct cached_file cached;
    const struct folder *root = place->site->root;
    if (place->cache != NULL && file_cache_find(place->cache, root, path, &cached)) {
        opened.about = cached.about;
        opened.kept = cached.bytes;
        return opened;
    }
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        opened.fd = folder_open_beneath(root, path);
        if (opened.fd >= 0 || errno != EAGAIN) {
            break;
        }
    }
    if (opened.fd >= 0 && fstat(opened.fd, &opened.about) != 0) {
        (void)close(opened.fd);
        opened.fd = -1;
    }
    bool may_be_kept = opened.fd >= 0 && place->cache != NULL && S_ISREG(opened.about.st_mode);
    if (may_be_kept &&
        file_cache_put(place->cache, root, path, opened.fd, &opened.about, &cached)) {
        opened.kept = cached.bytes;
    }
    return opened;
}

static bool is_there(const struct opened *opened) {
    return opened->fd >= 0 || opened->kept != NULL;
}

/* EXDEV: it leads out of the folder; ELOOP: it would pass a magic link. Neither is said to be
 * there. */
static bool answer_errno(int reason, struct http_response *out, struct err *e) {
    switch (reason) {
    case EACCES:
    case EPERM:
        return http_response_set_page(out, 403, "The server may not read this file.", e);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return http_response_set_page(out, 503, "The server is busy.", e);
    case EIO:
        return http_response_set_page(out, 500, "The file cannot be read.", e);
    default:
        return not_found(out, e);
    }
}

static void make_etag(const struct stat *about, char out[HTTP_ETAG_MAX]) {
    (void)snprintf(out, HTTP_ETAG_MAX, "\"%" PRIx64 "-%lx-%" PRIx64 "\"",
                   (uint64_t)about->st_mtim.tv_sec, (unsigned long)about->st_mtim.tv_nsec,
                   (uint64_t)about->st_size);
}

static bool add_validators(struct http_response *out, const struct http_validators *validators,
                           struct err *e) {
    char modified[30];
    clock_format_http(validators->modified_ms, modified);
    return http_response_add(out, "ETag", validators->etag, e) &&
           http_response_add(out, "Last-Modified", modified, e);
}

/* A run of the file; kept: its content in memory, else it is the body's file. */
static bool add_content(struct http_response *out, const uint8_t *kept, uint64_t offset,
                        uint64_t len, struct err *e) {
    return kept != NULL ? http_body_add_memory(&out->body, kept + offset, (size_t)len, e)
                        : http_body_add_file(&out->body, offset, len, e);
}

static bool send_whole(struct http_response *out, const char *type, const uint8_t *kept,
                       uint64_t len, struct err *e) {
    out->status = 200;
    return http_response_add(out, "Content-Type", type, e) &&
           http_response_add(out, "Accept-Ranges", "bytes", e) && add_content(out, kept, 0, len, e);
}

static bool send_range(struct http_response *out, const char *type, const uint8_t *kept,
                       uint64_t len, const struct http_range *range, struct err *e) {
    out->status = 206;
    return http_response_add(out, "Content-Type", type, e) &&
           http_response_printf(out, e, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                                range->offset, range->offset + range->len - 1, len) &&
           add_content(out, kept, range->offset, range->len, e);
}

static bool add_boundary(struct http_response *out, const char *boundary, const char *type,
                         const uint8_t *kept, uint64_t len, const struct http_range *range,
                         struct err *e) {
    char head[512];
    int head_len = snprintf(head, sizeof(head),
                            "\r\n--%s\r\nContent-Type: %s\r\n"
                            "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                            boundary, type, range->offset, range->offset + range->len - 1, len);
    PL_BUG_UNLESS(head_len > 0 && (size_t)head_len < sizeof(head));
    return http_body_add_memory(&out->body, head, (size_t)head_len, e) &&
           add_content(out, kept, range->offset, range->len, e);
}

/* RFC 9110 §14.6: multipart/byteranges. */
static bool send_ranges(struct http_response *out, const char *type, const uint8_t *kept,
                        uint64_t len, const struct http_range *ranges, size_t count,
                        struct err *e) {
    uint8_t random[BOUNDARY_LEN / 2];
    char boundary[BOUNDARY_LEN + 1];
    char end[BOUNDARY_LEN + 9];
    if (!random_bytes(random, sizeof(random), e)) {
        return false;
    }
    hex_encode(random, sizeof(random), boundary);
    for (size_t i = 0; i < count; i++) {
        if (!add_boundary(out, boundary, type, kept, len, &ranges[i], e)) {
            return false;
        }
    }
    int end_len = snprintf(end, sizeof(end), "\r\n--%s--\r\n", boundary);
    out->status = 206;
    return http_body_add_memory(&out->body, end, (size_t)end_len, e) &&
           http_response_printf(out, e, "Content-Type", "multipart/byteranges; boundary=%s",
                                boundary);
}

static bool send_none_satisfiable(struct http_response *out, uint64_t len, struct err *e) {
    return http_response_printf(out, e, "Content-Range", "bytes */%" PRIu64, len) &&
           http_response_set_page(out, 416, "The file is shorter than the range asked for.", e);
}

/* The body's descriptor is set, or the content is kept; takes what the request's conditions leave
 * of the file. */
static bool send_file(const struct http_request *request, const char *path,
                      const struct opened *opened, struct http_response *out, struct err *e) {
    const struct stat *about = &opened->about;
    const uint8_t *kept = opened->kept;
    char etag[HTTP_ETAG_MAX];
    make_etag(about, etag);
    const struct http_validators validators = {.etag = etag,
                                               .modified_ms =
                                                   about->st_mtim.tv_sec * CLOCK_SECOND_MS,
                                               .len = (uint64_t)about->st_size};
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t count = 0;
    enum http_condition condition = http_condition(request, &validators);
    if (condition == HTTP_PRECONDITION_FAILED) {
        return http_response_set_page(out, 412, "The file has changed.", e);
    }
    if (!add_validators(out, &validators, e)) {
        return false;
    }
    if (condition == HTTP_NOT_MODIFIED) {
        out->status = 304;
        return true;
    }
    const char *type = media_type_for(path);
    switch (http_ranges(request, &validators, ranges, &count)) {
    case HTTP_RANGES_UNSATISFIABLE:
        return send_none_satisfiable(out, validators.len, e);
    case HTTP_RANGES_SOME:
        return count == 1 ? send_range(out, type, kept, validators.len, &ranges[0], e)
                          : send_ranges(out, type, kept, validators.len, ranges, count, e);
    case HTTP_RANGES_NONE:
        break;
    }
    return send_whole(out, type, kept, validators.len, e);
}

static bool send_opened(const struct http_request *request, const char *path, struct opened *opened,
                        struct http_response *out, struct err *e) {
    if (!S_ISREG(opened->about.st_mode)) {
        return not_found(out, e);
    }
    if (opened->kept == NULL) {
        out->body.fd = opened->fd;
        opened->fd = -1;
    }
    return send_file(request, path, opened, out, e);
}

static bool send_index(const struct place *place, const struct http_request *request,
                       struct site_path *path, struct http_response *out, struct err *e) {
    for (size_t i = 0; i < SNAPSHOT_INDEX_NAMES_MAX && place->site->index_names[i] != NULL; i++) {
        char name[STATIC_PATH_MAX + 256];
        int len = snprintf(name, sizeof(name), "%s%s%s", path->text, path->len > 0 ? "/" : "",
                           place->site->index_names[i]);
        if (len < 0 || (size_t)len >= sizeof(name)) {
            continue;
        }
        PL_AUTO(close_opened) struct opened opened = open_path(place, name);
        if (is_there(&opened) && S_ISREG(opened.about.st_mode)) {
            return send_opened(request, name, &opened, out, e);
        }
        if (!is_there(&opened) && errno != ENOENT && errno != ENOTDIR) {
            return answer_errno(errno, out, e);
        }
    }
    return not_found(out, e);
}

static bool send_path(const struct place *place, const struct http_request *request,
                      struct site_path *path, struct http_response *out, struct err *e) {
    if (path->is_folder) {
        return send_index(place, request, path, out, e);
    }
    PL_AUTO(close_opened) struct opened opened = open_path(place, path->text);
    if (!is_there(&opened)) {
        return answer_errno(errno, out, e);
    }
    return S_ISDIR(opened.about.st_mode) ? redirect_to_folder(request, path, out, e)
                                         : send_opened(request, path->text, &opened, out, e);
}

bool static_respond(const struct snapshot_site *site, struct file_cache *cache,
                    const struct http_request *request, struct http_response *out_response,
                    struct err *e) {
    const struct place place = {.site = site, .cache = cache};
    struct site_path path;
    if (request->method != HTTP_GET && request->method != HTTP_HEAD) {
        return refuse_method(request, out_response, e);
    }
    if (site->root == NULL) {
        return http_response_set_page(out_response, 503, "The site's folder cannot be opened.", e);
    }
    switch (read_path(request->path, &path)) {
    case PATH_BAD:
        return http_response_set_page(out_response, 400, "The address is malformed.", e);
    case PATH_HIDDEN:
        return not_found(out_response, e);
    case PATH_GOOD:
        break;
    }
    return send_path(&place, request, &path, out_response, e);
}
