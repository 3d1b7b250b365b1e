//! A report as a result: what a test that composes with others needs of it.

use std::error::Error;
use std::fmt;

use super::model::{Finding, Report, Severity};
use super::style::Style;
use super::text::text;

impl Report {
    /// Nothing, if there is no finding of severity error.
    ///
    /// # Errors
    ///
    /// Else the first one, with the whole report as its text.
    pub fn into_result(self) -> Result<(), Box<Finding>> {
        let is_error = |f: &Finding| f.severity == Severity::Error;
        let Some(at) = self.findings.iter().position(is_error) else {
            return Ok(());
        };
        Err(Box::new(self.told(at)))
    }

    /// The finding of that place, with the whole report as its text.
    pub(crate) fn told(&self, at: usize) -> Finding {
        let style = Style {
            figures: false,
            ..Style::default()
        };
        Finding {
            told: Some(text(self, &style).into()),
            ..self.findings[at].clone()
        }
    }
}

/// The report that it was taken out of, or one line where it was not.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.told {
            Some(report) => write!(f, "\n{report}"),
            None => write!(f, "{}: {}", self.property, self.detail),
        }
    }
}

impl Error for Finding {}
