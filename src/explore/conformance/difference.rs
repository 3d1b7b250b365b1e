//! What is told when a semaphore is not as the model.

use std::fmt;

use super::op::Op;
use super::parting::Parting;
use super::sequence::Performed;
use super::words;
use crate::runtime::Counting;

/// A semaphore and the model part: the sequence of ops that shows it, step by step, and in plain
/// words how they part.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    text: String,
    sequence: u32,
    steps: usize,
}

/// Whoever writes the sequence down as a test of theirs needs to know it: an `await` drops the future
/// at once.
const KEPT: &str = "each acquire is a future of its own, kept until its permits are given back";

impl Difference {
    pub(super) fn new<S: Counting>(
        performed: &Performed,
        sequence: u32,
        found: &str,
    ) -> Difference {
        let semaphore = std::any::type_name::<S>();
        let steps = performed.ops.len();
        let mut text = format!(
            "{semaphore} is not what it claims to be, `{}`: it parts from the model in step {steps}\n\n",
            words::claim::<S>(),
        );
        text.push_str(&table(performed));
        let parting = performed.parting.as_ref().map_or("", Parting::text);
        let how = match performed.rows.last() {
            Some(row) if parting.starts_with(&row.op) => format!("step {steps}: {parting}"),
            Some(row) => format!("step {steps}: after `{}`, {parting}", row.op),
            None => parting.to_owned(),
        };
        text.push_str(&format!("\n  {how}\n\n"));
        if performed
            .ops
            .iter()
            .any(|op| matches!(op, Op::Acquire { .. }))
        {
            text.push_str(&format!("  {KEPT}\n"));
        }
        text.push_str(&format!("  {found}\n"));
        Difference {
            text,
            sequence,
            steps,
        }
    }

    /// The number of the sequence in which it was found, from zero.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }

    /// Steps of the sequence that shows it; the sides part in the last one.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// The steps, in columns; the last one is marked.
fn table(performed: &Performed) -> String {
    let last = performed.rows.len();
    let start = format!("{} free", performed.permits);
    let header = ["", "step", "op", "model", "semaphore"].map(str::to_owned);
    let begins = ["", "0", "new", &start, ""].map(str::to_owned);
    let steps = performed.rows.iter().zip(1..).map(|(row, step)| {
        let mark = if step == last { ">" } else { "" };
        let subject = if row.subject.is_empty() {
            ""
        } else {
            &row.subject
        };
        [mark, &step.to_string(), &row.op, &row.model, subject].map(str::to_owned)
    });
    let rows: Vec<[String; 5]> = [header, begins].into_iter().chain(steps).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for [mark, step, op, model, subject] in rows {
        let [w_mark, w_step, w_op, w_model, _] = widths;
        let line =
            format!("  {mark:w_mark$} {step:>w_step$}  {op:w_op$}  {model:w_model$}  {subject}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As it is displayed, so that `unwrap` shows it well.
impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Difference {}
