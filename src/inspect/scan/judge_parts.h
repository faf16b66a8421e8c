/* What the files of the judgement share. */
#ifndef PL_INSPECT_SCAN_JUDGE_PARTS_H
#define PL_INSPECT_SCAN_JUDGE_PARTS_H

#include "inspect/scan/judge.h"

/* Adds a finding unless it is there. */
void judge_find(struct scan_judgement *j, enum finding_id id, const char *detail);
/* Scores and grade; after all findings. */
void judge_grade(const struct scan_host *h, const struct scan_verified *chains,
                 struct scan_judgement *j);

#endif
