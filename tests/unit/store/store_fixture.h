/* A store in a folder of its own, and rows to put into it. */
#ifndef PL_TESTS_STORE_FIXTURE_H
#define PL_TESTS_STORE_FIXTURE_H

#include "unit.h"

#include "store/bindings.h"
#include "store/certs.h"
#include "store/keys.h"
#include "store/operation.h"
#include "store/sites.h"
#include "store/store.h"

#include <stdio.h>

struct fixture {
    char folder[64];
    struct store *store;
    struct err e;
};

/* cmocka's set-up and tear-down: *state is a struct fixture with an open store. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/* Closes the store and opens it again. */
void fixture_reopen(struct fixture *f, enum store_mode mode);
/* "FOLDER/name" */
void fixture_path(const struct fixture *f, const char *name, char out[128]);
/* Runs SQL past the store, on the file. */
void fixture_sql(const struct fixture *f, const char *sql);
/* The first column of the first row, as a number. */
int64_t fixture_number(const struct fixture *f, const char *sql);

/* An undoable operation of this title; the test fails when it cannot begin. */
void begin(struct fixture *f, struct operation *op, const char *title);
void commit(struct fixture *f, struct operation *op);

/* Rows whose fields follow from number; what they point to lasts until the next call with a number
 * 16 away. */
struct key_row make_key(unsigned number);
struct cert_row make_cert(unsigned number);
struct site_row make_site(unsigned number);
struct binding_row make_binding(unsigned number, const struct site_row *site);

/* Inserted in an operation of their own. */
void add_key(struct fixture *f, struct key_row *row);
void add_cert(struct fixture *f, struct cert_row *row);
void add_site(struct fixture *f, struct site_row *row);
void add_binding(struct fixture *f, struct binding_row *row);

#define STORE_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

#endif
