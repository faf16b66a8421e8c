/*
 * A command's arguments, parsed by its option table. Asking for an option that the table does not
 * have is a defect.
 */
#ifndef PL_CLI_ARGS_H
#define PL_CLI_ARGS_H

#include "base/list.h"
#include "cli/command.h"

struct args;

enum { ARGS_MAX = 4096 };

/*
 * words: what follows the command's path. Options and arguments in any order; "--name=value" and
 * "--name value"; "--" ends the options; "-" is an argument.
 * Fails cli.option.unknown, cli.option.value, cli.option.twice, cli.argument.missing,
 * cli.argument.surplus
 */
bool args_parse(const struct command *command, const char *const *words, size_t word_count,
                struct args **out_args, struct err *e) PL_MUST_USE;
void args_free(struct args *args);
PL_DEFINE_FREEP(args_freep, struct args, args_free)

bool args_flag(const struct args *args, const char *name);
/* Borrowed; NULL when it was not given. */
const char *args_text(const struct args *args, const char *name);
/* All values of an OPTION_MANY, borrowed. */
const struct list *args_many(const struct args *args, const char *name);
/* The value, or otherwise. */
uint64_t args_number(const struct args *args, const char *name, uint64_t otherwise);
int64_t args_duration_ms(const struct args *args, const char *name, int64_t otherwise_ms);
int64_t args_date_ms(const struct args *args, const char *name, int64_t otherwise_ms);
/* Index of the choice in the table's list, or -1. */
int args_choice(const struct args *args, const char *name);

size_t args_count(const struct args *args);
/* The nth argument (0 the first), borrowed; NULL beyond. */
const char *args_at(const struct args *args, size_t index);
const struct list *args_all(const struct args *args);

#endif
