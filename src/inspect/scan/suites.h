/*
 * Every cipher suite that a scan asks servers for, and what each consists of, read from its name.
 * Pure tables.
 *
 * Source: IANA "TLS Cipher Suites"; key sizes as SSL Labs' rating guide counts them
 */
#ifndef PL_INSPECT_SCAN_SUITES_H
#define PL_INSPECT_SCAN_SUITES_H

#include "base/compiler.h"

enum { SCAN_SUITES_MAX = 384 }; /* more than the table has */

enum scan_exchange {
    SCAN_EXCHANGE_TLS13, /* agreed apart from the suite */
    SCAN_EXCHANGE_ECDHE,
    SCAN_EXCHANGE_DHE,
    SCAN_EXCHANGE_STATIC, /* a key of the certificate: RSA, fixed DH and ECDH, Kerberos */
    SCAN_EXCHANGE_ANON,   /* nobody is authenticated */
    SCAN_EXCHANGE_PSK,    /* a key, or a password, that both sides know beforehand */
};

enum scan_auth {
    SCAN_AUTH_TLS13,
    SCAN_AUTH_RSA,
    SCAN_AUTH_ECDSA,
    SCAN_AUTH_OTHER, /* DSS, GOST, Kerberos, a shared key */
    SCAN_AUTH_NONE,
};

enum scan_mode { SCAN_MODE_AEAD, SCAN_MODE_CBC, SCAN_MODE_STREAM, SCAN_MODE_NULL };

struct scan_suite {
    uint16_t code;
    const char *name; /* IANA's; "0x1234" is written for what is not in the table */
    enum scan_exchange exchange;
    enum scan_auth auth;
    enum scan_mode mode;
    uint16_t bits;      /* that an attacker has to guess: 0, 40, 56, 112, 128, 256 */
    bool is_export;     /* weakened on purpose (before 2000) */
    bool is_rsa_export; /* with an RSA key of 512 bits: FREAK */
    bool is_block64;    /* blocks of 64 bits: Sweet32 */
    bool is_rc4;
};

size_t scan_suite_count(void);
uint16_t scan_suite_code(size_t index);
/* By its place in the table. */
void scan_suite_at(size_t index, struct scan_suite *out);
/* False when the code is not in the table: then only the code and the mode are set. */
bool scan_suite_find(uint16_t code, struct scan_suite *out);
bool scan_suite_is_tls13(uint16_t code);

#endif
