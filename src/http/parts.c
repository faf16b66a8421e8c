/* The parts of the site "services". */
#include "http/parts.h"

#include "base/str.h"

#include <string.h>

static const struct {
    const char *name;
    unsigned schemes;
    const char *path;
    uint64_t content_max;
    const char *about;
} table[PART_COUNT] = {
#define PART(id, text, where, root, content, what)                                                 \
    [PART_##id] = {.name = (text),                                                                 \
                   .schemes = (where),                                                             \
                   .path = (root),                                                                 \
                   .content_max = (content),                                                       \
                   .about = (what)},
#include "http/parts.def"
#undef PART
};

const char *part_name(enum part part) {
    return table[part].name;
}

const char *part_about(enum part part) {
    return table[part].about;
}

bool part_find(const char *name, enum part *out_part) {
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if (str_equal(table[i].name, name)) {
            *out_part = (enum part)i;
            return true;
        }
    }
    return false;
}

bool part_is_allowed(enum part part, bool is_https) {
    return (table[part].schemes & (is_https ? PARTS_HTTPS : PARTS_HTTP)) != 0;
}

uint64_t part_content_max(enum part part) {
    return table[part].content_max;
}

static bool is_beneath(struct http_text path, const char *root) {
    size_t len = strlen(root);
    bool is_folder = root[len - 1] == '/';
    size_t bare = is_folder ? len - 1 : len;
    if (path.len < bare || memcmp(path.at, root, bare) != 0) {
        return false;
    }
    return path.len == bare ? bare > 0 : path.at[bare] == '/';
}

bool parts_route(uint32_t mask, struct http_text path, enum part *out_part) {
    size_t best = 0;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        size_t len = strlen(table[i].path);
        if ((mask & 1U << i) != 0 && len > best && is_beneath(path, table[i].path)) {
            best = len;
            *out_part = (enum part)i;
        }
    }
    return best > 0;
}
