/*
 * What a service manager (systemd) and a service tell each other: readiness, sockets that were
 * opened beforehand, credentials. Nothing of it is needed to serve; without a manager these do
 * nothing.
 *
 * Source: sd_notify(3), sd_listen_fds(3), systemd.exec(5) "Credentials": documented and stable, and
 * less than the library's dependency.
 */
#ifndef PL_SYS_SERVICE_MANAGER_H
#define PL_SYS_SERVICE_MANAGER_H

#include "base/compiler.h"
#include "base/err.h"

enum { SERVICE_SOCKETS_MAX = 4352, SERVICE_PATH_MAX = 4096 };

/* "READY=1", "STOPPING=1", "STATUS=…", several with newlines between; lost when nobody listens. */
void service_notify(const char *text);

/*
 * The sockets that were handed over at the start, made close-on-exec; once only, for they are the
 * caller's then. Those that are no listening TCP sockets are closed.
 *
 * out_kept  how many of them, the first ones, are the manager's, who keeps them open; the others
 * come from an earlier version of this program (sys/process.h) and are nobody else's
 *
 * Returns how many are in out_fds.
 */
size_t service_take_sockets(int out_fds[SERVICE_SOCKETS_MAX], size_t *out_kept);

/* For the next version: the first so many of its sockets are the manager's. */
#define SERVICE_KEPT_VARIABLE "LISTEN_PADLOCK_KEPT"

/* The path of a credential of that name; false when there is none. */
bool service_find_credential(const char *name, char out_path[SERVICE_PATH_MAX]);

#endif
