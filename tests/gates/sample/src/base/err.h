/* The errors of the sample. */
#ifndef PL_BASE_ERR_H
#define PL_BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE,
#define ERR_CODE(name, text, kind, about) ERR_##name,
#include "base/err_codes.def"
#undef ERR_CODE
};

bool err_set(enum err_code code);

#endif
