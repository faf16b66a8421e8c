/*
 * Rows to values and back. No SQL here; no I/O but reading the current result row.
 *
 * A row that is read becomes one block of memory: the struct, then what its pointers point to.
 */
#include "store/table.h"

#include "base/escape.h"
#include "base/utf8.h"

#include <string.h>

enum { BLOCK_ALIGNMENT = 8 };

const struct column *table_column(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* --- from a row ----------------------------------------------------------------------------------
 */

static void field_get(const struct column *column, const void *row, void *out, size_t size) {
    memcpy(out, (const uint8_t *)row + column->offset, size);
}

static bool check_text(const struct column *column, const char *text, size_t len, size_t max,
                       struct err *e) {
    if (len > max) {
        return err_set(e, ERR_STORE_TEXT, "a text (%s) has more than %zu bytes", column->name, max);
    }
    if (!utf8_is_valid(text, len)) {
        return err_set(e, ERR_STORE_TEXT, "a text (%s) is not UTF-8", column->name);
    }
    return true;
}

static bool text_value(const struct column *column, const void *row, struct value *out,
                       struct err *e) {
    const char *text = NULL;
    field_get(column, row, &text, sizeof(text));
    text = text == NULL ? "" : text;
    size_t len = strlen(text);
    bool is_null = column->kind == COLUMN_TEXT_OPTIONAL && len == 0;
    *out = (struct value){.kind = is_null ? VALUE_NULL : VALUE_TEXT, .data = text, .len = len};
    return check_text(column, text, len, STORE_TEXT_MAX, e);
}

static bool is_one_line(const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20) {
            return false;
        }
    }
    return utf8_is_valid(text, strlen(text));
}

/* An item that cannot be a line is written out as escapes: names come from foreign certificates. */
static bool append_line(struct buf *lines, const char *text, struct err *e) {
    return is_one_line(text) ? buf_append_string(lines, text, e)
                             : escape_append(lines, ESCAPE_TERMINAL, text, strlen(text), e);
}

static bool texts_value(const struct column *column, const void *row, struct arena *memory,
                        struct value *out, struct err *e) {
    struct texts texts;
    field_get(column, row, &texts, sizeof(texts));
    PL_AUTO(buf_clear) struct buf lines;
    buf_init(&lines, STORE_TEXTS_MAX);
    for (size_t i = 0; i < texts.count; i++) {
        if ((i > 0 && !buf_append_byte(&lines, '\n', e)) ||
            !append_line(&lines, texts.items[i], e)) {
            return false;
        }
    }
    char *copy = NULL;
    if (!arena_string(memory, buf_string(&lines), lines.len, &copy, e)) {
        return false;
    }
    *out = (struct value){.kind = VALUE_TEXT, .data = copy, .len = lines.len};
    return true;
}

static bool bytes_value(const struct column *column, const void *row, struct value *out,
                        struct err *e) {
    struct bytes bytes;
    field_get(column, row, &bytes, sizeof(bytes));
    if (bytes.len > STORE_BYTES_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a value (%s) has more than %d bytes", column->name,
                       STORE_BYTES_MAX);
    }
    bool is_null = column->kind == COLUMN_BYTES_OPTIONAL && bytes.len == 0;
    *out = (struct value){
        .kind = is_null ? VALUE_NULL : VALUE_BLOB, .data = bytes.data, .len = bytes.len};
    return true;
}

static struct value id_value(const struct column *column, const void *row) {
    static const struct id zero;
    const uint8_t *at = (const uint8_t *)row + column->offset;
    bool is_null =
        column->kind == COLUMN_ID_OPTIONAL && memcmp(at, zero.bytes, sizeof(zero.bytes)) == 0;
    return (struct value){.kind = is_null ? VALUE_NULL : VALUE_BLOB, .data = at, .len = ID_LEN};
}

static struct value number_value(const struct column *column, const void *row) {
    int64_t number = 0;
    int small = 0;
    unsigned count = 0;
    bool claim = false;
    if (column->kind == COLUMN_INT) {
        field_get(column, row, &small, sizeof(small));
        number = small;
    } else if (column->kind == COLUMN_UNSIGNED) {
        field_get(column, row, &count, sizeof(count));
        number = count;
    } else if (column->kind == COLUMN_BOOL) {
        field_get(column, row, &claim, sizeof(claim));
        number = claim ? 1 : 0;
    } else {
        field_get(column, row, &number, sizeof(number));
    }
    bool is_null = column->kind == COLUMN_INT64_OPTIONAL && number == 0;
    return (struct value){.kind = is_null ? VALUE_NULL : VALUE_INT64, .number = number};
}

