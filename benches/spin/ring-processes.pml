/*
 * The ring of benches/spin/ring.pml as processes, for Spin's partial-order reduction.
 *
 * The reduction needs statements that it can prove independent. A step on a shared variable never
 * is: with the forks in an array and one process per philosopher it leaves all of the 1,852,327
 * states for N=6; with a counter of rounds in each process besides, it leaves 576,852 of 2,322,824
 * for N=5, more than the problem has. What it can prove is a channel with one sender and one
 * receiver, which xs and xr declare. So each fork is a process too, and each philosopher asks each
 * of its forks by a channel of its own, is granted it by another one, and gives it back by the
 * first. The full space is far larger so (millions for N=5) and the reduced one the
 * smallest of those tried, with shared variables, with shared channels and with rendezvous.
 *
 * A deadlock of the ring is an invalid end state: forks may end only while they are free, and
 * philosophers only when they are through.
 */
chan left_ask[N] = [1] of { bit };
chan left_grant[N] = [1] of { bit };
chan right_ask[N] = [1] of { bit };
chan right_grant[N] = [1] of { bit };

#define ROUND left!0; left_mine?0; right!0; right_mine?0; right!0; left!0

active [N] proctype philosopher() {
    chan left = left_ask[_pid % N];
    chan left_mine = left_grant[_pid % N];
    chan right = right_ask[(_pid + 1) % N];
    chan right_mine = right_grant[(_pid + 1) % N];
    xs left; xs right; xr left_mine; xr right_mine;

    ROUND; ROUND; ROUND;
end:
    false
}

active [N] proctype fork() {
    chan left = left_ask[_pid % N];
    chan left_yours = left_grant[_pid % N];
    chan right = right_ask[_pid % N];
    chan right_yours = right_grant[_pid % N];
    xr left; xr right; xs left_yours; xs right_yours;

end:
    do
    :: left?0 -> left_yours!0; left?0
    :: right?0 -> right_yours!0; right?0
    od
}
