/* Between approval and certificate. Private to ops/. */
#ifndef PL_OPS_ISSUE_H
#define PL_OPS_ISSUE_H

#include "store/submissions.h"

/* The first text, borrowed; otherwise when there is none. */
const char *ops_texts_first(const struct texts *texts, const char *otherwise);

#endif
