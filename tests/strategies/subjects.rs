//! Programs on which random strategies differ.

use selvedge::program::Program;

fn read(text: &str) -> Program {
    Program::parse(text).expect("a valid program")
}

/// Naive philosophers: each takes the left fork first. Four events each.
pub(crate) fn philosophers(n: usize) -> Program {
    let mut text = String::new();
    for i in 0..n {
        text += &format!("semaphore fork{i} permits=1\n");
    }
    for i in 0..n {
        let right = (i + 1) % n;
        text += &format!(
            "worker p{i} {{ acquire fork{i}; acquire fork{right}; release fork{right}\n\
             release fork{i} }}\n"
        );
    }
    read(&text)
}

/// Eight workers take two semaphores, one of them in reverse: 32 events. In barging order, in
/// which a worker that cannot have its permit makes no step; with a queue, joining it is a step,
/// and so there are more ways into the deadlock (the walk: .98 instead of .94).
pub(crate) fn reversed() -> Program {
    read(
        "semaphore a permits=1 order=barging
         semaphore b permits=1 order=barging
         worker forth count=7 { acquire a; acquire b; release b; release a }
         worker back { acquire b; acquire a; release a; release b }",
    )
}

/// What workers do that has to do with nobody's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // the example measures all of them
pub(crate) enum Noise {
    /// Work that nobody else sees.
    Work,
    /// Taking and putting back, each a semaphore of its own.
    Own,
    /// Taking and putting back the same semaphore.
    Shared,
}

/// One worker takes two semaphores at its beginning, another one in reverse at its end, and there
/// are so many more: 12 + 20 + 4 * 16 = 96 events with four of them.
pub(crate) fn late_inversion(noise: Noise, others: usize) -> Program {
    let mut text =
        String::from("semaphore a permits=1 order=barging\nsemaphore b permits=1 order=barging\n");
    for i in 0..others + 2 {
        text += &match noise {
            Noise::Own => format!("semaphore n{i} permits=1\n"),
            Noise::Shared if i == 0 => "semaphore n permits=1\n".to_owned(),
            _ => String::new(),
        };
    }
    let pad = |i: usize, events: usize| match noise {
        Noise::Work => format!("repeat {events} {{ work w panics=never }}"),
        Noise::Own => format!("repeat {} {{ acquire n{i}; release n{i} }}", events / 2),
        Noise::Shared => format!("repeat {} {{ acquire n; release n }}", events / 2),
    };
    text += &format!(
        "worker early {{ acquire a; acquire b; release b; release a; {} }}\n\
         worker late {{ {}; acquire b; acquire a; release a; release b }}\n",
        pad(0, 8),
        pad(1, 16)
    );
    for i in 2..others + 2 {
        text += &format!("worker other{i} {{ {} }}\n", pad(i, 16));
    }
    read(&text)
}

/// Parents hold a permit and wait for their children, which need one.
#[allow(dead_code)] // the example measures it
pub(crate) fn nested() -> Program {
    read(
        "semaphore pool permits=3
         worker parent count=3 { acquire pool; spawn child; join child; release pool }
         worker child count=3 spawned { acquire pool; release pool }",
    )
}

/// Two workers take two permits one by one, and others take one.
#[allow(dead_code)] // the example measures it
pub(crate) fn piecemeal() -> Program {
    read(
        "semaphore pool permits=2
         worker taker count=2 {
             acquire pool; work think panics=never; acquire pool; release pool permits=2
         }
         worker other count=3 { repeat 4 { acquire pool; release pool } }",
    )
}

/// An inversion behind a signal.
#[allow(dead_code)] // the example measures it
pub(crate) fn signalled() -> Program {
    read(
        "semaphore ready signal permits=0
         semaphore b permits=1
         semaphore c permits=1
         worker first {
             repeat 6 { work w panics=never }
             acquire b; release ready; acquire c; release c; release b
         }
         worker second {
             acquire c; acquire ready
             repeat 6 { work w panics=never }
             acquire b; release b; release c
         }
         worker other count=3 { repeat 5 { work w panics=never } }",
    )
}
