/* URLs with an authority; no relative references, no other schemes. */
#include "codec/uri.h"

#include "base/hex.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { PORT_MAX = 65535, HTTP_PORT = 80, HTTPS_PORT = 443 };

static bool say_not_url(const char *text, struct err *e) {
    (void)err_set(e, ERR_CODEC_URI, "\"%.200s\" is not an http or https URL", text);
    return err_hint(e, "write it as https://www.example.com or https://192.0.2.1:443");
}

static bool starts_with_nocase(const char *text, const char *prefix) {
    for (; *prefix != '\0'; prefix++, text++) {
        if (str_lower_char(*text) != *prefix) {
            return false;
        }
    }
    return true;
}

/* Nothing that RFC 3986 excludes; characters beyond ASCII may stand in an international host. */
static bool has_only_url_characters(const char *text) {
    for (; *text != '\0'; text++) {
        if ((uint8_t)*text <= ' ' || *text == 0x7F || strchr("<>\"{}|\\^`#", *text) != NULL) {
            return false;
        }
    }
    return true;
}

static bool read_scheme(const char **text, struct uri *uri) {
    bool is_https = starts_with_nocase(*text, "https://");
    if (!is_https && !starts_with_nocase(*text, "http://")) {
        return false;
    }
    uri->is_https = is_https;
    *text += is_https ? strlen("https://") : strlen("http://");
    return true;
}

/* "" gives the scheme's own port. */
static bool read_port(const char *text, struct uri *uri) {
    uint64_t port = uri->is_https ? HTTPS_PORT : HTTP_PORT;
    if (text[0] != '\0' && (!str_to_u64(text, PORT_MAX, &port) || port == 0)) {
        return false;
    }
    uri->has_port = text[0] != '\0';
    uri->port = (uint16_t)port;
    return true;
}

static bool read_host(const char *text, struct uri *uri, struct err *e) {
    if (ip_parse(text, &uri->ip)) {
        ip_format(&uri->ip, uri->host);
        return true;
    }
    return hostname_from_typed(text, uri->host, e);
}

/*
 * Where the host ends: after its "]", or at the ":" of the port. NULL for an IPv6 address without
 * brackets.
 */
static char *find_host_end(char *authority) {
    if (authority[0] == '[') {
        char *end = strchr(authority, ']');
        return end == NULL ? NULL : end + 1;
    }
    char *colon = strchr(authority, ':');
    if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        return NULL;
    }
    return colon == NULL ? authority + strlen(authority) : colon;
}

static bool read_authority(const char *text, char *authority, struct uri *uri, struct err *e) {
    char *end = find_host_end(authority);
    if (end == NULL && authority[0] != '[') {
        (void)err_set(e, ERR_CODEC_URI, "\"%.200s\" has an IPv6 address without brackets", text);
        return err_hint(e, "write the address as https://[2001:db8::1]:443");
    }
    if (end == NULL || end == authority || strchr(authority, '@') != NULL) {
        return say_not_url(text, e);
    }
    if (*end != '\0' && *end != ':') {
        return say_not_url(text, e);
    }
    const char *port = *end == ':' ? end + 1 : end;
    if ((*end == ':' && *port == '\0') || !read_port(port, uri)) {
        return err_set(e, ERR_CODEC_URI, "\"%.200s\" has no port from 1 to %d after the colon",
                       text, PORT_MAX);
    }
    *end = '\0';
    return read_host(authority, uri, e);
}

bool uri_parse(const char *text, struct uri *out_uri, struct err *e) {
    struct uri uri = {0};
    const char *rest = text;
    if (strlen(text) > URI_LEN_MAX) {
        return err_set(e, ERR_CODEC_URI, "a URL is longer than %d bytes", URI_LEN_MAX);
    }
    if (!read_scheme(&rest, &uri) || !has_only_url_characters(rest)) {
        return say_not_url(text, e);
    }
    char authority[URI_LEN_MAX + 1];
    size_t len = strcspn(rest, "/?");
    memcpy(authority, rest, len);
    authority[len] = '\0';
    if (!read_authority(text, authority, &uri, e)) {
        return false;
    }
    if (!str_is_ascii(rest + len)) {
        return say_not_url(text, e);
    }
    (void)str_copy(uri.path, sizeof(uri.path), rest + len);
    *out_uri = uri;
    return true;
}

void uri_format_authority(const struct uri *uri, char out[URI_AUTHORITY_SIZE]) {
    bool is_ipv6 = uri->ip.len == IP_LEN_MAX;
    (void)snprintf(out, URI_AUTHORITY_SIZE, is_ipv6 ? "[%s]:%u" : "%s:%u", uri->host,
                   (unsigned)uri->port);
}

void uri_format(const struct uri *uri, char out[URI_TEXT_SIZE]) {
    char authority[URI_AUTHORITY_SIZE];
    uri_format_authority(uri, authority);
    if (uri->port == (uri->is_https ? HTTPS_PORT : HTTP_PORT)) {
        *strrchr(authority, ':') = '\0';
    }
    (void)snprintf(out, URI_TEXT_SIZE, "%s://%s%s", uri->is_https ? "https" : "http", authority,
                   uri->path);
}

/* The byte of "%41" at text; -1 when it is none, 0 for a NUL: neither belongs in a path. */
static int escaped_byte(const char *text, size_t len) {
    if (len < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0) {
        return -1;
    }
    return hex_value(text[1]) << 4 | hex_value(text[2]);
}

bool uri_decode_path(const char *text, size_t len, char *out, size_t out_size, struct err *e) {
    PL_BUG_UNLESS(out_size > len);
    size_t out_len = 0;
    for (size_t i = 0; i < len; i++) {
        int byte = text[i] == '%' ? escaped_byte(text + i, len - i) : (uint8_t)text[i];
        if (byte <= 0) {
            return err_set(e, ERR_CODEC_URI_ESCAPE, "the path has a wrong %% escape or a NUL");
        }
        i += text[i] == '%' ? 2 : 0;
        out[out_len++] = (char)byte;
    }
    out[out_len] = '\0';
    return true;
}
