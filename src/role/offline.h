/*
 * The command line's own processes: keys, and unpack for each file, started when they are first
 * needed and ended with the command. The same program and the same restrictions as under "padlock
 * serve"; see role/worker.h.
 */
#ifndef PL_ROLE_OFFLINE_H
#define PL_ROLE_OFFLINE_H

/* From now on ops/ asks those processes for everything about keys and foreign files. */
void offline_use(void);

#endif
