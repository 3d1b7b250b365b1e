//! The text of worker programs: reading, errors, printing, formatting, building.
#![cfg(feature = "check")]

#[path = "program/building.rs"]
mod building;
#[path = "program/conformance.rs"]
mod conformance;
#[path = "program/errors.rs"]
mod errors;
#[path = "program/formatting.rs"]
mod formatting;
#[path = "program/limits.rs"]
mod limits;
#[path = "program/noise.rs"]
mod noise;
#[path = "program/properties.rs"]
mod properties;
