/*
 * The metrics page: what all processes count, as Prometheus' text (version 0.0.4), and whether the
 * server is healthy. No I/O.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef PL_ROLE_METRICS_PAGE_H
#define PL_ROLE_METRICS_PAGE_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "role/net_figures.h"

enum { METRICS_ROLES_MAX = 8, METRICS_PAGE_MAX = 64 * 1024 };

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All processes of one kind. */
struct metrics_role {
    const char *name; /* static: "net" */
    uint32_t wanted;
    uint32_t running;
    uint64_t restarts; /* after it ended without being told to */
};

struct metrics_facts {
    uint64_t figures[NET_FIGURE_COUNT]; /* summed over the net processes, ended ones included */
    struct metrics_role roles[METRICS_ROLES_MAX];
    size_t role_count;
    bool is_stopping;
    bool has_world;      /* control has told what follows */
    int64_t store_seq;   /* the store's newest change that control has read */
    int64_t applied_seq; /* up to which it is served */
    uint64_t bindings;
    int64_t first_expiry_ms; /* of the bound certificates; 0: none */
};

/* Fails base.oom, base.limit. */
bool metrics_page_write(const struct metrics_facts *facts, struct buf *out, struct err *e)
    PL_MUST_USE;

/* out_why: a sentence for people, static; also when it is healthy. */
bool metrics_is_healthy(const struct metrics_facts *facts, const char **out_why);

#endif
