/*
 * What a net process counts, in memory that it shares: it alone writes, whoever has the descriptor
 * reads, and neither waits for the other. Each figure is read whole; together they are of no one
 * moment.
 *
 * Process: net (writes), metrics (reads and believes nothing but that they are numbers).
 */
#ifndef PL_ROLE_NET_FIGURES_H
#define PL_ROLE_NET_FIGURES_H

#include "base/compiler.h"
#include "base/err.h"

#include <stdatomic.h>

enum net_figure {
#define NET_FIGURE(name, kind, family, labels, help) NET_##name,
#include "role/net_figures.def"
#undef NET_FIGURE
    NET_FIGURE_COUNT
};

struct net_figures {
    _Atomic uint64_t values[NET_FIGURE_COUNT];
};

/* One writer: no locked instruction is needed. */
static inline void net_figure_set(struct net_figures *figures, enum net_figure which,
                                  uint64_t value) {
    atomic_store_explicit(&figures->values[which], value, memory_order_relaxed);
}

static inline uint64_t net_figure(const struct net_figures *figures, enum net_figure which) {
    return atomic_load_explicit(&figures->values[which], memory_order_relaxed);
}

static inline void net_figure_add(struct net_figures *figures, enum net_figure which,
                                  uint64_t more) {
    net_figure_set(figures, which, net_figure(figures, which) + more);
}

static inline void net_figure_sub(struct net_figures *figures, enum net_figure which,
                                  uint64_t less) {
    net_figure_set(figures, which, net_figure(figures, which) - less);
}

/* Sums over a family's rows. */
uint64_t net_figures_handshakes(const struct net_figures *figures);
uint64_t net_figures_failed(const struct net_figures *figures);
uint64_t net_figures_requests(const struct net_figures *figures);

/* How it is told. */
struct net_figure_row {
    bool is_counter; /* else a gauge */
    const char *family;
    const char *labels; /* "version=\"TLS 1.3\""; "" for none */
    const char *help;   /* of the family, at its first row */
};
const struct net_figure_row *net_figure_row(enum net_figure which);

/* Which row counts it. */
enum net_figure net_figure_of_version(const char *version); /* "TLS 1.3" */
enum net_figure net_figure_of_status(int status);
enum net_figure net_figure_of_failure(enum err_code code);

#endif
