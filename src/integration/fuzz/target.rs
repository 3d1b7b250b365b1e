//! A fuzz target over a user's own closure, in three lines.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::future::Future;

use ::arbitrary::{Arbitrary, Unstructured};

use super::input::Input;
use super::mutate::Shape;
use crate::explore::regressions::write;
use crate::explore::{Explorer, Fuzzing};
use crate::report::{Report, Style, text, timeline};
use crate::strategy::Decisions;

/// Makes a libFuzzer target of a closure over threads, or of an `async` block: each input is a value
/// and the decisions of one run of it.
///
/// ```text
/// #![no_main]
///
/// selvedge::fuzz_target!(|requests: Vec<u8>, decisions| {
///     my_pool::serve(&requests); // it spawns with `selvedge::thread::spawn`
/// });
/// ```
///
/// ```text
/// selvedge::fuzz_target!(async |requests: Vec<u8>, decisions| {
///     my_pool::serve(&requests).await; // it spawns with `selvedge::task::spawn`
/// });
/// ```
///
/// The type of the value is any that is `Arbitrary`, `Debug` and owned; the decisions are there to
/// look at, and are followed without that. Before the bar, `explorer: …,` gives an [`Explorer`] with
/// other budgets, step bound or invariants than [`Explorer::closures`] has.
///
/// What is found is shrunk, replayed and told in one panic, after which libFuzzer keeps the input. In
/// the folder that `SELVEDGE_REGRESSIONS` names, if it does, it is kept together with the report
/// before that, whole or not at all.
/// An input in whose run there is nothing to decide or to judge passes, since most first inputs of a fuzzer
/// are so; whether the target explores anything is seen by a `check` of the same closure.
/// To look at the run again: `SELVEDGE_REPLAY='…' cargo fuzz run TARGET ARTIFACT`, with the options that
/// it was built with.
///
/// The crate needs `libfuzzer-sys` beside this one with the feature `arbitrary`, and `threads` for
/// threads. All is on one thread of the system, and what never comes back is left to libFuzzer's
/// own `-timeout`.
#[macro_export]
macro_rules! fuzz_target {
    ($(explorer: $explorer:expr,)? async |$input:ident: $type:ty, $decisions:ident| $body:block) => {
        $crate::fuzz_target!(
            @target [$($explorer)?] futures
            |$input: $type, $decisions: $crate::strategy::Decisions| async move {
                let _ = &$decisions;
                $body
            }
        );
    };
    ($(explorer: $explorer:expr,)? |$input:ident: $type:ty, $decisions:ident| $body:expr) => {
        $crate::fuzz_target!(
            @target [$($explorer)?] threads
            |$input: $type, $decisions: $crate::strategy::Decisions| {
                let _ = &$decisions;
                $body
            }
        );
    };
    (@explorer) => { $crate::Explorer::closures() };
    (@explorer $explorer:expr) => { $explorer };
    (@target [$($explorer:expr)?] $make:ident
        |$input:ident: $type:ty, $decisions:ident: $of:ty| $body:expr) => {
        const _: () = {
            ::std::thread_local! {
                static TARGET: $crate::integration::fuzz::Target =
                    $crate::integration::fuzz::Target::$make(
                        $crate::fuzz_target!(@explorer $($explorer)?),
                        ::core::module_path!(),
                        |$input: $type, $decisions: $of| $body,
                    );
            }

            ::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> ::libfuzzer_sys::Corpus {
                if TARGET.with(|target| target.run(bytes)) {
                    ::libfuzzer_sys::Corpus::Keep
                } else {
                    ::libfuzzer_sys::Corpus::Reject
                }
            });

            ::libfuzzer_sys::fuzz_mutator!(
                |data: &mut [u8], size: usize, max_size: usize, seed: u32| {
                    $crate::integration::fuzz::mutate(
                        $crate::integration::fuzz::Shape::of::<$type>(),
                        data,
                        size,
                        max_size,
                        seed,
                        &mut ::libfuzzer_sys::fuzzer_mutate,
                    )
                }
            );
        };
    };
}

/// What [`fuzz_target!`](crate::fuzz_target) keeps of a closure from input to input.
pub struct Target {
    fuzzing: RefCell<Fuzzing>,
    /// Says what an input gives, if it is enough for a value.
    show: fn(&[u8]) -> Option<String>,
    is_enough: fn(&[u8]) -> bool,
}

impl Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.fuzzing).finish()
    }
}

