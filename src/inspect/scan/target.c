/* Targets: words understood and walked. */
#include "inspect/scan/target.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

struct scan_pattern {
    char *name;      /* that is asked for; NULL: none of its own */
    char *host;      /* a name; NULL: addresses from first on */
    struct ip first; /* in steps of one */
    uint64_t addresses;
    uint16_t ports[SCAN_PORTS_MAX];
    size_t port_count;
};

void scan_target_format(const struct scan_target *target, char out[SCAN_TARGET_TEXT]) {
    bool is_ip6 = strchr(target->host, ':') != NULL;
    (void)snprintf(out, SCAN_TARGET_TEXT, is_ip6 ? "%s%s[%s]:%u" : "%s%s%s:%u", target->name,
                   target->name[0] == '\0' ? "" : "@", target->host, target->port);
}

void scan_targets_clear(struct scan_targets *targets) {
    for (size_t i = 0; i < targets->count; i++) {
        mem_free(targets->patterns[i].name);
        mem_free(targets->patterns[i].host);
    }
    mem_free(targets->patterns);
    *targets = (struct scan_targets){0};
}

/* --- one word ------------------------------------------------------------------------------------
 */

static bool malformed(struct err *e, const char *word) {
    (void)err_set(e, ERR_INSPECT_TARGET, "\"%.200s\" is no host, network or range", word);
    return err_hint(e, "write www.example.com:443, 192.0.2.0/24:443,8443, 192.0.2.10-40 or "
                       "[2001:db8::1]:443");
}

static bool read_ports(const char *text, struct scan_pattern *out) {
    while (*text != '\0') {
        char number[8];
        uint64_t port = 0;
        size_t len = strcspn(text, ",");
        if (len >= sizeof(number) || out->port_count == SCAN_PORTS_MAX) {
            return false;
        }
        memcpy(number, text, len);
        number[len] = '\0';
        if (!str_to_u64(number, UINT16_MAX, &port) || port == 0) {
            return false;
        }
        out->ports[out->port_count++] = (uint16_t)port;
        text += len + (text[len] == ',' && text[len + 1] != '\0' ? 1 : 0);
        if (*text == ',') {
            return false;
        }
    }
    return out->port_count > 0;
}

/* The host's part of a word, without brackets, and where its ports begin; NULL: there are none. */
static bool split(const char *word, char host[SCAN_HOST_MAX], const char **out_ports) {
    const char *start = word[0] == '[' ? word + 1 : word;
    const char *bracket = start == word ? NULL : strchr(start, ']');
    const char *colon = strchr(bracket == NULL ? word : bracket, ':');
    /* More than one colon outside of brackets: an IPv6 address or network alone. */
    bool is_bare_ip6 = start == word && colon != NULL && strchr(colon + 1, ':') != NULL;
    *out_ports = colon == NULL || is_bare_ip6 ? NULL : colon + 1;
    const char *end = *out_ports == NULL ? word + strlen(word) : colon;
    if (start != word) {
        if (bracket == NULL || bracket + 1 != end) {
            return false;
        }
        end = bracket;
    }
    size_t len = (size_t)(end - start);
    if (len == 0 || len >= SCAN_HOST_MAX) {
        return false;
    }
    memcpy(host, start, len);
    host[len] = '\0';
    return true;
}

static bool read_network(const char *host, struct scan_pattern *out) {
    struct ip_network network;
    if (!ip_network_parse(host, &network)) {
        return false;
    }
    unsigned free_bits = (unsigned)(8 * network.ip.len) - network.bits;
    out->first = network.ip;
    /* More than can be scanned in any case. */
    out->addresses = free_bits > 40 ? (uint64_t)1 << 40 : (uint64_t)1 << free_bits;
    return true;
}

