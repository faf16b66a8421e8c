/*
 * PEM: the armoured blocks in a text, with anything around them. Pure functions.
 *
 * Put up with: text before, between and after; CRLF; spaces and mail quoting ("> ") before lines; a
 * whole block on one line; line ends written out as \n; dashes lost at the very end. OpenPGP's
 * armour is other text. Kept aside: headers such as Proc-Type and DEK-Info, the friendly name of
 * "Bag Attributes". UTF-16 and byte order marks: text_normalize() first.
 *
 * Limits: PEM_TEXT_MAX bytes of text, PEM_BLOCKS_MAX blocks, PEM_HEADERS_MAX headers a block.
 * Source: RFC 7468, RFC 1421 §4.4 (headers)
 */
#ifndef PL_CODEC_PEM_H
#define PL_CODEC_PEM_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"

enum {
    PEM_TEXT_MAX = 16 * 1024 * 1024,
    PEM_BLOCKS_MAX = 1000,
    PEM_LABEL_MAX = 64,
    PEM_HEADERS_MAX = 16
};

struct pem_block {
    char label[PEM_LABEL_MAX + 1]; /* "CERTIFICATE REQUEST" */
    struct buf content;            /* DER, but for labels such as OPENSSH PRIVATE KEY */
    struct list headers;           /* "DEK-Info: AES-256-CBC,…", continuation lines joined */
    char *friendly_name;           /* of the "Bag Attributes" before it; NULL when there is none */
    size_t line;                   /* of its BEGIN, from 1 */
};

/* Clear works on a zeroed struct and overwrites the content, which may be a private key. */
struct pem {
    struct pem_block *blocks; /* owned, in the order of the text */
    size_t count;
    size_t capacity;
    bool has_other_text; /* visible text outside of blocks and their Bag Attributes */
};

void pem_clear(struct pem *pem);

/*
 * Finds all blocks. None is success with count 0.
 *
 * text     borrowed; UTF-8 or other bytes
 * out_pem  caller owns, pem_clear(); untouched on failure
 * Fails    codec.pem.end_missing, codec.pem.end_mismatch, codec.pem.base64 (each names the line),
 *          codec.pem.empty (a block without content), codec.pem.label (longer than PEM_LABEL_MAX),
 *          base.limit, base.oom
 */
bool pem_read(const char *text, size_t len, struct pem *out_pem, struct err *e) PL_MUST_USE;

/*
 * The value of the first header of that name, letters in either case; NULL when there is none.
 * Borrowed.
 */
const char *pem_block_header(const struct pem_block *block, const char *name);
/* True when RFC 1421 headers say that the content is encrypted ("Proc-Type: 4,ENCRYPTED"). */
bool pem_block_is_encrypted(const struct pem_block *block);

/*
 * Base64 without armour: the whole text is base64 and what it encodes is one DER sequence.
 *
 * out_der  appended to; nothing is appended when the text is something else, which is success
 * Fails    base.oom, base.limit
 */
bool pem_read_bare(const char *text, size_t len, struct buf *out_der, struct err *e) PL_MUST_USE;

/* Appends one block, lines of 64 characters. Fails base.oom, base.limit. */
bool pem_write(const char *label, const void *der, size_t der_len, struct buf *out, struct err *e)
    PL_MUST_USE;

#endif
