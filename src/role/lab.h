/*
 * padlock lab badssl: the faulty servers of inspect/badssl on one port of the loopback interface,
 * told apart by the name that clients ask for. Plain HTTP on the same port gives what certificates
 * name: the issuer, the revocation list, OCSP responses.
 *
 * The process that calls makes all keys, opens the port, and then gives up its rights as the
 * server's processes do: its keys are worth nothing outside, and it cannot reach anything.
 */
#ifndef PL_ROLE_LAB_H
#define PL_ROLE_LAB_H

#include "base/compiler.h"
#include "base/err.h"

#include <stdint.h>

struct lab_wish {
    uint16_t port;         /* 0: any free one */
    const char *root_path; /* where the root to trust is written as PEM; NULL: nowhere */
    void (*ready)(void *ctx, uint16_t port); /* before it serves */
    void *ctx;
};

/* Runs until SIGINT or SIGTERM. Fails net.port.*, sys.file.write, sys.sandbox, base.oom. */
bool lab_badssl_run(const struct lab_wish *wish, struct err *e) PL_MUST_USE;

#endif
