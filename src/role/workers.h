/* The kinds of worker processes, one file each. Private to role/. */
#ifndef PL_ROLE_WORKERS_H
#define PL_ROLE_WORKERS_H

#include "role/worker.h"

extern const struct worker_kind control_kind;
extern const struct worker_kind keys_kind;
extern const struct worker_kind metrics_kind;
extern const struct worker_kind net_kind;
extern const struct worker_kind net_services_kind;
extern const struct worker_kind probe_kind;
extern const struct worker_kind unpack_kind;

#endif
