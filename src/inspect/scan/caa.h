/*
 * CAA records: who may issue certificates for a name. Pure functions; asking is the caller's.
 * Source: RFC 8659 §3 (climbing), §4.1 (the record)
 */
#ifndef PL_INSPECT_SCAN_CAA_H
#define PL_INSPECT_SCAN_CAA_H

#include "base/list.h"

enum { SCAN_CAA_RECORDS_MAX = 32, SCAN_CAA_STEPS_MAX = 16 };

/* Adds what a record says, as a zone's file has it: "0 issue \"ca.example\"". A record that cannot
 * be read is left out. Fails base.oom */
bool scan_caa_add(struct list *out, const uint8_t *record, size_t len, struct err *e) PL_MUST_USE;

/* The name above, whose records count when this one has none; NULL: there is none to be asked. */
const char *scan_caa_parent(const char *name);

#endif
