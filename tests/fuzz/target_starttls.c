/* inspect/observe/starttls: any bytes as a server's words. The first byte chooses the protocol. */
#include "fuzz.h"

#include "inspect/observe/starttls.h"

static const char *const names[] = {"smtp", "imap",        "pop3", "ftp",      "nntp",  "sieve",
                                    "xmpp", "xmpp-server", "ldap", "postgres", "mysql", "lmtp",
                                    "irc",  "telnet",      "rdp",  "mssql"};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(starttls_clear) struct starttls s = {0};
    if (len == 0) {
        return 0;
    }
    const struct starttls_protocol *protocol = starttls_find(names[bytes[0] % PL_ARRAY_LEN(names)]);
    enum starttls_status status = starttls_begin(&s, protocol, "www.example.com");
    for (size_t i = 1; i < len && status == STARTTLS_GOES_ON;) {
        size_t part = len - i < 50 ? len - i : 50;
        status = starttls_receive(&s, bytes + i, part);
        i += part;
    }
    FUZZ_CHECK(strlen(s.said) < sizeof(s.said));
    FUZZ_CHECK(s.in.len <= STARTTLS_TEXT_MAX && s.out.len < 4096);
    return 0;
}
