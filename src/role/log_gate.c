/* Lines a period. */
#include "role/log_gate.h"

bool log_gate_passes(struct log_gate *gate, int64_t now_ms) {
    /* What was missed is told first: until then its period goes on. */
    if (now_ms >= gate->ends_ms && gate->missed == 0) {
        gate->ends_ms = now_ms + LOG_GATE_PERIOD_MS;
        gate->written = 0;
    }
    if (gate->written < LOG_GATE_LINES) {
        gate->written++;
        return true;
    }
    gate->missed++;
    return false;
}

uint64_t log_gate_take_missed(struct log_gate *gate, int64_t now_ms, bool is_last) {
    if (now_ms < gate->ends_ms && !is_last) {
        return 0;
    }
    uint64_t missed = gate->missed;
    gate->missed = 0;
    return missed;
}
