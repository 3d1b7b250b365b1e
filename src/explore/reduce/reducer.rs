//! From a failing program to the smallest that fails in the same way, with its cheapest schedule.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::descent::descend;
use super::edits::Edit;
use super::oracle::{Candidate, Oracle};
use super::target::{Mark, Target};
use crate::explore::Explorer;
use crate::explore::explorer::{EFFORT, budget_of};
use crate::explore::findings::{Evidence, Shown, findings};
use crate::explore::replay::replay;
use crate::explore::runs::Costed;
use crate::explore::subject::{ProgramSubject, Subject};
use crate::program::{BudgetDecl, Draft, Expect, Program, PropertyName};
use crate::report::{Finding, Severity, StrategyName};
use crate::run::{Budget, Choice, StopFlag, switches};
use crate::schedule::Schedule;

/// States, steps and candidates that a reduction looks at, at most.
const REDUCTION: u64 = 3_000_000;

/// States of the reduced program that are searched for its report.
const CONCLUSION: u64 = 300_000;

/// A program that was made smaller together with its schedule, while it showed one finding.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// The program: canonical text, with `expect` lines for what is found in it and with the
    /// budgets that this takes. It can be pasted into a corpus.
    pub program: Program,
    /// The finding in that program, its schedule replayed.
    pub finding: Finding,
    /// How many programs were looked at.
    pub candidates: u64,
}

impl Explorer {
    /// Makes a program smaller for as long as it shows the finding: fewer workers, instances,
    /// statements and semaphores, smaller numbers and budgets; and makes the schedule cheaper with
    /// it. The finding is one that this explorer found in that program.
    ///
    /// It stays the same finding: property, semaphores, and the statements that tell it apart, which
    /// are followed while others go. Each smaller program was explored and showed it. The way down
    /// is a local one, so what is left is small, and not always the smallest there is; it is the same
    /// each time.
    ///
    /// ```
    /// use selvedge::explore::Explorer;
    /// use selvedge::program::Program;
    ///
    /// let program: Program = "
    ///     semaphore pool permits=4
    ///     semaphore log permits=1
    ///     worker handler count=6 {
    ///         with log { work parse }
    ///         acquire pool
    ///         work query
    ///         release pool
    ///         with log { work write }
    ///     }
    /// ".parse()?;
    /// let explorer = Explorer::default();
    /// let report = explorer.explore(&program, "pool.sem", &());
    /// let reduced = explorer.reduce(&program, "pool.sem", &report.findings[0]);
    ///
    /// assert_eq!(reduced.program.source(), "\
    /// semaphore pool permits=1
    ///
    /// worker handler {
    ///     acquire pool
    ///     work query
    /// }
    ///
    /// expect leak on=pool
    /// ");
    /// # Ok::<(), selvedge::program::ProgramError>(())
    /// ```
    pub fn reduce(&self, program: &Program, name: &str, finding: &Finding) -> Reduced {
        let mut draft = program.draft();
        draft.expects.clear();
        draft.budget = said(budget_of(program, &self.budget));
        let Some(first) = Candidate::of(&draft) else {
            // its canonical text is too long to be read
            return Reduced {
                program: program.clone(),
                finding: finding.clone(),
                candidates: 0,
            };
        };
        let choices = Schedule::decode(
            &finding.schedule,
            ProgramSubject::new(&first.program, &first.machine).digest(),
            &first.program.instance_names(),
        );
        let choices = choices.map_or(Vec::new(), |schedule| schedule.choices);
        let target = Target::of(finding, &first.labels);
        let bound = self.step_bound;
        let mut oracle = Oracle::new(target.clone(), bound, REDUCTION, &first, &choices);
        if finding.property != PropertyName::Divergence {
            draft = only_performed(draft, &target, &mut oracle);
            draft = descend(draft, &mut |draft| oracle.shows(draft));
        }
        let reduced = self.conclude_reduction(&draft, name, &target, &oracle);
        reduced.unwrap_or_else(|| Reduced {
            program: program.clone(),
            finding: finding.clone(),
            candidates: oracle.candidates(),
        })
    }

