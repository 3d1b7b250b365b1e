/*
 * A pool of 3 permits in strict queue order, for 8 workers of two rounds of acquire and release:
 * the same model as the program that benches/compare.sh writes for selvedge.
 *
 * at[i] is the position of worker i: about to acquire, waiting, holding, the same again for the
 * second round, and done. A release hands its permit to the head of the queue. A permit is free
 * only while nobody waits, so there is no need to look at both. As in ring.pml, positions in an
 * array are the same states as processes, in less memory; indices are constants.
 */
byte at[8];
byte available = 3;
chan queue = [8] of { byte };
hidden byte head;

#define WORKER(i) \
    :: d_step { at[i] == 0 || at[i] == 3 -> \
        if :: available -> available--; at[i] = at[i] + 2 \
           :: else -> queue!i; at[i]++ fi } \
    :: d_step { at[i] == 2 || at[i] == 5 -> at[i]++; \
        if :: nempty(queue) -> queue?head; at[head]++ \
           :: empty(queue) -> available++ fi }

active proctype pool() {
end:
    do
    WORKER(0)
    WORKER(1)
    WORKER(2)
    WORKER(3)
    WORKER(4)
    WORKER(5)
    WORKER(6)
    WORKER(7)
    od
}
