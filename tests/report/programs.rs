//! Small programs, each of which makes a property fail in its own way.

/// A file's name and its text.
pub(crate) type Source = (&'static str, &'static str);

pub(crate) const LEAK_PANIC: Source = (
    "pool.sem",
    "\
semaphore pool permits=4

worker handler count=6 {
    acquire pool
    work query
    release pool
}

budget panics=1
",
);

pub(crate) const LEAK_MISSING: Source = (
    "missing.sem",
    "\
semaphore pool permits=2
worker hasty {
    acquire pool permits=2
    either {
        release pool permits=2
    } or {
        release pool
    }
}
",
);

pub(crate) const LEAK_GIVEN: Source = (
    "given.sem",
    "\
semaphore slot permits=1
worker giver {
    acquire slot
    give slot to=taker
}
worker taker {
    work setup panics=never
}
",
);

pub(crate) const LEAK_CANCELLED: Source = (
    "two-steps.sem",
    "\
semaphore a permits=1
semaphore b permits=1
worker copy {
    acquire a
    acquire b
    release b
    release a
}
worker busy {
    with b { work think panics=never }
}
worker stop { cancel copy }
",
);

pub(crate) const REFUSED: Source = (
    "limiter.sem",
    "\
semaphore limit permits=1
worker opener count=2 {
    try {
        acquire limit
        work open
    } finally {
        release limit
    }
}
worker stop { cancel opener.2 }
",
);

pub(crate) const INFLATED: Source = (
    "double.sem",
    "\
semaphore tray permits=2 plain
worker careless {
    acquire tray
    release tray
    release tray
}
",
);

pub(crate) const FROM: Source = (
    "from.sem",
    "\
semaphore slot permits=2
worker owner { acquire slot }
worker cleaner count=2 {
    work wait panics=never
    release slot from=owner
}
",
);

pub(crate) const OVER_ADMISSION: Source = (
    "admission.sem",
    "\
semaphore room permits=1 plain
worker stray { release room }
worker guest count=2 {
    with room { work stay panics=never }
}
",
);

pub(crate) const TWO: Source = (
    "transfer.sem",
    "\
semaphore a permits=1
semaphore b permits=1

worker left {
    acquire a
    acquire b
    release b
    release a
}

worker right {
    acquire b
    acquire a
    release a
    release b
}
",
);

pub(crate) const SELF: Source = (
    "recursive.sem",
    "\
semaphore door permits=1
worker visitor {
    with door {
        with door { work look panics=never }
    }
}
",
);

pub(crate) const SIGNALS: Source = (
    "signals.sem",
    "\
semaphore ready permits=0 signal
worker producer {
    work build
    release ready
}
worker consumer count=2 {
    acquire ready
}
",
);

pub(crate) const JOINS: Source = (
    "joins.sem",
    "\
semaphore lock permits=1
worker main {
    with lock {
        spawn helper
        join helper
    }
}
worker helper spawned {
    with lock { work help panics=never }
}
",
);

pub(crate) const BARGING: Source = (
    "barging.sem",
    "\
semaphore seats permits=3 order=barging
worker pair count=2 {
    acquire seats
    acquire seats permits=2
    release seats permits=3
}
",
);

pub(crate) const PARTIAL: Source = (
    "partial.sem",
    "\
semaphore ram permits=4 order=fifo-partial
semaphore disk permits=1
worker loader {
    with disk {
        with ram permits=4 { work load panics=never }
    }
}
worker saver {
    with ram permits=2 {
        with disk { work save panics=never }
    }
}
",
);

pub(crate) const EXHAUSTION: Source = (
    "drained.sem",
    "\
semaphore pool permits=2
worker handler count=3 {
    acquire pool
    work query
    release pool
}
budget panics=2
",
);

pub(crate) const IMPOSSIBLE: Source = (
    "greedy.sem",
    "\
semaphore pool permits=2
worker greedy { with pool permits=3 { work batch } }
worker modest { with pool { work item panics=never } }
",
);

pub(crate) const SHRUNK: Source = (
    "shrunk.sem",
    "\
semaphore pool permits=3
worker admin { shrink pool permits=2 }
worker batch { with pool permits=2 { work batch panics=never } }
",
);

pub(crate) const GATE: Source = (
    "gate.sem",
    "\
semaphore gate permits=1
semaphore a permits=1
semaphore b permits=1
worker left count=2 {
    with gate { with a { with b { work move panics=never } } }
}
worker right {
    with gate { with b { with a { work move panics=never } } }
}
",
);

