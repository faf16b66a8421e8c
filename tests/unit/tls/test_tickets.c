/* tls/tickets: rotation by the clock, and what a ticket's key may still do. */
#include "unit.h"

#include "base/clock.h"
#include "tls/tickets.h"

#define LIFETIME_MS (8 * CLOCK_HOUR_MS)

static struct tickets *new_tickets(bool makes_own) {
    struct err e = {0};
    struct tickets *tickets = NULL;
    assert_ok(tickets_new(NULL, LIFETIME_MS, makes_own, &tickets, &e), &e);
    return tickets;
}

static struct ticket_key key_at(uint8_t number, int64_t not_before_ms) {
    return (struct ticket_key){.name = {number}, .not_before_ms = not_before_ms};
}

static void test_a_new_key_every_quarter(void **state) {
    (void)state;
    PL_AUTO(tickets_freep) struct tickets *t = new_tickets(true);
    int64_t start = 1000 * CLOCK_DAY_MS;
    struct ticket_key first = *tickets_current(t, start);
    assert_memory_equal(tickets_current(t, start + LIFETIME_MS / 4 - 1)->name, first.name,
                        TICKET_NAME_LEN);
    struct ticket_key second = *tickets_current(t, start + LIFETIME_MS / 4);
    assert_memory_not_equal(second.name, first.name, TICKET_NAME_LEN);
    assert_memory_not_equal(second.aes, first.aes, sizeof(first.aes));
    /* the first still opens tickets, for five quarters from its beginning */
    assert_non_null(tickets_find(t, first.name, start + LIFETIME_MS / 4 * 5 - 1));
    assert_null(tickets_find(t, first.name, start + LIFETIME_MS / 4 * 5));
}

static void test_shared_keys_wait_for_their_time(void **state) {
    (void)state;
    PL_AUTO(tickets_freep) struct tickets *t = new_tickets(false);
    assert_null(tickets_current(t, 1000));
    struct ticket_key now = key_at(1, 1000);
    struct ticket_key next = key_at(2, 2000);
    tickets_add(t, &next);
    tickets_add(t, &now);
    tickets_add(t, &now);
    assert_null(tickets_current(t, 999));
    assert_int_equal(tickets_current(t, 1999)->name[0], 1);
    assert_int_equal(tickets_current(t, 2000)->name[0], 2);
    /* another node whose clock is ahead may use it already */
    assert_non_null(tickets_find(t, next.name, 1500));
    /* none is made here, however old the newest is */
    assert_int_equal(tickets_current(t, 2000 + LIFETIME_MS)->name[0], 2);
}

static void test_the_oldest_makes_room(void **state) {
    (void)state;
    PL_AUTO(tickets_freep) struct tickets *t = new_tickets(false);
    for (uint8_t i = 1; i <= TICKET_KEYS_MAX + 1; i++) {
        struct ticket_key key = key_at(i, i);
        tickets_add(t, &key);
    }
    struct ticket_key oldest = key_at(1, 1);
    struct ticket_key second = key_at(2, 2);
    assert_null(tickets_find(t, oldest.name, 100));
    assert_non_null(tickets_find(t, second.name, 100));
    tickets_add(t, &oldest); /* older than all that are kept */
    assert_null(tickets_find(t, oldest.name, 100));
    assert_int_equal(tickets_current(t, 100)->name[0], TICKET_KEYS_MAX + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_key_every_quarter),
        cmocka_unit_test(test_shared_keys_wait_for_their_time),
        cmocka_unit_test(test_the_oldest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
