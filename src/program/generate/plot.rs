//! Short stories that involve two workers, or one worker and how it ends.

use super::super::model::Kind;
use super::{Author, Lines, argument, braced};

impl Author<'_> {
    /// Adds a plot: to the part of each worker in it, what it does there.
    pub(super) fn plot(&mut self, parts: &mut [Vec<Lines>]) {
        let one = self.worker();
        let other = self.other_worker(one);
        let semaphore = self.semaphore();
        let permits = self.permits(semaphore);
        let s = self.semaphores[semaphore].name;
        let to_one = self.instance(one);
        let to_other = self.instance(other);
        let mut say = |w: usize, scene: &[String]| parts[w].push(scene.to_vec());
        let n = argument(permits);
        let acquire = format!("acquire {s}{n}");
        let release = format!("release {s}{n}");
        let ledger = self.semaphores[semaphore].kind != Kind::Signal;
        match self.random.below(15) {
            0 | 13 => {
                // Opposite orders.
                let count = self.semaphores.len();
                let second = (semaphore + 1 + usize::from(self.random.one_in(3))) % count;
                let t = self.semaphores[second].name;
                let there = self.nested(s, t);
                let back = self.nested(t, s);
                say(one, &there);
                say(other, &back);
            }
            1 if ledger => {
                // Handed over.
                let amount = self.amount(permits);
                let work = self.work();
                say(one, &[acquire, format!("give {s}{amount} to={to_other}")]);
                say(other, &[work, release]);
            }
            2 if ledger => {
                // Released across workers.
                let amount = self.amount(permits);
                let work = self.work();
                say(one, &[acquire, work]);
                say(other, &[format!("release {s}{amount} from={to_one}")]);
            }
            3 => {
                // A signal, or a permit, from one to the other.
                let work = self.work();
                say(one, &[work, release]);
                say(other, &[acquire]);
            }
            4 => {
                // Closed under those who wait.
                let kinds = *self.random.pick(&["", " closed", " panic cancelled"]);
                let work = self.work();
                say(one, &[acquire.clone(), work, format!("close {s}")]);
                let mut waiting = braced("try".to_string(), vec![acquire, release]);
                waiting.extend(braced(format!("catch{kinds}"), vec![self.work()]));
                say(other, &waiting);
            }
            5 if ledger => {
                // Shrunk under those who hold.
                let shrink = format!("shrink {s}{n}");
                let grow = format!("grow {s}{n}");
                say(one, &[acquire, self.work(), release]);
                if self.random.one_in(4) {
                    say(other, &[shrink]);
                } else {
                    say(other, &[shrink, self.work(), grow]);
                }
            }
            6 => {
                // A waiter cancelled.
                let work = self.work();
                let cancel = format!("cancel {to_other}");
                say(one, &[acquire.clone(), work, cancel, release.clone()]);
                let waiting = vec![acquire, release];
                if self.random.one_in(2) {
                    say(other, &waiting);
                } else {
                    let mut lines = braced("try".to_string(), waiting);
                    lines.extend(braced("catch cancelled".to_string(), Lines::new()));
                    say(other, &lines);
                }
            }
            7 => {
                // Everything taken, and more or less of it put back.
                let end = match self.random.below(4) {
                    0 if ledger => format!("forget {s} permits=all"),
                    1 if ledger => format!("give {s} permits=all to={to_other}"),
                    2 if ledger => format!("release {s} permits=all"),
                    _ => release,
                };
                say(one, &[format!("drain {s}"), self.work(), end]);
                say(other, &[acquire]);
            }
            8 | 9 => {
                // One who waits for many, with one who wants few behind, and a third who has some.
                let many = argument(self.semaphores[semaphore].permits.max(1));
                let third = self.worker();
                let wait = *self
                    .random
                    .pick(&["acquire-within", "acquire-within", "with"]);
                let inner = if wait == "with" || self.random.one_in(4) {
                    vec![self.work()]
                } else {
                    vec![format!("release {s}{many}")]
                };
                say(
                    one,
                    &[format!("acquire {s}"), self.work(), format!("release {s}")],
                );
                say(other, &braced(format!("{wait} {s}{many}"), inner));
                let few = match self.random.below(4) {
                    3 => vec![format!("drain {s}"), format!("release {s}")],
                    0 => vec![format!("acquire {s}"), format!("release {s}")],
                    1 => braced(format!("with {s}"), vec![]),
                    _ => braced(format!("try-acquire {s}"), vec![format!("release {s}")]),
                };
                say(third, &few);
            }
            10 if ledger => {
                // More than there is: a count that inflates if it may, on top of debt at times.
                let more = argument(permits.saturating_add(1));
                let mut scene = vec![format!("release {s}{more}")];
                if self.random.one_in(2) {
                    scene.insert(0, format!("shrink {s}"));
                }
                if self.random.one_in(3) {
                    scene.push(format!("drain {s}"));
                    scene.push(format!("forget {s} permits=all"));
                }
                say(one, &[acquire, self.work(), release]);
                say(other, &scene);
            }
            11 if ledger => {
                // A guard whose permits go another way.
                let inside = match self.random.below(4) {
                    0 => format!("release {s}"),
                    1 => format!("forget {s}{n}"),
                    2 => format!("give {s} to={to_other}"),
                    _ => format!("acquire {s}"),
                };
                say(one, &braced(format!("with {s}{n}"), vec![inside]));
                say(other, &[self.work(), release]);
            }
            12 => {
                // An end that replaces another.
                let late = match self.random.below(4) {
                    0 => "return".to_string(),
                    1 => "panic".to_string(),
                    _ => release,
                };
                let raise = match self.random.below(3) {
                    0 => "panic".to_string(),
                    1 => format!("close {s}"),
                    _ => self.work(),
                };
                let mut lines = braced("try".to_string(), vec![acquire, raise]);
                if self.random.one_in(3) {
                    let again = *self.random.pick(&["return", "panic"]);
                    lines.extend(braced("catch".to_string(), vec![again.to_string()]));
                }
                lines.extend(braced("finally".to_string(), vec![late]));
                say(one, &lines);
            }
            _ => {
                // Spawned, and waited for while holding something.
                let Some(child) = (1..self.workers.len()).find(|&w| self.workers[w].spawned) else {
                    let name = self.workers[other].name;
                    if one != other {
                        say(one, &[acquire, format!("join {name}"), release]);
                    }
                    return;
                };
                let name = self.workers[child].name;
                let parent = if one == child { 0 } else { one };
                let spawn = format!("spawn {name}");
                let join = format!("join {name}");
                if self.random.one_in(2) {
                    say(parent, &[acquire, spawn, join, release]);
                } else {
                    say(parent, &[spawn, self.work(), join]);
                }
            }
        }
    }

    /// One semaphore within another, in one of the ways to write it.
    fn nested(&mut self, s: &str, t: &str) -> Lines {
        let work = self.work();
        match self.random.below(4) {
            0 => braced(format!("with {s}"), braced(format!("with {t}"), vec![work])),
            1 => braced(
                format!("with {s}"),
                braced(format!("acquire-within {t}"), vec![format!("release {t}")]),
            ),
            2 => {
                let mut lines = vec![format!("acquire {s}")];
                let inner = vec![format!("acquire {t}"), format!("release {t}")];
                lines.extend(braced("try".to_string(), inner));
                lines.extend(braced("finally".to_string(), vec![format!("release {s}")]));
                lines
            }
            _ => vec![
                format!("acquire {s}"),
                format!("acquire {t}"),
                format!("release {t}"),
                format!("release {s}"),
            ],
        }
    }
}
