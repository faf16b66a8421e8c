/* Which figure counts what. */
#include "role/net_figures.h"

#include "base/str.h"

enum { KIND_GAUGE, KIND_COUNTER };

const struct net_figure_row *net_figure_row(enum net_figure which) {
    static const struct net_figure_row rows[NET_FIGURE_COUNT] = {
#define NET_FIGURE(name, kind, family, labels, help)                                               \
    [NET_##name] = {KIND_##kind == KIND_COUNTER, family, labels, help},
#include "role/net_figures.def"
#undef NET_FIGURE
    };
    return &rows[which];
}

static uint64_t sum(const struct net_figures *figures, enum net_figure first,
                    enum net_figure last) {
    uint64_t total = 0;
    for (unsigned i = first; i <= (unsigned)last; i++) {
        total += net_figure(figures, (enum net_figure)i);
    }
    return total;
}

uint64_t net_figures_handshakes(const struct net_figures *figures) {
    return sum(figures, NET_HANDSHAKES_TLS_1_3, NET_HANDSHAKES_OLDER);
}

uint64_t net_figures_failed(const struct net_figures *figures) {
    return sum(figures, NET_FAILED_ALERT, NET_FAILED_TIMEOUT);
}

uint64_t net_figures_requests(const struct net_figures *figures) {
    return sum(figures, NET_REQUESTS_1XX, NET_REQUESTS_5XX);
}

enum net_figure net_figure_of_version(const char *version) {
    return str_equal(version, "TLS 1.3")   ? NET_HANDSHAKES_TLS_1_3
           : str_equal(version, "TLS 1.2") ? NET_HANDSHAKES_TLS_1_2
                                           : NET_HANDSHAKES_OLDER;
}

enum net_figure net_figure_of_status(int status) {
    int class = status / 100;
    return class < 1 || class > 5 ? NET_REQUESTS_5XX
                                  : (enum net_figure)(NET_REQUESTS_1XX + class - 1);
}

enum net_figure net_figure_of_failure(enum err_code code) {
    static const struct {
        enum err_code code;
        enum net_figure figure;
    } rows[] = {
        {ERR_TLS_HANDSHAKE_ALERT, NET_FAILED_ALERT},
        {ERR_TLS_CERTIFICATE_BROKEN, NET_FAILED_CERTIFICATE},
        {ERR_TLS_KEY_FAMILY, NET_FAILED_CERTIFICATE},
        {ERR_TLS_KEY_MISMATCH, NET_FAILED_CERTIFICATE},
        {ERR_TLS_HANDSHAKE_CLIENT, NET_FAILED_CLIENT},
        {ERR_TLS_HANDSHAKE_HTTP, NET_FAILED_HTTP},
        {ERR_TLS_HANDSHAKE_LEFT, NET_FAILED_LEFT},
        {ERR_TLS_HANDSHAKE_MALFORMED, NET_FAILED_MALFORMED},
        {ERR_TLS_HANDSHAKE_NAME, NET_FAILED_NAME},
        {ERR_TLS_HANDSHAKE_NOT_TLS, NET_FAILED_NOT_TLS},
        {ERR_TLS_HANDSHAKE_FAILED, NET_FAILED_PROTOCOL},
        {ERR_TLS_HANDSHAKE_REFUSED, NET_FAILED_REFUSED},
        {ERR_TLS_SIGNER, NET_FAILED_SIGNER},
        {ERR_TLS_SIGN_REFUSED, NET_FAILED_SIGNER},
        {ERR_TLS_HANDSHAKE_TIMEOUT, NET_FAILED_TIMEOUT},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (rows[i].code == code) {
            return rows[i].figure;
        }
    }
    return NET_FAILED_OTHER;
}
