/* STARTTLS in its dialects: a table of what is said and what must be answered. */
#include "inspect/observe/starttls.h"

#include "base/str.h"
#include "inspect/observe/tds.h"

#include <string.h>

enum step_kind {
    STEP_END,
    STEP_SAY,   /* text; "@" stands for the host */
    STEP_BYTES, /* text of len bytes */
    STEP_REPLY, /* lines "250-…", the last "250 …": its code must be text */
    STEP_LINE,  /* lines until one begins with text; one that begins with no ends it */
    STEP_WORD,  /* until text is there; no ends it */
    STEP_LDAP,
    STEP_MYSQL,
    STEP_RDP,
    STEP_TDS,
};

struct starttls_step {
    enum step_kind kind;
    const char *text;
    const char *no; /* NULL: nothing */
    size_t len;
};

#define SAY(text)                                                                                  \
    { STEP_SAY, text, NULL, 0 }
#define REPLY(code)                                                                                \
    { STEP_REPLY, code, NULL, 0 }
#define LINE(yes, no)                                                                              \
    { STEP_LINE, yes, no, 0 }
#define WORD(yes, no)                                                                              \
    { STEP_WORD, yes, no, 0 }
#define BYTES(bytes)                                                                               \
    { STEP_BYTES, bytes, NULL, sizeof(bytes) - 1 }
#define END                                                                                        \
    { STEP_END, NULL, NULL, 0 }

#define XMPP_OPEN "<?xml version='1.0'?><stream:stream to='@' version='1.0' xmlns='"
#define XMPP_STREAMS "' xmlns:stream='http://etherx.jabber.org/streams'>"
#define XMPP_FEATURES "</stream:features>"
#define XMPP_STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

static const struct starttls_step smtp[] = {REPLY("220"), SAY("EHLO padlock.invalid\r\n"),
                                            REPLY("250"), SAY("STARTTLS\r\n"),
                                            REPLY("220"), END};
static const struct starttls_step lmtp[] = {REPLY("220"), SAY("LHLO padlock.invalid\r\n"),
                                            REPLY("250"), SAY("STARTTLS\r\n"),
                                            REPLY("220"), END};
static const struct starttls_step imap[] = {LINE("* OK", "* BYE"), SAY("a STARTTLS\r\n"),
                                            LINE("a OK", "a "), END};
static const struct starttls_step pop3[] = {LINE("+OK", "-ERR"), SAY("STLS\r\n"),
                                            LINE("+OK", "-ERR"), END};
static const struct starttls_step ftp[] = {REPLY("220"), SAY("AUTH TLS\r\n"), REPLY("234"), END};
static const struct starttls_step nntp[] = {LINE("20", "4"), SAY("STARTTLS\r\n"), REPLY("382"),
                                            END};
static const struct starttls_step sieve[] = {LINE("OK", "NO"), SAY("STARTTLS\r\n"),
                                             LINE("OK", "NO"), END};
static const struct starttls_step xmpp[] = {SAY(XMPP_OPEN "jabber:client" XMPP_STREAMS),
                                            WORD(XMPP_FEATURES, "</stream:stream>"),
                                            SAY(XMPP_STARTTLS),
                                            WORD("<proceed", "<failure"),
                                            WORD(">", NULL),
                                            END};
static const struct starttls_step xmpp_server[] = {SAY(XMPP_OPEN "jabber:server" XMPP_STREAMS),
                                                   WORD(XMPP_FEATURES, "</stream:stream>"),
                                                   SAY(XMPP_STARTTLS),
                                                   WORD("<proceed", "<failure"),
                                                   WORD(">", NULL),
                                                   END};
/* Replies are numbers after the server's name: 670 go on, 691 no. */
static const struct starttls_step irc[] = {SAY("STARTTLS\r\n"), WORD(" 670 ", " 691 "),
                                           WORD("\n", NULL), END};
/* The server begins: DO START_TLS; we will, and both say that it follows. */
#define TELNET_FOLLOWS "\xff\xfa\x2e\x01\xff\xf0"
static const struct starttls_step telnet[] = {WORD("\xff\xfd\x2e", "ogin:"),
                                              BYTES("\xff\xfb\x2e" TELNET_FOLLOWS),
                                              WORD(TELNET_FOLLOWS, "\xff\xfe\x2e"), END};