static struct value word_value(const struct column *column, const void *row) {
    unsigned number = 0;
    field_get(column, row, &number, sizeof(number));
    PL_BUG_UNLESS(number < column->word_count);
    const char *word = column->words[number];
    return (struct value){.kind = VALUE_TEXT, .data = word, .len = strlen(word)};
}

bool column_value(const struct column *column, const void *row, struct arena *memory,
                  struct value *out, struct err *e) {
    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_ID_OPTIONAL:
        *out = id_value(column, row);
        return true;
    case COLUMN_INT64:
    case COLUMN_INT64_OPTIONAL:
    case COLUMN_INT:
    case COLUMN_UNSIGNED:
    case COLUMN_BOOL:
        *out = number_value(column, row);
        return true;
    case COLUMN_WORD:
        *out = word_value(column, row);
        return true;
    case COLUMN_TEXT:
    case COLUMN_TEXT_OPTIONAL:
        return text_value(column, row, out, e);
    case COLUMN_TEXTS:
        return texts_value(column, row, memory, out, e);
    case COLUMN_BYTES:
    case COLUMN_BYTES_OPTIONAL:
        return bytes_value(column, row, out, e);
    case COLUMN_FIXED:
        *out = (struct value){
            .kind = VALUE_BLOB, .data = (const uint8_t *)row + column->offset, .len = column->size};
        return true;
    }
    PL_BUG_UNLESS(false);
}

