/*
 * The pool of benches/spin/pool.pml as one process per worker, for Spin's partial-order reduction.
 *
 * Who waits stands before the second of its two statements without holds[]. Every statement
 * touches what all share, the permits and the queue, so the reduction finds nothing to leave out
 * and all states of the problem remain; Spin has no symmetry reduction.
 */
byte available = 3;
bool holds[8];
chan queue = [8] of { byte };
hidden byte head;

#define ROUND \
    d_step { \
        if :: available -> available--; holds[_pid] = 1 \
           :: else -> queue!_pid fi }; \
    d_step { holds[_pid] -> holds[_pid] = 0; \
        if :: nempty(queue) -> queue?head; holds[head] = 1 \
           :: empty(queue) -> available++ fi }

active [8] proctype worker() {
    ROUND;
    ROUND;
end:
    false
}