impl Target {
    /// Over futures; `name` is what the target is called.
    ///
    /// # Panics
    ///
    /// If the environment says what cannot be used.
    #[track_caller]
    pub fn futures<T, Fut>(
        explorer: Explorer,
        name: &str,
        closure: impl Fn(T, Decisions) -> Fut + 'static,
    ) -> Target
    where
        T: for<'a> Arbitrary<'a> + Debug,
        Fut: Future<Output = ()> + 'static,
    {
        let fuzzing = Fuzzing::futures(&explorer, name, move |bytes| {
            let future = given::<T>(bytes).map(|(value, decisions)| closure(value, decisions));
            async {
                if let Some(future) = future {
                    future.await;
                }
            }
        });
        Target::new::<T>(fuzzing)
    }

    /// Over threads.
    ///
    /// # Panics
    ///
    /// If the environment says what cannot be used.
    #[cfg(feature = "threads")]
    #[track_caller]
    pub fn threads<T: for<'a> Arbitrary<'a> + Debug>(
        explorer: Explorer,
        name: &str,
        closure: impl Fn(T, Decisions) + Send + Sync + 'static,
    ) -> Target {
        let fuzzing = Fuzzing::threads(&explorer, name, move |bytes| {
            if let Some((value, decisions)) = given::<T>(bytes) {
                closure(value, decisions);
            }
        });
        Target::new::<T>(fuzzing)
    }

    #[track_caller]
    fn new<T: for<'a> Arbitrary<'a> + Debug>(fuzzing: Fuzzing) -> Target {
        // the flags with which it was built, so that nothing is built anew
        let command = format!(
            "cargo fuzz run {} --sanitizer none --no-trace-compares -O ARTIFACT",
            fuzzing.name()
        );
        let fuzzing = match fuzzing.of_command(&command).with_environment() {
            Ok(fuzzing) => fuzzing,
            Err(problems) => panic!("{problems}"),
        };
        Target {
            fuzzing: RefCell::new(fuzzing),
            show: |bytes| given::<T>(bytes).map(|(value, _)| format!("{value:#?}")),
            is_enough: |bytes| given::<T>(bytes).is_some(),
        }
    }

    /// Makes the run of an input; whether the bytes were enough for a value.
    ///
    /// # Panics
    ///
    /// If something is found, with the report.
    pub fn run(&self, bytes: &[u8]) -> bool {
        if !(self.is_enough)(bytes) {
            return false;
        }
        if let Some(report) = self.report(bytes) {
            self.conclude(&report, bytes);
        }
        true
    }

    fn report(&self, bytes: &[u8]) -> Option<Report> {
        let mut fuzzing = self.fuzzing.borrow_mut();
        let Some(schedule) = fuzzing.schedule() else {
            let decisions = Decisions(Input::split(bytes).decisions.to_vec());
            return fuzzing.run(bytes, &decisions, None);
        };
        match fuzzing.replay(bytes, &schedule) {
            Ok(report) => Some(report),
            Err(error) => panic!("SELVEDGE_REPLAY: {error}"),
        }
    }

    /// # Panics
    ///
    /// If the report has a finding.
    fn conclude(&self, report: &Report, bytes: &[u8]) {
        let style = Style::default();
        if report.has_errors() {
            let value = (self.show)(bytes).unwrap_or_default();
            let told = format!("{}  input      {value}\n", text(report, &style));
            // it is kept before it is told: what was printed is there, whatever happens then
            let kept = self.keep(report, bytes, &told).unwrap_or_default();
            panic!("\n{told}{kept}");
        }
        if let Some(trace) = &report.timeline {
            eprint!("{}", timeline(trace, &report.program, &style));
        }
    }

    /// Keeps what was found, if that is wanted; where it is, or that it could not be written.
    fn keep(&self, report: &Report, bytes: &[u8], told: &str) -> Option<String> {
        let fuzzing = self.fuzzing.try_borrow().ok()?;
        let id = &report.findings.first()?.id;
        let file = fuzzing.folder()?.join(format!("{}-{id}", fuzzing.name()));
        let written = write(&file, bytes).and_then(|()| write(&file.with_extension("txt"), told));
        Some(match written {
            Ok(()) => format!("  kept in    {}\n", file.display()),
            Err(error) => format!("  not kept   {error}\n  bytes      {bytes:?}\n"),
        })
    }
}

/// A target's value and decisions.
fn given<T: for<'a> Arbitrary<'a>>(bytes: &[u8]) -> Option<(T, Decisions)> {
    let input = Input::split(bytes);
    let value = T::arbitrary_take_rest(Unstructured::new(input.given)).ok()?;
    Some((value, Decisions(input.decisions.to_vec())))
}

impl Shape {
    /// What bytes that become a value of this type are.
    pub fn of<T: for<'a> Arbitrary<'a> + 'static>() -> Shape {
        let nothing = <T as Arbitrary>::size_hint(0).1 == Some(0);
        if std::any::TypeId::of::<T>() == std::any::TypeId::of::<crate::program::Program>() {
            Shape::Program
        } else if nothing {
            Shape::Nothing
        } else {
            Shape::Bytes
        }
    }
}