/* A connection request that offers TLS, alone and with CredSSP inside. */
static const struct starttls_step rdp[] = {
    BYTES("\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"),
    {STEP_RDP, NULL, NULL, 0},
    END};
/* An ExtendedRequest, message 1, for 1.3.6.1.4.1.1466.20037. */
static const struct starttls_step ldap[] = {BYTES("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                                                  "1.3.6.1.4.1.1466.20037"),
                                            {STEP_LDAP, NULL, NULL, 0},
                                            END};
/* SSLRequest; the server answers with one letter. */
static const struct starttls_step postgres[] = {BYTES("\x00\x00\x00\x08\x04\xd2\x16\x2f"),
                                                WORD("S", "N"), END};
/* SSLRequest: protocol 4.1, SSL, secure connection; at most 16 MiB; utf8. */
static const struct starttls_step mysql[] = {
    {STEP_MYSQL, NULL, NULL, 0},
    BYTES("\x20\x00\x00\x01\x00\x8a\x00\x00\x00\x00\x00\x01\x21"
          "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    END};

/* PRELOGIN: version, encryption (on), instance, thread, no MARS; encryption is what counts. */
static const struct starttls_step mssql[] = {
    BYTES("\x12\x01\x00\x2f\x00\x00\x01\x00"
          "\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01\x02\x00\x21\x00\x01"
          "\x03\x00\x22\x00\x04\x04\x00\x26\x00\x01\xff"
          "\x10\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
    {STEP_TDS, NULL, NULL, 0},
    END};

static const struct starttls_protocol protocols[] = {
    {"smtp", 25, smtp, false},     {"imap", 143, imap, false},
    {"pop3", 110, pop3, false},    {"ftp", 21, ftp, false},
    {"nntp", 119, nntp, false},    {"sieve", 4190, sieve, false},
    {"xmpp", 5222, xmpp, false},   {"xmpp-server", 5269, xmpp_server, false},
    {"ldap", 389, ldap, false},    {"postgres", 5432, postgres, false},
    {"mysql", 3306, mysql, false}, {"lmtp", 24, lmtp, false},
    {"irc", 6667, irc, false},     {"telnet", 23, telnet, false},
    {"rdp", 3389, rdp, false},     {"mssql", 1433, mssql, true}};

const struct starttls_protocol *starttls_find(const char *name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(protocols); i++) {
        if (str_equal(protocols[i].name, name)) {
            return &protocols[i];
        }
    }
    return NULL;
}

void starttls_clear(struct starttls *s) {
    buf_clear(&s->in);
    buf_clear(&s->out);
}

/* --- what the server said ------------------------------------------------------------------------
 */

/* Bytes of the first line, its end too; 0 when it is not whole. */
static size_t line_len(const struct buf *in) {
    const uint8_t *end = in->len == 0 ? NULL : memchr(in->data, '\n', in->len);
    return end == NULL ? 0 : (size_t)(end - in->data) + 1;
}

static bool begins(const struct buf *in, const char *text) {
    size_t len = text == NULL ? 0 : strlen(text);
    return text != NULL && in->len >= len && memcmp(in->data, text, len) == 0;
}

static enum starttls_status refuse(struct starttls *s) {
    size_t len = s->in.len < sizeof(s->said) - 1 ? s->in.len : sizeof(s->said) - 1;
    if (len > 0) {
        memcpy(s->said, s->in.data, len);
    }
    s->said[len] = '\0';
    s->said[strcspn(s->said, "\r\n")] = '\0';
    return STARTTLS_REFUSED;
}

/* READY: this step is over. */
static enum starttls_status take_reply(struct starttls *s, const struct starttls_step *step) {
    size_t len = 0;
    while ((len = line_len(&s->in)) > 0) {
        bool is_last = len > 3 && s->in.data[3] != '-';
        if (!begins(&s->in, step->text)) {
            return refuse(s);
        }
        buf_consume(&s->in, len);
        if (is_last) {
            return STARTTLS_READY;
        }
    }
    return STARTTLS_GOES_ON;
}

static enum starttls_status take_line(struct starttls *s, const struct starttls_step *step) {
    size_t len = 0;
    while ((len = line_len(&s->in)) > 0) {
        bool is_yes = begins(&s->in, step->text);
        if (!is_yes && begins(&s->in, step->no)) {
            return refuse(s);
        }
        buf_consume(&s->in, len);
        if (is_yes) {
            return STARTTLS_READY;
        }
    }
    return STARTTLS_GOES_ON;
}

static enum starttls_status take_word(struct starttls *s, const struct starttls_step *step) {
    const char *text = buf_string(&s->in);
    const char *yes = strstr(text, step->text);
    if (yes != NULL) {
        buf_consume(&s->in, (size_t)(yes - text) + strlen(step->text));
        return STARTTLS_READY;
    }
    bool is_no = step->no != NULL && strstr(text, step->no) != NULL;
    /* A NUL ends what is searched: no text protocol sends one. */
    return is_no || strlen(text) < s->in.len ? refuse(s) : STARTTLS_GOES_ON;
}

/* SEQUENCE { 1, [APPLICATION 24] { ENUMERATED 0, … } } with short lengths, as servers send it. */
static enum starttls_status take_ldap(struct starttls *s) {
    const uint8_t *at = s->in.data;
    if (s->in.len < 2 || s->in.len < 2 + (size_t)at[1]) {
        return s->in.len > 0 && at[0] != 0x30 ? refuse(s) : STARTTLS_GOES_ON;
    }
    size_t len = 2 + (size_t)at[1];
    bool is_yes = at[0] == 0x30 && at[1] < 0x80 && len >= 10 && at[2] == 2 && at[3] == 1 &&
                  at[5] == 0x78 && at[7] == 10 && at[8] == 1 && at[9] == 0;
    if (!is_yes) {
        return refuse(s);
    }
    buf_consume(&s->in, len);
    return STARTTLS_READY;
}

/* The greeting: length, 0, protocol 10, version as a string, 4 bytes, 8, 0, then capabilities. */
static enum starttls_status take_mysql(struct starttls *s) {
    enum { HEADER = 4, BEFORE_CAPABILITIES = 4 + 8 + 1, CAPABILITY_SSL = 0x0800 };
    const uint8_t *at = s->in.data;
    if (s->in.len < HEADER) {
        return STARTTLS_GOES_ON;
    }
    size_t len = HEADER + ((size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16);
    if (len > STARTTLS_TEXT_MAX) {
        return refuse(s);
    }
    if (s->in.len < len) {
        return STARTTLS_GOES_ON;
    }
    const uint8_t *version = at + HEADER + 1;
    const uint8_t *end = len <= HEADER + 1 ? NULL : memchr(version, 0, len - HEADER - 1);
    size_t offset = end == NULL ? len : (size_t)(end - at) + 1 + BEFORE_CAPABILITIES;
    if (at[HEADER] != 10 || offset + 2 > len ||
        ((at[offset] | at[offset + 1] << 8) & CAPABILITY_SSL) == 0) {
        return refuse(s);
    }
    buf_consume(&s->in, len);
    return STARTTLS_READY;
}

/* TPKT with a connection confirm, whose last 8 bytes are the choice: type 2, flags, 8, protocol. */
static enum starttls_status take_rdp(struct starttls *s) {
    enum { HEADER = 4, CONFIRM = 19 };
    const uint8_t *at = s->in.data;
    if (s->in.len < HEADER) {
        return s->in.len > 0 && at[0] != 3 ? refuse(s) : STARTTLS_GOES_ON;
    }
    size_t len = (size_t)at[2] << 8 | at[3];
    if (at[0] != 3 || len < HEADER || len > CONFIRM) {
        return refuse(s);
    }
    if (s->in.len < len) {
        return STARTTLS_GOES_ON;
    }
    if (len != CONFIRM || at[5] != 0xD0 || at[11] != 2 || at[13] != 8 || at[15] == 0) {
        return refuse(s);
    }
    buf_consume(&s->in, len);
    return STARTTLS_READY;
}

/* The server's PRELOGIN: options of type, offset, length, to 0xFF. Encryption: 1 on, 3 required. */
static bool wants_encryption(const uint8_t *content, size_t len) {
    enum { OPTION = 5, ENCRYPTION = 1, END_OF_OPTIONS = 0xFF, ON = 1, REQUIRED = 3 };
    for (size_t at = 0; at + OPTION <= len && content[at] != END_OF_OPTIONS; at += OPTION) {
        size_t offset = (size_t)content[at + 1] << 8 | content[at + 2];
        if (content[at] == ENCRYPTION && offset < len) {
            return content[offset] == ON || content[offset] == REQUIRED;
        }
    }
    return false;
}

static enum starttls_status take_tds(struct starttls *s) {
    const uint8_t *at = s->in.data;
    if (s->in.len < TDS_HEADER) {
        return s->in.len > 0 && at[0] != TDS_RESPONSE ? refuse(s) : STARTTLS_GOES_ON;
    }
    size_t len = (size_t)at[2] << 8 | at[3];
    if (at[0] != TDS_RESPONSE || len < TDS_HEADER || len > TDS_PACKET_MAX) {
        return refuse(s);
    }
    if (s->in.len < len) {
        return STARTTLS_GOES_ON;
    }
    if (!wants_encryption(at + TDS_HEADER, len - TDS_HEADER)) {
        return refuse(s);
    }
    buf_consume(&s->in, len);
    return STARTTLS_READY;
}

/* --- what we say ---------------------------------------------------------------------------------
 */

static enum starttls_status say(struct starttls *s, const struct starttls_step *step) {
    if (step->kind == STEP_BYTES) {
        return buf_append(&s->out, step->text, step->len, NULL) ? STARTTLS_READY : STARTTLS_REFUSED;
    }
    size_t before = strcspn(step->text, "@");
    bool has_host = step->text[before] == '@';
    bool ok = buf_append(&s->out, step->text, before, NULL) &&
              (!has_host || (buf_append_string(&s->out, s->host, NULL) &&
                             buf_append_string(&s->out, step->text + before + 1, NULL)));
    return ok ? STARTTLS_READY : STARTTLS_REFUSED;
}

static enum starttls_status run_step(struct starttls *s, const struct starttls_step *step) {
    switch (step->kind) {
    case STEP_SAY:
    case STEP_BYTES:
        return say(s, step);
    case STEP_REPLY:
        return take_reply(s, step);
    case STEP_LINE:
        return take_line(s, step);
    case STEP_WORD:
        return take_word(s, step);
    case STEP_LDAP:
        return take_ldap(s);
    case STEP_MYSQL:
        return take_mysql(s);
    case STEP_RDP:
        return take_rdp(s);
    case STEP_TDS:
        return take_tds(s);
    case STEP_END:
        break;
    }
    return STARTTLS_READY;
}

static enum starttls_status go_on(struct starttls *s) {
    for (;;) {
        const struct starttls_step *step = &s->protocol->steps[s->step];
        if (step->kind == STEP_END) {
            return STARTTLS_READY;
        }
        enum starttls_status status = run_step(s, step);
        if (status != STARTTLS_READY) {
            return status;
        }
        s->step++;
    }
}

static bool is_host(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        if (!str_is_alpha(*at) && !str_is_digit(*at) && strchr(".-:", *at) == NULL) {
            return false;
        }
    }
    return true;
}

enum starttls_status starttls_begin(struct starttls *s, const struct starttls_protocol *protocol,
                                    const char *host) {
    *s = (struct starttls){.protocol = protocol};
    buf_init(&s->in, STARTTLS_TEXT_MAX);
    buf_init(&s->out, STARTTLS_TEXT_MAX);
    (void)str_copy(s->host, sizeof(s->host), is_host(host) ? host : "");
    return go_on(s);
}

enum starttls_status starttls_receive(struct starttls *s, const uint8_t *bytes, size_t len) {
    if (!buf_append(&s->in, bytes, len, NULL)) {
        return refuse(s);
    }
    return go_on(s);
}
