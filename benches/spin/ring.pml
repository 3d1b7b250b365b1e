/*
 * The naive ring of dining philosophers, for Spin: the same model as the program that
 * benches/ring.sh writes for selvedge.
 *
 * N forks of one permit. Each of N workers does three rounds of: acquire left, acquire right,
 * release right, release left. Each of these is one atomic step; a worker that finds its fork taken
 * waits where it stands (barging order). at[i] is the position of worker i, 0 to 12; its low two
 * bits say which of the four steps comes next.
 *
 * One process with the positions in an array has exactly the states of the problem: 166,957 for
 * N=5, 1,852,327 for N=6, 20,534,773 for N=7. One process per worker with its program counter as
 * position has the same states in twice the memory and is no faster; both were tried, as were
 * atomic for d_step, forks that are not stored but follow from the positions, a few options more
 * or less for a worker, and the verifier's options COLLAPSE, BFS and NOCOMP (the last one is used).
 * Indices are constants, which saves Spin a division and a bounds check at each of them.
 *
 * The end label says that stopping is fine anywhere, as the verifier is run for the count.
 */
byte at[N];
bit taken[N];

#define WORKER(i, left, right) \
    :: d_step { at[i] < 12 && (at[i] & 3) == 0 && !taken[left] -> taken[left] = 1; at[i]++ } \
    :: d_step { (at[i] & 3) == 1 && !taken[right] -> taken[right] = 1; at[i]++ } \
    :: d_step { (at[i] & 3) == 2 -> taken[right] = 0; at[i]++ } \
    :: d_step { (at[i] & 3) == 3 -> taken[left] = 0; at[i]++ }

active proctype ring() {
end:
    do
    WORKER(0, 0, 1)
    WORKER(1, 1, 2)
    WORKER(2, 2, 3)
    WORKER(3, 3, 4)
#if N == 5
    WORKER(4, 4, 0)
#elif N == 6
    WORKER(4, 4, 5)
    WORKER(5, 5, 0)
#elif N == 7
    WORKER(4, 4, 5)
    WORKER(5, 5, 6)
    WORKER(6, 6, 0)
#else
#error "N is 5, 6 or 7"
#endif
    od
}
