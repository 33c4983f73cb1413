//! The invoice of an order: what stands in it, where it stands, and the PDF.

mod content;
mod fonts;
mod layout;
mod sheet;
#[cfg(test)]
mod tests;

pub(super) use content::{Invoice, Names};