    /// The finding in the smallest program, with its cheapest schedule.
    fn conclude_reduction(
        &self,
        draft: &Draft,
        name: &str,
        target: &Target,
        oracle: &Oracle,
    ) -> Option<Reduced> {
        let candidate = Candidate::of(draft)?;
        let explorer = Explorer {
            strategy: StrategyName::Exhaustive,
            budget: BudgetDecl::default(),
            time: None,
            states: Some(CONCLUSION),
            ..self.clone()
        };
        let report = explorer.explore(&candidate.program, name, &());
        let is = |f: &&Finding| target.is(&f.identity, f.danger, &candidate.labels);
        let mut expects = Vec::new();
        let found = report.findings.iter().find(is);
        if report.complete {
            let errors = report.findings.iter();
            expects.extend(errors.filter(|f| f.severity == Severity::Error));
        }
        let finding = match found {
            Some(finding) => finding.clone(),
            None => self
                .as_replayed(&candidate, oracle.choices())
                .into_iter()
                .find(|f| is(&f))?,
        };
        expects.insert(0, &finding);
        let mut draft = draft.clone();
        for finding in expects {
            let expect = expect(&draft, finding);
            if !draft.expects.contains(&expect) {
                draft.expects.push(expect);
            }
        }
        let program = draft.build().ok()?;
        Some(Reduced {
            program,
            finding,
            candidates: oracle.candidates(),
        })
    }

    /// What choices show that were made in a program too large to be searched.
    fn as_replayed(&self, candidate: &Candidate, choices: &[Choice]) -> Vec<Finding> {
        let subject = ProgramSubject::new(&candidate.program, &candidate.machine);
        let replayed = replay(
            &candidate.program,
            &candidate.machine,
            choices,
            self.step_bound,
        );
        let shown = Shown {
            costed: Costed {
                faults: replayed.faults,
                steps: choices.len(),
                switches: switches(choices),
                choices: choices.to_vec(),
            },
            cheapest: false,
        };
        let facts = replayed.facts.iter();
        let evidence = Evidence {
            subject: &subject,
            facts: facts.map(|fact| (fact.clone(), shown.clone())).collect(),
            complete: false,
            bound: self.step_bound,
            budget: candidate.budget,
            effort: Cell::new(EFFORT),
            due: StopFlag::default(),
            last: RefCell::new(None),
        };
        findings(&evidence, &[]).findings
    }
}

/// What the schedule performs, and what tells the finding apart, if that shows it alone.
fn only_performed(draft: Draft, target: &Target, oracle: &mut Oracle) -> Draft {
    let mut marks: BTreeSet<Mark> = oracle.performed().collect();
    if marks.is_empty() {
        return draft;
    }
    marks.extend(target.marks());
    match Edit::Only(marks).apply(&draft) {
        Some(smaller) if oracle.shows(&smaller) == Some(true) => smaller,
        _ => draft,
    }
}

/// The line that says what a finding is.
fn expect(draft: &Draft, finding: &Finding) -> Expect {
    let first = finding.semaphores.first();
    let declared = first.and_then(|s| draft.semaphores.iter().find(|d| d.name.as_str() == s));
    Expect::Fails {
        property: finding.property,
        on: declared.map(|d| d.name.clone()),
    }
}

/// A budget as a program says it: what is the default is not said.
fn said(budget: Budget) -> BudgetDecl {
    let default = Budget::default();
    let unless = |limit: u32, usual: u32| (limit != usual).then_some(limit);
    BudgetDecl {
        panics: unless(budget.panics, default.panics),
        timeouts: unless(budget.timeouts, default.timeouts),
        cancels: unless(budget.cancels, default.cancels),
        preemptions: budget.preemptions,
    }
}