static uint32_t number_of(const struct ip *ip) {
    return (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 |
           (uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
}

/* "192.0.2.10-40", "192.0.2.10-192.0.2.40" */
static bool read_range(const char *host, struct scan_pattern *out) {
    const char *dash = strchr(host, '-');
    char text[SCAN_HOST_MAX];
    struct ip last;
    uint64_t part = 0;
    if (dash == NULL) {
        return false;
    }
    memcpy(text, host, (size_t)(dash - host));
    text[dash - host] = '\0';
    if (!ip_parse(text, &out->first) || out->first.len != 4) {
        return false;
    }
    if (str_to_u64(dash + 1, UINT8_MAX, &part)) {
        last = out->first;
        last.bytes[3] = (uint8_t)part;
    } else if (!ip_parse(dash + 1, &last) || last.len != 4) {
        return false;
    }
    if (number_of(&last) < number_of(&out->first)) {
        return false;
    }
    out->addresses = (uint64_t)number_of(&last) - number_of(&out->first) + 1;
    return true;
}

/* A name: what can be looked up, with a letter in its last part, as addresses have none. */
static bool is_name(const char *host) {
    size_t len = strlen(host);
    bool has_letter = false;
    for (size_t i = 0; i < len; i++) {
        bool is_fine = str_is_alpha(host[i]) || str_is_digit(host[i]) || host[i] == '-' ||
                       host[i] == '.' || host[i] == '_';
        if (!is_fine) {
            return false;
        }
        has_letter = str_is_alpha(host[i]) || (has_letter && host[i] != '.');
    }
    return has_letter && len < SCAN_HOST_MAX && host[0] != '-' && host[0] != '.';
}

static bool add_pattern(struct scan_targets *targets, const struct scan_pattern *pattern,
                        struct err *e) {
    uint64_t more = pattern->addresses * pattern->port_count;
    if (targets->count == SCAN_PATTERNS_MAX || more > SCAN_TARGETS_MAX ||
        targets->total + more > SCAN_TARGETS_MAX) {
        (void)err_set(e, ERR_BASE_LIMIT, "more than %u hosts and ports at once", SCAN_TARGETS_MAX);
        return err_hint(e, "scan them in parts");
    }
    if (targets->count == targets->capacity) {
        void *memory = targets->patterns;
        size_t capacity = targets->capacity == 0 ? 16 : 2 * targets->capacity;
        if (!mem_resize(&memory, capacity * sizeof(*pattern), e)) {
            return false;
        }
        targets->patterns = memory;
        targets->capacity = capacity;
    }
    targets->patterns[targets->count++] = *pattern;
    targets->total += more;
    return true;
}

static bool read_hosts(const char *host, struct scan_pattern *out, bool *out_is_name) {
    *out_is_name = false;
    if (read_network(host, out) || read_range(host, out)) {
        return true;
    }
    out->addresses = 1;
    *out_is_name = is_name(host);
    return *out_is_name;
}

bool scan_targets_add(struct scan_targets *targets, const char *word, uint16_t port,
                      struct err *e) {
    struct scan_pattern pattern = {.addresses = 1};
    char name[SCAN_HOST_MAX] = "";
    char host[SCAN_HOST_MAX] = "";
    const char *at = strchr(word, '@');
    const char *rest = at == NULL ? word : at + 1;
    const char *ports = NULL;
    bool has_name = false;
    if (at != NULL && (size_t)(at - word) < sizeof(name)) {
        memcpy(name, word, (size_t)(at - word));
    }
    if ((at != NULL && !is_name(name)) || !split(rest, host, &ports) ||
        (ports != NULL && !read_ports(ports, &pattern)) || !read_hosts(host, &pattern, &has_name)) {
        return malformed(e, word);
    }
    if (ports == NULL) {
        pattern.ports[pattern.port_count++] = port;
    }
    bool ok = (at == NULL || mem_strdup(name, &pattern.name, e)) &&
              (!has_name || mem_strdup(host, &pattern.host, e)) &&
              add_pattern(targets, &pattern, e);
    if (!ok) {
        mem_free(pattern.name);
        mem_free(pattern.host);
    }
    return ok;
}

/* --- lists ---------------------------------------------------------------------------------------
 */

static bool add_line(struct scan_targets *targets, const char *line, size_t len, uint16_t port,
                     struct err *e) {
    char word[SCAN_TARGET_TEXT + SCAN_PORTS_MAX * 6];
    size_t at = 0;
    while (at < len && line[at] != '#') {
        size_t end = at;
        while (end < len && !str_is_space(line[end]) && line[end] != '#') {
            end++;
        }
        if (end - at >= sizeof(word)) {
            return err_set(e, ERR_INSPECT_TARGET, "a word of %zu bytes is no host", end - at);
        }
        memcpy(word, line + at, end - at);
        word[end - at] = '\0';
        if (end > at && !scan_targets_add(targets, word, port, e)) {
            return false;
        }
        at = end;
        while (at < len && str_is_space(line[at])) {
            at++;
        }
    }
    return true;
}

bool scan_targets_add_list(struct scan_targets *targets, const char *bytes, size_t len,
                           uint16_t port, struct err *e) {
    size_t number = 1;
    for (size_t at = 0; at < len; number++) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t line_len = end == NULL ? len - at : (size_t)(end - (bytes + at));
        if (memchr(bytes + at, '\0', line_len) != NULL) {
            return err_set(e, ERR_INSPECT_TARGET, "line %zu is no text", number);
        }
        if (!add_line(targets, bytes + at, line_len, port, e)) {
            return err_wrap(e, "line %zu of the list", number);
        }
        at += line_len + 1;
    }
    return true;
}

static bool write_pattern(const struct scan_pattern *p, struct buf *out, struct err *e) {
    char first[IP_TEXT_SIZE];
    char last[IP_TEXT_SIZE];
    bool ok = p->name == NULL || buf_printf(out, e, "%s@", p->name);
    if (!ok) {
        return false;
    }
    if (p->host != NULL) {
        ok = buf_append_string(out, p->host, e);
    } else if (p->addresses == 1 || p->first.len == 16) {
        unsigned bits = (unsigned)(8 * p->first.len);
        for (uint64_t n = p->addresses; n > 1; n /= 2) {
            bits--;
        }
        ip_format(&p->first, first);
        ok = p->addresses == 1 ? buf_printf(out, e, p->first.len == 16 ? "[%s]" : "%s", first)
                               : buf_printf(out, e, "[%s/%u]", first, bits);
    } else {
        struct ip end = p->first;
        uint32_t number = number_of(&p->first) + (uint32_t)(p->addresses - 1);
        for (size_t i = 0; i < 4; i++) {
            end.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
        }
        ip_format(&p->first, first);
        ip_format(&end, last);
        ok = buf_printf(out, e, "%s-%s", first, last);
    }
    for (size_t i = 0; ok && i < p->port_count; i++) {
        ok = buf_printf(out, e, "%c%u", i == 0 ? ':' : ',', p->ports[i]);
    }
    return ok && buf_append_byte(out, '\n', e);
}

bool scan_targets_write(const struct scan_targets *targets, struct buf *out, struct err *e) {
    for (size_t i = 0; i < targets->count; i++) {
        if (!write_pattern(&targets->patterns[i], out, e)) {
            return false;
        }
    }
    return true;
}

/* --- walking -------------------------------------------------------------------------------------
 */

static void add_to_address(struct ip *ip, uint64_t number) {
    for (size_t i = ip->len; i-- > 0 && number > 0; number >>= 8) {
        uint64_t sum = ip->bytes[i] + (number & 0xFF);
        ip->bytes[i] = (uint8_t)sum;
        number += (sum >> 8) << 8;
    }
}

bool scan_targets_next(const struct scan_targets *targets, struct scan_cursor *cursor,
                       struct scan_target *out) {
    if (cursor->pattern == targets->count) {
        return false;
    }
    const struct scan_pattern *p = &targets->patterns[cursor->pattern];
    *out = (struct scan_target){.port = p->ports[cursor->port], .is_address = p->host == NULL};
    (void)str_copy(out->name, sizeof(out->name), p->name == NULL ? "" : p->name);
    if (p->host != NULL) {
        (void)str_copy(out->host, sizeof(out->host), p->host);
    } else {
        struct ip ip = p->first;
        char text[IP_TEXT_SIZE];
        add_to_address(&ip, cursor->address);
        ip_format(&ip, text);
        (void)str_copy(out->host, sizeof(out->host), text);
    }
    cursor->port++;
    if (cursor->port == p->port_count) {
        cursor->port = 0;
        cursor->address++;
    }
    if (cursor->address == p->addresses) {
        cursor->address = 0;
        cursor->pattern++;
    }
    return true;
}