bool value_equal(const struct value *a, const struct value *b) {
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind == VALUE_INT64) {
        return a->number == b->number;
    }
    return a->kind == VALUE_NULL ||
           (a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

/* --- to a row ------------------------------------------------------------------------------------
 */

struct reader {
    const struct db_statement *statement;
    const struct table *table;
    uint8_t *row;
    size_t used; /* of the row's block */
};

static size_t rounded(size_t size) {
    return (size + BLOCK_ALIGNMENT - 1) & ~(size_t)(BLOCK_ALIGNMENT - 1);
}

static size_t count_lines(const char *text) {
    size_t count = text[0] == '\0' ? 0 : 1;
    for (const char *at = text; *at != '\0'; at++) {
        count += *at == '\n' ? 1 : 0;
    }
    return count;
}

static bool damaged(const struct table *table, const struct column *column, struct err *e) {
    return err_set(e, ERR_STORE_CORRUPT, "a %s in the store has a damaged %s", table->noun,
                   column->name);
}

static bool read_text(const struct reader *reader, size_t index, const char **out_text,
                      struct err *e) {
    *out_text = db_column_text(reader->statement, (int)index);
    if (*out_text == NULL && !db_column_is_null(reader->statement, (int)index)) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    *out_text = *out_text == NULL ? "" : *out_text;
    return true;
}

/* How much of the block the column needs beyond the struct. */
static bool column_room(const struct reader *reader, size_t index, size_t *out_size,
                        struct err *e) {
    const struct column *column = &reader->table->columns[index];
    bool is_texts = column->kind == COLUMN_TEXTS;
    const char *text = NULL;
    *out_size = 0;
    if (is_texts || column->kind == COLUMN_TEXT || column->kind == COLUMN_TEXT_OPTIONAL) {
        if (!read_text(reader, index, &text, e)) {
            return false;
        }
        size_t pointers = is_texts ? count_lines(text) * sizeof(char *) : 0;
        *out_size = rounded(pointers) + rounded(strlen(text) + 1);
    } else if (column->kind == COLUMN_BYTES || column->kind == COLUMN_BYTES_OPTIONAL) {
        size_t len = 0;
        (void)db_column_blob(reader->statement, (int)index, &len);
        *out_size = rounded(len);
    }
    return true;
}

static uint8_t *take(struct reader *reader, size_t size) {
    uint8_t *at = reader->row + reader->used;
    reader->used += rounded(size);
    return at;
}

static void field_set(const struct reader *reader, const struct column *column, const void *value,
                      size_t size) {
    memcpy(reader->row + column->offset, value, size);
}

static void put_lines(struct reader *reader, const struct column *column, const char *text) {
    size_t count = count_lines(text);
    char **items = (void *)take(reader, count * sizeof(char *));
    char *copy = (char *)take(reader, strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    for (size_t i = 0; i < count; i++) {
        items[i] = copy;
        copy += strcspn(copy, "\n");
        *copy++ = '\0';
    }
    const struct texts texts = {count == 0 ? NULL : items, count};
    field_set(reader, column, &texts, sizeof(texts));
}

static bool put_text(struct reader *reader, size_t index, struct err *e) {
    const struct column *column = &reader->table->columns[index];
    const char *text = NULL;
    if (!read_text(reader, index, &text, e)) {
        return false;
    }
    if (column->kind == COLUMN_TEXTS) {
        put_lines(reader, column, text);
        return true;
    }
    char *copy = (char *)take(reader, strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    field_set(reader, column, &copy, sizeof(copy));
    return true;
}

static bool put_word(const struct reader *reader, size_t index, struct err *e) {
    const struct column *column = &reader->table->columns[index];
    const char *word = NULL;
    if (!read_text(reader, index, &word, e)) {
        return false;
    }
    for (unsigned i = 0; i < column->word_count; i++) {
        if (strcmp(column->words[i], word) == 0) {
            field_set(reader, column, &i, sizeof(i));
            return true;
        }
    }
    return damaged(reader->table, column, e);
}

static bool read_blob(const struct reader *reader, size_t index, struct bytes *out, struct err *e) {
    out->data = db_column_blob(reader->statement, (int)index, &out->len);
    return out->data != NULL || out->len == 0 || err_set(e, ERR_BASE_OOM, "out of memory");
}

static bool put_bytes(struct reader *reader, size_t index, struct err *e) {
    struct bytes bytes;
    if (!read_blob(reader, index, &bytes, e)) {
        return false;
    }
    if (bytes.len > 0) {
        bytes.data = memcpy(take(reader, bytes.len), bytes.data, bytes.len);
    }
    field_set(reader, &reader->table->columns[index], &bytes, sizeof(bytes));
    return true;
}

/* Ids and arrays: the length is the type's. */
static bool put_fixed(const struct reader *reader, size_t index, struct err *e) {
    const struct column *column = &reader->table->columns[index];
    if (column->kind == COLUMN_ID_OPTIONAL && db_column_is_null(reader->statement, (int)index)) {
        return true;
    }
    struct bytes bytes;
    if (!read_blob(reader, index, &bytes, e)) {
        return false;
    }
    if (bytes.len != column->size) {
        return damaged(reader->table, column, e);
    }
    field_set(reader, column, bytes.data, bytes.len);
    return true;
}

static bool put_number(const struct reader *reader, size_t index, struct err *e) {
    const struct column *column = &reader->table->columns[index];
    int64_t number = db_column_int64(reader->statement, (int)index);
    if (column->kind == COLUMN_INT || column->kind == COLUMN_UNSIGNED) {
        int small = (int)number;
        unsigned count = (unsigned)number;
        bool fits = column->kind == COLUMN_INT ? small == number : count == number;
        field_set(reader, column, column->kind == COLUMN_INT ? (const void *)&small : &count,
                  sizeof(small));
        return fits || damaged(reader->table, column, e);
    }
    if (column->kind == COLUMN_BOOL) {
        bool claim = number != 0;
        field_set(reader, column, &claim, sizeof(claim));
        return true;
    }
    field_set(reader, column, &number, sizeof(number));
    return true;
}

static bool put_column(struct reader *reader, size_t index, struct err *e) {
    switch (reader->table->columns[index].kind) {
    case COLUMN_ID:
    case COLUMN_ID_OPTIONAL:
    case COLUMN_FIXED:
        return put_fixed(reader, index, e);
    case COLUMN_INT64:
    case COLUMN_INT64_OPTIONAL:
    case COLUMN_INT:
    case COLUMN_UNSIGNED:
    case COLUMN_BOOL:
        return put_number(reader, index, e);
    case COLUMN_WORD:
        return put_word(reader, index, e);
    case COLUMN_TEXT:
    case COLUMN_TEXT_OPTIONAL:
    case COLUMN_TEXTS:
        return put_text(reader, index, e);
    case COLUMN_BYTES:
    case COLUMN_BYTES_OPTIONAL:
        return put_bytes(reader, index, e);
    }
    PL_BUG_UNLESS(false);
}

bool row_read(const struct db_statement *statement, const struct table *table, void **out_row,
              struct err *e) {
    size_t size = rounded(table->row_size);
    struct reader reader = {.statement = statement, .table = table, .used = size};
    for (size_t i = 0; i < table->column_count; i++) {
        size_t room = 0;
        if (!column_room(&reader, i, &room, e)) {
            return false;
        }
        size += room;
    }
    PL_AUTO(mem_freep) void *block = NULL;
    if (!mem_alloc(size, &block, e)) {
        return false;
    }
    reader.row = block;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!put_column(&reader, i, e)) {
            return false;
        }
    }
    *out_row = PL_TAKE(block);
    return true;
}

void rows_clear(struct rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        mem_free(rows->items[i]);
    }
    mem_free(rows->items);
    mem_free(rows->next);
    *rows = (struct rows){0};
}
