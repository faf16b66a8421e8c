/*
 * Protocols that begin in plain text and ask for TLS in their own words. Sans-I/O: what the server
 * says goes in, what is to be said comes out. No name, no password and no mail is ever sent.
 *
 * Limits: STARTTLS_TEXT_MAX bytes that the server may say.
 * Not here: Microsoft SQL Server, whose handshake goes on inside of its own packets.
 * Source: RFC 3207 (SMTP), 2033 (LMTP), 9051 (IMAP), 2595 (POP3), 4217 (FTP), 4642 (NNTP), 5804
 * (ManageSieve), 4511 §4.14 (LDAP), 6120 §5 (XMPP); draft-altman-telnet-starttls, IRCv3's "tls"
 * extension, [MS-RDPBCGR] §2.2.1.1 and §2.2.1.2; PostgreSQL's and MySQL's protocol documentation
 */
#ifndef PL_INSPECT_OBSERVE_STARTTLS_H
#define PL_INSPECT_OBSERVE_STARTTLS_H

#include "base/buf.h"

enum { STARTTLS_TEXT_MAX = 64 * 1024, STARTTLS_HOST_MAX = 256 };

/* For an option and its help. */
#define STARTTLS_NAMES                                                                             \
    "smtp|lmtp|imap|pop3|ftp|nntp|sieve|xmpp|xmpp-server|irc|telnet|ldap|postgres|mysql|rdp"
/* And one that packs TLS into its own packets (observe/tds.h), for who can do that. */
#define STARTTLS_PACKED_NAMES STARTTLS_NAMES "|mssql"

struct starttls_protocol {
    const char *name;
    uint16_t port; /* its usual one */
    const struct starttls_step *steps;
    bool is_packed; /* in the packets of observe/tds.h until the handshake is over */
};
/* NULL when there is none of that name. */
const struct starttls_protocol *starttls_find(const char *name);

enum starttls_status {
    STARTTLS_GOES_ON,
    STARTTLS_READY,   /* what is left in "in" is TLS already */
    STARTTLS_REFUSED, /* the server said no, or something else: said has it */
};

/* Clear works on a zeroed struct. */
struct starttls {
    const struct starttls_protocol *protocol;
    char host[STARTTLS_HOST_MAX];
    size_t step;
    struct buf in;
    struct buf out; /* to be sent; buf_reset() when it is */
    char said[160]; /* the server's words that ended it; raw */
};
void starttls_clear(struct starttls *s);

/* host: for protocols that name it; a text that is no host name is left out. */
enum starttls_status starttls_begin(struct starttls *s, const struct starttls_protocol *protocol,
                                    const char *host) PL_MUST_USE;
enum starttls_status starttls_receive(struct starttls *s, const uint8_t *bytes, size_t len)
    PL_MUST_USE;

#endif
