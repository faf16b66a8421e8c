/* The errors of the sample. */
#include "base/err.h"

bool err_set(enum err_code code) {
    return code == ERR_NONE;
}
