/*
 * The laboratory: a handshake between the observing client and a server of our own, both in this
 * process, so that what the server alone can reckon is shown as well. The server is OpenSSL's; its
 * key, its certificate and the CA over it are made anew each time.
 */
#ifndef PL_INSPECT_TRACE_LAB_H
#define PL_INSPECT_TRACE_LAB_H

#include "codec/json.h"
#include "inspect/observe/client.h"

enum lab_mode {
    LAB_RSA,
    LAB_ECDHE,
    LAB_TLS13,
    LAB_MLKEM,
    LAB_RESUME,
    LAB_HRR,
    LAB_MTLS,
    LAB_EARLY,
    LAB_MODE_COUNT
};

/* "rsa"; for the option and its help: "rsa|ecdhe|…" is LAB_MODES. */
#define LAB_MODES "rsa|ecdhe|tls13|mlkem|resume|hrr|mtls|early"
const char *lab_mode_name(enum lab_mode mode);

#define LAB_HOST "lab.example"

/*
 * Runs it and tells it as a document (trace/document.h).
 * at_ms   the date that certificates are made for
 * Fails   inspect.lab (the library lacks what the mode needs), observe.*, base.*
 */
bool lab_run(enum lab_mode mode, const struct observe_random *random, int64_t at_ms,
             json_t **out_document, struct err *e) PL_MUST_USE;

#endif