pub(crate) const PHILOSOPHERS: Source = (
    "philosophers.sem",
    "\
semaphore fork1 permits=1
semaphore fork2 permits=1
semaphore fork3 permits=1
worker plato { with fork1 { with fork2 { work eat panics=never } } }
worker kant { with fork2 { with fork3 { work eat panics=never } } }
worker hume { with fork3 { with fork1 { work eat panics=never } } }
",
);

pub(crate) const LIVELOCK: Source = (
    "endless.sem",
    "\
semaphore pool permits=1
worker poller {
    repeat 40 {
        try-acquire pool { release pool } else { work pause panics=never }
    }
}
",
);

pub(crate) const SPIN: Source = (
    "spin.sem",
    "\
semaphore ready permits=0 signal
worker poller {
    repeat 100 {
        try-acquire ready { return }
    }
}
",
);

pub(crate) const LEAK_TWICE: Source = (
    "twice.sem",
    "\
semaphore a permits=3
worker w { acquire a; acquire a permits=2 }
worker late { with a { work wait panics=never } }
",
);

pub(crate) const HELD_SIGNAL: Source = (
    "held.sem",
    "\
semaphore full permits=0 signal
semaphore mutex permits=1
worker producer {
    with mutex { work put panics=never }
    release full
}
worker consumer {
    with mutex { acquire full }
}
",
);

pub(crate) const STRAY: Source = (
    "stray.sem",
    "\
semaphore limit permits=0 plain
worker operator { release limit }
worker client { with limit { work call panics=never } }
",
);

pub(crate) const TIMEOUTS: Source = (
    "timeouts.sem",
    "\
semaphore a permits=1
semaphore b permits=1
worker left {
    acquire a
    acquire-within b { release b } else { return }
    release a
}
worker right {
    with b { with a { work move panics=never } }
}
",
);

pub(crate) const CANCELS: Source = (
    "cancels.sem",
    "\
semaphore a permits=1
worker first { with a { work hold panics=never } }
worker second {
    try { acquire a } finally { release a }
}
budget cancels=1
",
);

pub(crate) const CLOSED: Source = (
    "closed.sem",
    "\
semaphore jobs permits=1
semaphore done permits=0 signal
worker runner count=2 {
    acquire jobs
    work job panics=never
    release jobs
    release done
}
worker main {
    close jobs
    acquire done permits=2
}
",
);

pub(crate) const DEBT: Source = (
    "debt.sem",
    "\
semaphore pool permits=4
worker user count=2 {
    acquire pool permits=2
    work use
    release pool permits=2
}
worker admin {
    shrink pool permits=3
    with pool { work check panics=never }
    drain pool
}
",
);

pub(crate) const CROWD: Source = (
    "crowd.sem",
    "\
semaphore bus permits=6
semaphore token permits=0
worker rider count=7 {
    acquire bus
    acquire token
    release token
    release bus
}
",
);

pub(crate) const NOT_BEGUN: Source = (
    "not-begun.sem",
    "\
worker ping { join pong }
worker pong { join ping }
",
);

pub(crate) const LONG_NAMES: Source = (
    "a/rather/long/path/to/the/programs/of/this/project/with-a-long-name-of-its-own.sem",
    "\
semaphore the-permits-of-the-database-connection-pool permits=1
semaphore the-permits-of-the-upstream-rate-limiter-of-the-gateway permits=1
worker the-worker-that-answers-requests-of-the-first-kind-from-users {
    acquire the-permits-of-the-database-connection-pool
    acquire-within the-permits-of-the-upstream-rate-limiter-of-the-gateway {
        release the-permits-of-the-upstream-rate-limiter-of-the-gateway
    } else {
        panic
    }
    release the-permits-of-the-database-connection-pool
}
worker the-worker-that-answers-requests-of-the-second-kind-from-users {
    with the-permits-of-the-upstream-rate-limiter-of-the-gateway {
        acquire the-permits-of-the-database-connection-pool
    }
}
",
);

pub(crate) const UNICODE: Source = (
    "プール, it's: 100% žluťoučký.sem",
    "\
semaphore pool permits=1
worker handler { acquire pool }
",
);

pub(crate) const CLEAN: Source = (
    "clean.sem",
    "\
semaphore pool permits=2
worker handler count=3 {
    with pool { work query }
}
",
);
