/*
 * The use cases: one function for each thing that a user can do. The command line and the services
 * call these and nothing below them; each is one transaction of the store (or two, where a
 * signature stands between), appends to the audit log and, where it can be taken back, to the
 * changes.
 *
 * A struct ops is one open data directory. Not for several threads.
 */
#ifndef PL_OPS_OPS_H
#define PL_OPS_OPS_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

struct ops;
struct store;
struct keys;

/* True when the directory holds an initialised store. */
bool ops_store_exists(const char *data_dir);

/* Fails ops.store.missing (hint: padlock init), store.*, keys.sealing.*, base.oom. Caller owns,
 * ops_close(). */
bool ops_open(const char *data_dir, struct ops **out_ops, struct err *e) PL_MUST_USE;
void ops_close(struct ops *ops);
PL_DEFINE_FREEP(ops_closep, struct ops, ops_close)

/* From now on every change is made, checked, and taken back before its end: "what would happen". */
void ops_set_dry_run(struct ops *ops, bool is_dry_run);
bool ops_is_dry_run(const struct ops *ops);

/* Who acts, for the audit log: "root@host" until someone says otherwise. The text is copied. */
void ops_set_actor(struct ops *ops, const char *actor);
const char *ops_actor(const struct ops *ops);

/* What the floor above may look at but not keep. */
struct store *ops_store(struct ops *ops);
const char *ops_data_dir(const struct ops *ops);

/* A server that is to be looked at: see tls/client.h. */
struct look_wish {
    const char *host; /* to connect to */
    uint16_t port;
    const char *sni;      /* name to ask for; "": none */
    const char *starttls; /* the protocol that TLS is asked for in; "": none */
    int64_t timeout_ms;
};

/*
 * Where private keys are used and foreign files are opened: in the caller's own process (tests)
 * until the program says otherwise; see keys/keys.h and keys/unpack.h. Whatever connects somewhere
 * is done elsewhere in any case: there is no way to it from here but these.
 */
struct secret;
struct unpacked;
struct dns_wish;
struct dns_answer;
struct fetch_wish;
struct tls_look;
struct ops_processes {
    bool (*open_keys)(const char *data_dir, struct keys **out_keys, struct err *e);
    bool (*unpack)(bool is_pfx, const uint8_t *bytes, size_t len, const struct secret *password,
                   struct unpacked *out, struct err *e);
    /* Fails sys.dns.*, base.*, and as all of these: ipc.*, sys.process */
    bool (*look_up)(const struct dns_wish *wish, struct dns_answer *out, struct err *e);
    /* A server that was started just now gets a second. Fails tls.look.*, inspect.starttls,
     * pki.cert.*, base.* */
    bool (*look)(const struct look_wish *wish, struct tls_look *out, struct err *e);
    /* Appends; out's max is the limit for what is fetched. Fails http.fetch.*, base.* */
    bool (*fetch)(const struct fetch_wish *wish, struct buf *out, struct err *e);
};
/* For every ops that is opened from now on; copied. */
void ops_use_processes(const struct ops_processes *processes);

/*
 * The keys interface; the sealing key is read at the first call, so that commands which only list
 * do not need the right to read it. Fails keys.sealing.*.
 */
bool ops_keys(struct ops *ops, struct keys **out_keys, struct err *e) PL_MUST_USE;

#endif
